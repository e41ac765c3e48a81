"""What the embedded store promises beyond the contract, which `tests/contract/test_store.py` tries."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hifadhi.errors import Tampered, Unavailable
from hifadhi.store.sqlite import SqliteStore

_SECRET = "the name of a person" * 500
_REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", {down}


def upgrade():
    {body}
"""
_PARENT_AND_CHILD = """
    op.create_table("parent", sa.Column("id", sa.Integer, primary_key=True))
    child = sa.ForeignKey("parent.id", ondelete="CASCADE")
    op.create_table("child", sa.Column("id", sa.Integer, primary_key=True), sa.Column("parent", sa.Integer, child))
    op.execute("INSERT INTO parent (id) VALUES (1)")
    op.execute("INSERT INTO child (id, parent) VALUES (1, 1)")
"""
_PARENT_MADE_ANEW = """
    with op.batch_alter_table("parent", recreate="always") as parent:
        parent.add_column(sa.Column("more", sa.Integer))
"""
_ORPHAN = """
    op.execute("DELETE FROM parent")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a%20folder" / "store.sqlite"  # % is a character of its own in alembic's options


@pytest.fixture
def versions(path: Path) -> Path:
    folder = path.parent / "versions"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
async def store(path: Path, versions: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path, versions=versions)
    yield opened
    await opened.close()


def _add(versions: Path, number: int, body: str) -> None:
    down = f'"{number - 1}"' if number > 1 else None
    (versions / f"{number}.py").write_text(_REVISION.format(revision=number, down=down, body=body.strip()))


async def _values(store: SqliteStore, query: str) -> list[object]:
    async with store.read() as connection:
        return list((await connection.execute(text(query))).scalars())


async def test_a_commit_is_synced_and_deleted_rows_are_overwritten(store: SqliteStore) -> None:
    async with store.write() as connection:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        pragmas = [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in names]
    assert pragmas == ["wal", 2, 1, 1]


async def test_a_write_holds_the_lock_from_its_start(store: SqliteStore, path: Path) -> None:
    async with store.write():
        with (
            closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")


async def test_a_lock_that_is_kept_is_unavailable_to_the_process_that_has_it_and_to_others(
    path: Path, versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hifadhi.store.sqlite.BUSY_S", 0.05)
    holding, other = (SqliteStore(path, versions=versions) for _ in range(2))
    async with holding.write():
        for waiting in (holding.write(), other.write()):
            with pytest.raises(Unavailable):
                await waiting.__aenter__()
    await holding.close()
    await other.close()


async def test_a_busy_writer_starves_no_other(path: Path, versions: Path) -> None:
    async def writes(store: SqliteStore) -> int:
        count = 0
        while not over.is_set():
            async with store.write() as connection:
                for _ in range(10):
                    await connection.execute(text("INSERT INTO mark VALUES (1)"))
            count += 1
        return count

    over = asyncio.Event()
    stores = [SqliteStore(path, versions=versions) for _ in range(2)]
    async with stores[0].write() as connection:
        await connection.execute(text("CREATE TABLE mark (id INTEGER)"))
    asyncio.get_running_loop().call_later(0.5, over.set)
    fewer, more = sorted(await asyncio.gather(*(writes(store) for store in stores)))
    for store in stores:
        await store.close()
    assert fewer * 5 > more


async def test_nothing_of_a_deleted_row_is_left_once_closed(store: SqliteStore, path: Path) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE part (jwe TEXT)"))
        await connection.execute(text("INSERT INTO part VALUES (:jwe)"), {"jwe": _SECRET})
    async with store.write() as connection:
        await connection.execute(text("DELETE FROM part"))
    await store.close()
    assert b"the name of" not in b"".join(file.read_bytes() for file in path.parent.glob("store*"))


async def test_a_table_made_anew_by_a_migration_keeps_the_rows_that_refer_to_it(
    store: SqliteStore, versions: Path
) -> None:
    _add(versions, 1, _PARENT_AND_CHILD)
    await store.migrate()
    _add(versions, 2, _PARENT_MADE_ANEW)
    await store.migrate()
    assert await _values(store, "SELECT id FROM child") == [1]


async def test_a_migration_that_orphans_rows_is_tampered_and_undone(store: SqliteStore, versions: Path) -> None:
    _add(versions, 1, _PARENT_AND_CHILD)
    await store.migrate()
    _add(versions, 2, _ORPHAN)
    with pytest.raises(Tampered):
        await store.migrate()
    assert await _values(store, "SELECT id FROM parent") == [1]


async def test_foreign_keys_hold_outside_of_migrations(store: SqliteStore, versions: Path) -> None:
    _add(versions, 1, _PARENT_AND_CHILD)
    await store.migrate()
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(text("INSERT INTO child (id, parent) VALUES (2, 2)"))


async def test_two_databases_may_be_migrated_at_once_in_one_process(versions: Path) -> None:
    _add(versions, 1, _PARENT_AND_CHILD)
    stores = [SqliteStore(versions.parent / f"{number}.sqlite", versions=versions) for number in range(4)]
    await asyncio.gather(*(store.migrate() for store in stores))
    assert [await _values(store, "SELECT id FROM child") for store in stores] == [[1]] * 4
    for store in stores:
        await store.close()


@pytest.fixture
def garbage(path: Path, versions: Path) -> Path:
    del versions
    path.write_bytes(b"no database at all" * 100)
    return path


async def test_a_file_that_is_no_database_is_tampered_and_leaves_no_connection_open(
    store: SqliteStore, garbage: Path
) -> None:
    del garbage
    for use in (store.write(), store.read()):
        with pytest.raises(Tampered):
            await use.__aenter__()
    del use
    gc.collect()  # a connection left open would warn here, which fails the test
