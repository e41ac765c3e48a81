"""The contract of the store port, on every adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from contract.places import STORES, StorePlace, store_where
from contract.store_contract import HEAD, TABLES, StoreContract
from hifadhi.store.port import Store


@pytest.fixture(params=sorted(STORES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    return StorePlace(request.param, store_where(request.param, request), tmp_path / "versions")


@pytest.fixture
async def store(place: StorePlace) -> AsyncIterator[Store]:
    opened = place.open()
    async with opened.write() as connection:
        await connection.run_sync(TABLES.create_all)
        await connection.execute(insert(HEAD).values(id=1, version=0))
    yield opened
    await opened.close()


class TestStore(StoreContract):
    pass
