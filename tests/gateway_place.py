"""The gateway alone, behind HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestClient, TestServer

from hifadhi.hub.gateway.service import Gateway
from hifadhi.hub.server import application
from hub_client import HubClient
from registry_place import Place


@asynccontextmanager
async def serving(place: Place) -> AsyncIterator[HubClient]:
    cast = place.cast
    gateway = Gateway(stream=place.stream, root=cast.root, key=cast.gateway, clock_ms=cast.clock)
    server = TestServer(application({"gateway": gateway}))
    await server.start_server(auto_decompress=False)  # as the door has it
    async with TestClient(server) as client:
        await gateway.start()
        async with HubClient(cast, str(client.make_url("")).rstrip("/")) as hub:
            yield hub
        await gateway.stop()
