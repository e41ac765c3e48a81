import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cast import Cast
from hifadhi.wiring import Exchange
from hub_client import HubClient


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    return Cast(tmp_path / "exchange")


@contextlib.asynccontextmanager
async def running(cast: Cast) -> AsyncIterator[HubClient]:
    """The whole exchange on the embedded adapters, and a client that has let everybody in."""
    async with Exchange(cast.settings()) as exchange, HubClient(cast, exchange.base_url) as client:
        await client.admit_everybody()
        yield client


@pytest.fixture
async def hub(cast: Cast) -> AsyncIterator[HubClient]:
    async with running(cast) as client:
        yield client
