"""One HTTP server for any set of faces: limits, problems, security headers, health."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from aiohttp import web

from hifadhi.diagnostics import log
from hifadhi.errors import Fault, Refused
from hifadhi.hub import metrics, problem
from hifadhi.hub.door import Limits, Runner
from hifadhi.hub.reference import faces as reference

# A stop takes at most so many seconds: requests under way, then the services side by side; the adapters have five more.
REQUESTS_S: Final = 3.0
SERVICES_S: Final = 1.5
EVERYDAY: Final = Limits()
BACKLOG: Final = 512
"""Connections that the system keeps for us while we do something else; one more waits for a second, or for ever."""
UNREAD_MS: Final = 60_000
"""So long an answer may lie at the system, and the other side read nothing of it."""


class Service(Protocol):
    """A service of the hub, as the server sees it."""

    @property
    def trouble(self) -> str | None:
        """Why it cannot do its work at present, in a sentence without ids of persons; None if all is well."""

    def routes(self) -> list[web.RouteDef]:
        """Its faces."""

    async def start(self) -> None:
        """Be ready to answer."""

    def hush(self) -> None:
        """Answer at once whoever waits for news: the door is closing."""

    async def stop(self) -> None:
        """Let go, within a second if nothing hangs. Idempotent."""


def troubles(services: Mapping[str, Service]) -> list[str]:
    """What is wrong with these at this moment."""
    return [trouble for service in services.values() if (trouble := service.trouble)]


def application(services: Mapping[str, Service]) -> web.Application:
    """All faces on one port, and how the services are."""
    app = web.Application(middlewares=[metrics.measured, problem.problems], client_max_size=1 << 20)
    app.on_response_prepare.append(_secure)
    app.add_routes(metrics.routes())
    app.add_routes(reference.routes())
    app.add_routes([web.get("/livez", _alive), web.get("/readyz", _ready(services))])
    for service in services.values():
        app.add_routes(service.routes())
    return app


class Server:
    """Starts services in the order of the flow's end to its beginning, then listens; stops in the reverse.

    `services`: by name, in the order of their start.
    """

    def __init__(self, services: Mapping[str, Service], listening: socket.socket, limits: Limits = EVERYDAY) -> None:
        self._services, self._listening = services, listening
        self._runner = Runner(application(services), limits, shutdown_s=REQUESTS_S)
        self._started: list[Service] = []

    async def start(self) -> None:
        """Start the services, then answer."""
        for service in self._services.values():
            self._started.append(service)
            await service.start()
        await self._runner.setup()
        await web.SockSite(self._runner, self._listening, backlog=BACKLOG).start()

    async def stop(self) -> None:
        """Stop listening, then the services. Whoever does not let go in time is left behind."""
        for service in self._started:
            service.hush()
        await self._runner.cleanup()
        self._listening.close()
        stopping = [asyncio.create_task(service.stop()) for service in self._started]
        self._started = []
        if stopping:
            _, late = await asyncio.wait(stopping, timeout=SERVICES_S)
            if late:
                log.warning("services did not stop in time", count=len(late))


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. `Refused` if the port is taken.

    `shared`: other processes may listen on it too, and the system spreads the connections over them.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared and port != 0)
    except OSError as error:
        raise Refused(Fault("PORT", "", f"cannot listen on {host}:{port} ({error.strerror}); choose another")) from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # of Linux; connections have it from the listening socket
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    return made


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in problem.SECURITY.items():
        response.headers.setdefault(name, value)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _ready(services: Mapping[str, Service]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        found = {name: service.trouble for name, service in services.items()}
        ready = not any(found.values())
        told: dict[str, Any] = {"ready": ready, **({"services": found} if "verbose" in request.query else {})}
        return web.json_response(told, status=200 if ready else 503)

    return answer
