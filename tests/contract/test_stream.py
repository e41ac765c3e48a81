"""The contract of the stream port, on every adapter."""

from collections.abc import AsyncIterator

import pytest

from contract.places import STREAMS, StreamPlace, stream_where
from contract.stream_contract import StreamContract
from contract.stream_life_contract import StreamLifeContract
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import topics


@pytest.fixture(params=sorted(STREAMS))
def place(request: pytest.FixtureRequest) -> StreamPlace:
    return StreamPlace(request.param, stream_where(request.param, request))


@pytest.fixture
async def stream(place: StreamPlace) -> AsyncIterator[Stream]:
    opened = place.open()
    await opened.create(topics(1))
    yield opened
    await opened.close()


class TestStream(StreamContract):
    pass


class TestStreamLife(StreamLifeContract):
    pass
