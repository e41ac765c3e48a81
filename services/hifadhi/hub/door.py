"""The door: how many connections, how long one may say nothing whole, and what is answered to what is no HTTP.

Whoever waits with half a request gives way, the longest silent first: so many connections, opened and left, hold nobody
else up. A request that has come whole is answered.
"""

import resource
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from hifadhi.diagnostics import log
from hifadhi.errors import Fault, HifadhiError, Refused
from hifadhi.hub import problem

MOST_FIELD: Final = 4096
MOST_FIELDS: Final = 64
"""Of the headers: together they bound what a connection may hold before it has said anything."""
OTHER_FILES: Final = 128
"""For databases, the broker, the process itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`connections`: at once. `idle_s`: from the opening, or the last answer, to the next whole header.

    A proxy before us must close an idle one sooner (Caddy: 120 s), or it would send on what we have closed.
    """

    connections: int = 1000
    idle_s: float = 150.0


class Connection(web.RequestHandler):
    """One connection, which answers what is no HTTP with a problem, and repeats nothing of it anywhere."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (it quotes what came)
    ) -> web.StreamResponse:
        """The problem; the connection ends with it."""
        log.debug("no whole request", kind=type(exc).__name__, status=status)
        _let_go(exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        response = problem.answer(_error(status, exc))
        response.headers.update(problem.SECURITY)
        response.force_close()
        return response

    def connection_lost(self, exc: BaseException | None) -> None:
        """What nobody is told any more is let go too."""
        super().connection_lost(exc)
        for message, _ in self._messages:
            _let_go(getattr(message, "exc", None))


class Door(web.Server):
    """The connections, the longest silent first."""

    def __init__(self, inside: web.Server, most: int, **options: Any) -> None:  # noqa: ANN401 (aiohttp's own)
        super().__init__(self._answer, request_factory=self._request)
        self._inside, self._most, self._options = inside, most, options
        self._silent: OrderedDict[web.RequestHandler, None] = OrderedDict()
        self._under_way: dict[web.RequestHandler, web.BaseRequest] = {}

    def __call__(self) -> web.RequestHandler:
        """A connection that is about to be made."""
        return Connection(self, loop=self._loop, **self._options)

    def connection_made(self, handler: web.RequestHandler, transport: Any) -> None:  # noqa: ANN401 (asyncio's or uvloop's)
        """One more; another gives way for it, if there are too many."""
        super().connection_made(handler, transport)
        self._silent[handler] = None
        if len(self._silent) > self._most:
            giving_way = next(filter(self._waits, self._silent), handler)
            del self._silent[giving_way]
            giving_way.force_close()

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """One less."""
        self._silent.pop(handler, None)
        super().connection_lost(handler, exc)

    def _request(self, message: Any, payload: Any, protocol: web.RequestHandler, *more: Any) -> web.BaseRequest:  # noqa: ANN401 (aiohttp's own)
        if protocol in self._silent:
            self._silent.move_to_end(protocol)
        return self._inside.request_factory(message, payload, protocol, *more)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self._under_way[request.protocol] = request
        try:
            return await self._inside.request_handler(request)
        finally:
            del self._under_way[request.protocol]
            _let_go(request.content.exception())

    def _waits(self, one: web.RequestHandler) -> bool:
        """Whether it has no request under way that has come whole."""
        request = self._under_way.get(one)
        return request is None or not request.content.is_eof()


class Runner(web.AppRunner):
    """Runs an application behind a door."""

    def __init__(self, app: web.Application, limits: Limits, *, shutdown_s: float) -> None:
        super().__init__(app, shutdown_timeout=shutdown_s)
        self._limits = limits

    async def _make_server(self) -> web.Server:
        return Door(
            await super()._make_server(),
            _allowed(self._limits.connections),
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self._limits.idle_s,
            max_line_size=MOST_FIELD,
            max_field_size=MOST_FIELD,
            max_headers=MOST_FIELDS,
        )


def _let_go(exc: BaseException | None) -> None:
    """Forget the frames that an error came through: they hold what came, and the error again.

    Python would look for such a circle only after many thousand objects more, each with its megabytes.
    """
    if exc:
        exc.__traceback__ = None


def _error(status: int, exc: BaseException | None) -> HifadhiError:
    if isinstance(exc, LineTooLong):
        said = f"a line of at most {MOST_FIELD} bytes, {MOST_FIELDS} headers"
        return Refused(Fault("HEADERS_TOO_LARGE", "", said))
    if status < 500:  # noqa: PLR2004 (HTTP's client errors)
        return Refused(Fault("HTTP", "", "this is no request of HTTP/1.1 that has one reading; see RFC 9112"))
    return HifadhiError("a fault in this program; the operator sees it in the diagnostics")


def _allowed(connections: int) -> int:
    """As many as are wanted, or as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft < wanted:
        log.warning("fewer connections than wanted: the system allows few open files", connections=soft - OTHER_FILES)
    return max(1, min(connections, soft - OTHER_FILES))
