"""How many connections there may be, who gives way, and what is answered to what is no HTTP."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from hifadhi.hub.door import Limits
from hifadhi.hub.server import Server, listen

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
WHOLE = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


class Slow:
    """A service that answers when it is told to."""

    trouble = None

    def __init__(self) -> None:
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        async def answer(_request: web.Request) -> web.Response:
            self.asked.set()
            await self.go_on.wait()
            return web.json_response({})

        async def read(request: web.Request) -> web.Response:
            self.asked.set()
            return web.json_response(len(await request.read()))

        return [web.get("/slow", answer), web.post("/slow", answer), web.post("/read", read)]

    async def start(self) -> None:
        """Nothing to do."""

    def hush(self) -> None:
        """Nobody waits."""

    async def stop(self) -> None:
        """Nothing to do."""


@asynccontextmanager
async def door(connections: int, idle_s: float = 60.0) -> AsyncIterator[tuple[Slow, int]]:
    listening, service = listen("127.0.0.1", 0), Slow()
    server = Server({"slow": service}, listening, Limits(connections, idle_s))
    await server.start()
    yield service, listening.getsockname()[1]
    service.go_on.set()
    await server.stop()


async def opened(port: int, said: bytes = b"") -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    return reader, writer


async def ended(connection: Connection) -> bytes:
    async with asyncio.timeout(10):
        said = await connection[0].read()
    connection[1].close()
    return said


async def test_whoever_was_silent_longest_gives_way_and_a_whole_request_does_not() -> None:
    async with door(3) as (service, port):
        asking = await opened(port, WHOLE)
        await service.asked.wait()
        first, second = await opened(port), await opened(port, b"GET /slow HT")
        third = await opened(port)
        assert await ended(first) == b""
        fourth = await opened(port)
        assert await ended(second) == b""
        service.go_on.set()
        assert (await asking[0].readline()).startswith(b"HTTP/1.1 200")
        for one in (asking, third, fourth):
            one[1].close()


async def test_one_too_many_is_turned_away_when_all_are_being_answered() -> None:
    async with door(1) as (service, port):
        asking = await opened(port, WHOLE)
        await service.asked.wait()
        assert await ended(await opened(port)) == b""
        service.go_on.set()
        assert (await asking[0].readline()).startswith(b"HTTP/1.1 200")
        asking[1].close()


async def test_who_was_answered_and_says_no_more_gives_way() -> None:
    async with door(1) as (service, port):
        service.go_on.set()
        answered = await opened(port, WHOLE)
        assert (await answered[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        other = await opened(port)
        assert await ended(answered) == b"{}"
        other[1].close()


async def test_half_a_body_gives_way_too() -> None:
    async with door(1) as (service, port):
        half = await opened(port, b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        await service.asked.wait()
        other = await opened(port)
        assert await ended(half) == b""
        other[1].close()


async def test_who_says_nothing_whole_in_time_is_shut_out() -> None:
    async with door(9, idle_s=0.2) as (_, port):
        for said in (b"", b"GET /slow HTTP/1.1\r\nHost"):
            assert await ended(await opened(port, said)) == b""


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"\x16\x03\x01 Ayan Warsame\r\n\r\n", 400, "HTTP"),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 431, "HEADERS_TOO_LARGE"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 5000 + b"\r\n\r\n", 431, "HEADERS_TOO_LARGE"),
    ],
)
async def test_what_is_no_http_is_answered_with_a_problem_and_repeated_nowhere(
    raw: bytes, status: int, code: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with door(9) as (_, port):
        head, _, body = (await ended(await opened(port, raw))).partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"application/problem+json" in head and b"nosniff" in head
    assert json.loads(body)["code"] == code
    said = f"{body.decode()}{caplog.text}{capsys.readouterr()}"
    assert "Ayan" not in said and "aaaa" not in said


@pytest.fixture
def _no_search() -> Iterator[None]:
    """Python does not look for objects that hold each other; what it has let go by then went by itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


UPGRADE = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
LONG = b"GET /" + b"a" * (1 << 20)


@pytest.mark.parametrize(
    ("said", "code"),
    [(LONG, b"HEADERS_TOO_LARGE"), (UPGRADE + LONG, b"HEADERS_TOO_LARGE"), (b"\x00" * 5000, b'"HTTP"')],
    ids=["long", "long behind an upgrade", "garbage"],
)
@pytest.mark.usefixtures("_no_search")
async def test_an_error_about_what_was_no_http_holds_no_frames_with_what_came_when_its_connection_has_ended(
    said: bytes, code: bytes
) -> None:
    async with door(3) as (_, port):
        for _ in range(3):
            await refused(await opened(port, said), code)
    errors = [one for one in gc.get_objects() if isinstance(one, HttpProcessingError)]
    assert [one for one in errors if one.__traceback__] == []


@pytest.mark.usefixtures("_no_search")
async def test_nor_does_an_error_about_a_sender_that_goes_within_a_body() -> None:
    async with door(3) as (service, port):
        _, sender = await opened(port, b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        await service.asked.wait()
        sender.transport.abort()
    errors = [one for one in gc.get_objects() if isinstance(one, ConnectionError)]
    assert [one for one in errors if one.__traceback__] == []


async def refused(connection: Connection, code: bytes) -> None:
    """Its answer has come. What still comes then is not read: the connection may be reset behind the answer."""
    answer = b""
    async with asyncio.timeout(10):
        while code not in answer:
            piece = await connection[0].read(1 << 16)
            assert piece, answer
            answer += piece
    connection[1].transport.abort()
