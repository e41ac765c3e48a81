import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table
from sqlalchemy.engine import Dialect, make_url

from hifadhi.store.upsert import insert_ignoring, upsert

_TABLE = Table(
    "heads", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer), Column("c", LargeBinary)
)
_NAMES = ("sqlite+aiosqlite", "postgresql+asyncpg")
_DIALECTS = pytest.mark.parametrize("dialect", [make_url(f"{name}://").get_dialect()() for name in _NAMES], ids=_NAMES)


@_DIALECTS
def test_an_upsert_names_its_key_and_sets_only_the_columns_named(dialect: Dialect) -> None:
    sql = str(upsert(_TABLE, keys=["a"], set_=["c"]).compile(dialect=dialect))
    assert sql.partition(" ON ")[2] == "CONFLICT (a) DO UPDATE SET c = excluded.c"


@_DIALECTS
def test_an_insert_that_ignores_does_so_for_any_key(dialect: Dialect) -> None:
    sql = str(insert_ignoring(_TABLE).compile(dialect=dialect))
    assert sql.partition(" ON ")[2] == "CONFLICT DO NOTHING"
