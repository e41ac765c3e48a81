"""One HTTP server for any set of faces: limits, problems, security headers, health."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Protocol

from aiohttp import web

from hifadhi.errors import Fault, Refused
from hifadhi.hub import problem, problem_codes

# Headers that even an error page needs: nothing here is framed, sniffed, cached by others or referred from.
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STOP_S: Final = 5.0


class Service(Protocol):
    """A service of the hub, as the server sees it."""

    def routes(self) -> list[web.RouteDef]:
        """Its faces."""

    async def start(self) -> None:
        """Be ready to answer."""

    async def stop(self) -> None:
        """Let go within five seconds."""


def application(services: Iterable[Service], *, ready: Callable[[], bool]) -> web.Application:
    """All faces on one port. `ready` answers /readyz."""
    app = web.Application(middlewares=[problem.problems], client_max_size=1 << 20)
    app.on_response_prepare.append(_secure)
    app.add_routes(problem_codes.routes())
    app.add_routes([web.get("/livez", _alive), web.get("/readyz", _ready(ready))])
    for service in services:
        app.add_routes(service.routes())
    return app


class Server:
    """Starts services in the order of the flow's end to its beginning, then listens; stops in the reverse."""

    def __init__(self, services: list[Service], listening: socket.socket, *, ready: Callable[[], bool]) -> None:
        self._services, self._listening = services, listening
        self._runner = web.AppRunner(application(services, ready=ready), access_log=None, shutdown_timeout=STOP_S)
        self._started: list[Service] = []

    async def start(self) -> None:
        """Start the services, then answer."""
        for service in self._services:
            await service.start()
            self._started.append(service)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listening).start()

    async def stop(self) -> None:
        """Stop listening, then the services, the door first."""
        await self._runner.cleanup()
        self._listening.close()
        for service in reversed(self._started):
            await asyncio.wait_for(service.stop(), STOP_S * 2)
        self._started.clear()


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. `Refused` if the port is taken."""
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise Refused(Fault("PORT", "", f"cannot listen on {host}:{port} ({error.strerror}); choose another")) from None


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _ready(ready: Callable[[], bool]) -> Callable[[web.Request], Awaitable[Any]]:
    async def answer(_request: web.Request) -> web.Response:
        now = ready()
        return web.json_response({"ready": now}, status=200 if now else 503)

    return answer
