import asyncio

import pytest

from liars.liar import Liar
from liars.real_exchange import RealExchange, play


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> RealExchange:
    """A real exchange's history, played once."""
    return asyncio.run(play(tmp_path_factory.mktemp("honest")))


@pytest.fixture(scope="session")
def liar(honest: RealExchange) -> Liar:
    return Liar(honest)
