"""The revisions of this release make exactly the tables that the services declare, on every adapter."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, Table

from contract.places import STORES, StorePlace, store_where
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
