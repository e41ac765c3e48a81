"""What every service answers beside its own faces."""

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import parser

from hifadhi.hub.server import Server, application, listen, troubles


class Small:
    """A service that says what it is told to say."""

    def __init__(self, trouble: str | None = None, name: str = "things") -> None:
        self.trouble, self.name = trouble, name
        self.heard: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        async def answer(request: web.Request) -> web.Response:
            if "fail" in request.query:
                raise ZeroDivisionError
            return web.json_response({})

        return [web.get(f"/{self.name}/{{id}}", answer)]

    async def start(self) -> None:
        self.heard.append("start")

    def hush(self) -> None:
        self.heard.append("hush")

    async def stop(self) -> None:
        self.heard.append("stop")


@asynccontextmanager
async def served(**services: Small) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(application(services))) as client:
        yield client


async def test_a_service_that_stands_still_is_alive_and_not_ready() -> None:
    async with served(one=Small(), other=Small("It waits.", "others")) as client:
        alive, ready = await client.get("/livez"), await client.get("/readyz?verbose")
        assert (alive.status, ready.status) == (200, 503)
        assert await ready.json() == {"ready": False, "services": {"one": None, "other": "It waits."}}
        assert await (await client.get("/readyz")).json() == {"ready": False}


async def test_services_without_trouble_are_ready() -> None:
    async with served(one=Small()) as client:
        assert (await client.get("/readyz")).status == 200
    assert troubles({"one": Small(), "other": Small("It waits.")}) == ["It waits."]


async def test_requests_are_counted_by_route_and_status_and_never_by_id() -> None:
    async with served(one=Small()) as client:
        for path in ("/things/01a21d00", "/things/01a21d01", "/things/3?fail=1", "/nowhere/01a21d02"):
            await client.get(path)
        text = await (await client.get("/metrics")).text()
    assert "01a21d" not in text
    [family] = [
        f for f in parser.text_string_to_metric_families(text) if f.name.endswith("http_request_duration_seconds")
    ]
    counts = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    assert counts["/things/{id}", "200"] >= 2
    assert counts["/things/{id}", "500"] >= 1
    assert counts["none", "404"] >= 1


async def test_a_stop_tells_all_that_the_door_closes_and_then_stops_them() -> None:
    service = Small()
    server = Server({"one": service}, listen("127.0.0.1", 0))
    await server.start()
    await server.stop()
    await server.stop()
    assert service.heard == ["start", "hush", "stop"]


async def test_a_shared_port_is_listened_on_twice_and_another_is_not() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    first.close()
    with listen("127.0.0.1", port, shared=True), listen("127.0.0.1", port, shared=True):
        pass


async def test_many_connections_are_made_while_the_server_does_something_else() -> None:
    listening = listen("127.0.0.1", 0)
    server = Server({}, listening)
    await server.start()
    with ExitStack() as stack:
        for _ in range(400):  # the loop is ours meanwhile; one too many would wait for a second and more
            stack.enter_context(socket.create_connection(listening.getsockname(), timeout=0.9))
    await server.stop()
