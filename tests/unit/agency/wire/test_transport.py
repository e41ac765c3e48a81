import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hifadhi.agency.wire.transport import Patience, Transport
from hifadhi.errors import Refused, Tampered, Unavailable

QUICK = Patience(tries=4, total_s=2.0, request_s=0.3, first_delay_s=0.001, most_delay_s=0.01)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Steps:
    """Answers each request with the next of its steps; the last one again and again."""

    def __init__(self) -> None:
        self.steps: list[Handler] = []
        self.bodies: list[bytes] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        return await self.steps[min(len(self.bodies), len(self.steps)) - 1](request)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
async def base_url(steps: Steps) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", steps.handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


def answer(status: int, body: str = "ok", **headers: str) -> Handler:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    return respond


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    return await hang_up(request)


@pytest.mark.parametrize("failure", [answer(503), answer(502), answer(429), hang_up, half])
async def test_the_same_bytes_are_posted_again(steps: Steps, base_url: str, failure: Handler) -> None:
    steps.steps = [failure, failure, answer(200)]
    async with Transport(base_url, patience=QUICK) as transport:
        got = await transport.post("/v1/messages", b"bytes", content_type="application/json", at_most=100)
    assert (got.status, got.body) == (200, b"ok")
    assert (steps.bodies, got.tries) == ([b"bytes"] * 3, 3)


@pytest.mark.parametrize("failure", [answer(503), hang_up])
async def test_patience_ends(steps: Steps, base_url: str, failure: Handler) -> None:
    steps.steps = [failure]
    async with Transport(base_url, patience=QUICK) as transport:
        with pytest.raises(Unavailable):
            await transport.get("/", at_most=100)
    assert QUICK.tries <= len(steps.bodies) <= 2 * QUICK.tries  # the HTTP library repeats a GET on a closed connection


async def test_a_hub_that_asks_for_more_time_than_there_is_ends_it_at_once(steps: Steps, base_url: str) -> None:
    steps.steps = [answer(503, **{"Retry-After": "3600"})]
    short = Patience(tries=9, total_s=1.0, most_delay_s=60)
    started = time.monotonic()
    async with Transport(base_url, patience=short) as transport:
        with pytest.raises(Unavailable):
            await transport.get("/", at_most=100)
    assert len(steps.bodies) == 1
    assert time.monotonic() - started < 1


async def test_nobody_there_is_unavailable() -> None:
    async with Transport("http://127.0.0.1:9", patience=QUICK) as transport:
        with pytest.raises(Unavailable):
            await transport.get("/", at_most=100)


async def test_retry_after_is_waited_for_up_to_the_longest_delay() -> None:
    patience = Patience(first_delay_s=0.1, most_delay_s=4.0)
    assert patience.delay_s(0, asked_s=2.0) == 2.0
    assert patience.delay_s(0, asked_s=60.0) == 4.0
    assert 0.05 <= patience.delay_s(0) <= 0.1
    assert 2.0 <= patience.delay_s(50) <= 4.0


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(steps: Steps, base_url: str) -> None:
    steps.steps = [answer(200, "x" * 200_000)]
    async with Transport(base_url, patience=QUICK) as transport:
        with pytest.raises(Unavailable, match="larger"):
            await transport.get("/", at_most=100_000)
        assert len((await transport.get("/", at_most=200_000)).body) == 200_000


async def test_a_redirect_is_not_followed(steps: Steps, base_url: str) -> None:
    steps.steps = [answer(307, Location="/elsewhere")]
    async with Transport(base_url, patience=QUICK) as transport:
        got = await transport.get("/", at_most=100)
    assert len(steps.bodies) == 1
    assert isinstance(got.error(), Unavailable)


async def test_problems_become_our_three_words(steps: Steps, base_url: str) -> None:
    problem = '{"code":"NOT_YOURS","title":"no","errors":[{"code":"NOT_YOURS","pointer":"/case","message":"no"}]}'
    steps.steps = [answer(404, problem), answer(404, "<html>"), answer(500, '{"code":"TAMPERED"}'), answer(500)]
    async with Transport(base_url, patience=QUICK) as transport:
        errors = [(await transport.get("/", at_most=1000)).error() for _ in range(4)]
    assert [type(error) for error in errors] == [Refused, Refused, Tampered, Unavailable]
    assert isinstance(errors[0], Refused)
    assert (errors[0].code, errors[0].faults[0].pointer) == ("NOT_YOURS", "/case")
