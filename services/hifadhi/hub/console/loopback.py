"""The console answers under a loopback name only: a page elsewhere that points its own name here reads nothing."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from hifadhi.errors import Fault, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def from_here(handler: Handler) -> Handler:
    """The handler, behind that question."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.url.host not in LOOPBACK:
            raise Refused(Fault("NOT_FOUND", "", "the console answers to a loopback name only"))
        return await handler(request)

    return guarded
