"""The revisions of this release make exactly the tables that the services declare, on every adapter."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, Table, select, text

from contract.places import STORES, StorePlace, store_where
from hifadhi.hub.delivery import erasures
from hifadhi.hub.delivery.tables import erased
from hifadhi.store.migrations.env import declared
from hifadhi.store.revision import VERSIONS


async def differences(place: StorePlace, metadata: MetaData) -> list[Any]:
    """What the newest revision lacks, has too much or has otherwise, compared with the tables declared."""

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    store = place.open()
    await store.migrate()
    async with store.read() as connection:
        found = await connection.run_sync(compare)
    await store.close()
    return found


@pytest.fixture(params=sorted(STORES))
def place(request: pytest.FixtureRequest) -> StorePlace:
    return StorePlace(request.param, store_where(request.param, request), VERSIONS)


async def test_the_newest_revision_makes_the_tables_that_are_declared(place: StorePlace) -> None:
    assert await differences(place, declared()) == []


async def test_a_table_without_a_revision_is_a_difference(place: StorePlace) -> None:
    metadata = MetaData()
    for table in declared().tables.values():
        table.to_metadata(metadata)
    Table("forgotten", metadata, Column("id", Integer, primary_key=True))
    assert [(what, table.name) for what, table in await differences(place, metadata)] == [("add_table", "forgotten")]


async def test_what_was_erased_by_an_earlier_release_stays_so_and_it_may_go_on(
    place: StorePlace, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for revision in sorted(VERSIONS.glob("000[1-5]_*.py")):
        shutil.copy(revision, earlier)
    said = "INSERT INTO delivery_erased (digest, order_index, message_index, readers, told)"
    for number, versions in enumerate((earlier, VERSIONS)):
        store = StorePlace(place.adapter, place.where, versions).open()
        await store.migrate()
        async with store.write() as db:
            await db.execute(text(f"{said} VALUES ('part {number}', 5, 4, '[]', false)"))
        await store.close()
    store = place.open()
    async with store.write() as db:
        await erasures.came_again(db, ["part 0"])
        found = await db.execute(select(erased.c.digest, erased.c.again).order_by(erased.c.digest))
        assert [tuple(row) for row in found] == [("part 0", 1), ("part 1", 0)]
    await store.close()
