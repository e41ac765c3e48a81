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
from hifadhi.hub.delivery.tables import erased, inbox, naming
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


async def test_what_names_a_part_in_the_items_of_an_earlier_release_is_known_and_its_erasures_are_to_be_told(
    place: StorePlace, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for revision in sorted(VERSIONS.glob("000[1-6]_*.py")):
        shutil.copy(revision, earlier)
    store = StorePlace(place.adapter, place.where, earlier).open()
    await store.migrate()
    async with store.write() as db:
        items = [("MZ-INAR", 4, {"content": "one", "sensitive": "two"}), ("ZA-DHA", 4, {"content": "one"})]
        items += [("ZA-DHA", 7, {}), ("ZA-DHA", 9, {"content": "one"})]
        for agency, index, parts in items:
            said = {"agency": agency, "leaf_index": index, "role": "sender", "parts": parts, "size": 1}
            await db.execute(inbox.insert(), said)
        order = "INSERT INTO delivery_erased (digest, order_index, message_index, readers, told)"
        await db.execute(text(f"{order} VALUES ('one', 5, 4, '[]', true)"))
    await store.close()
    store = place.open()
    await store.migrate()
    async with store.read() as db:
        found = await db.execute(select(naming).order_by(naming.c.digest, naming.c.leaf_index))
        assert [tuple(row) for row in found] == [("one", 4), ("one", 9), ("two", 4)]
        assert (await db.execute(select(erased.c.reissued))).scalars().all() == [False]
    await store.close()
