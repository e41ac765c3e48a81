"""One base URL in front of the services' own ports, on loopback: for demonstrations and tests.

A deployment uses the proxy of `deploy/proxy/`; its routes are those of `ROUTES`, which a test holds against each other.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

ROUTES: Final = (
    ("POST", "/v1/messages", "gateway"),
    ("GET", "/v1/messages/{rest:.*}", "delivery"),
    ("GET", "/v1/inbox{rest:.*}", "delivery"),
    ("GET", "/v1/cases/{rest:.*}", "delivery"),
    ("GET", "/v1/directory", "registry"),
    ("GET", "/v1/proofs/{rest:.*}", "registry"),
    ("GET", "/ledger/{rest:.*}", "registry"),
    ("GET", "/problems/{rest:.*}", "gateway"),
    ("GET", "/v1/openapi.json", "gateway"),
    ("GET", "/v1/asyncapi.json", "gateway"),
    ("GET", "/v1/reference{rest:.*}", "gateway"),
)
"""Method, path, service: what the world may ask. What is not here (console, health, metrics) stays inside."""

INSIDE: Final = (("GET", "/", "console"), ("GET", "/console{rest:.*}", "console"))
"""What a demonstration shows beside it on the same port."""

# Of the connection, not of the message (RFC 9110, 7.6.1); the body's framing is made anew.
HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
PIECE: Final = 1 << 16


class Front:
    """`behind`: base URL by service, to be complete when it is entered. It runs in this process until it is left."""

    def __init__(self, port: int, behind: Mapping[str, str]) -> None:
        self._port, self.behind = port, dict(behind)
        self.base_url = f"http://127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None))
        app = web.Application(client_max_size=0)
        for method, path, service in (*ROUTES, *INSIDE):
            if service in self.behind:
                app.router.add_route(method, path, self._pass_on(self.behind[service]))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()

    def _pass_on(self, base: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                return await self._passed(request, base)
            except aiohttp.ClientError:  # the service has gone, before or while it answered
                return web.json_response({"code": "UNAVAILABLE"}, status=502, headers={"Retry-After": "1"})

        return handler

    async def _passed(self, request: web.Request, base: str) -> web.StreamResponse:
        body = request.content.iter_chunked(PIECE) if request.can_read_body else None
        sent = self._session.request(
            request.method, URL(base + request.raw_path, encoded=True), headers=_kept(request.headers), data=body
        )
        async with sent as answered:
            response = web.StreamResponse(status=answered.status, headers=_kept(answered.headers))
            await response.prepare(request)
            async for piece in answered.content.iter_any():
                await response.write(piece)
            await response.write_eof()
        return response


def _kept(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)
