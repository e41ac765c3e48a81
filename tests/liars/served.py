"""A ledger over HTTP, as the liar shows it."""

import json
from pathlib import Path
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.mirror import Mirror
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.transport import Patience, Transport
from liars.liar import Liar


class Hub:
    """Serves whatever files it is given, and their checkpoint with the honest directory; `copy` mirrors them."""

    def __init__(self, liar: Liar, folder: Path) -> None:
        self.files, self.liar, self.copy = dict(liar.honest.files), liar, Archive(folder)
        app = web.Application()
        app.router.add_get("/ledger/{path:.*}", self._answer)
        app.router.add_get("/v1/directory", self._directory)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    async def mirror(self) -> None:
        token = AccessToken("UNHCR-RO", self.liar.honest.keyrings["ZA-DHA"].sign, self.url)
        async with Transport(self.url, token=token, patience=Patience(tries=1, request_s=5)) as transport:
            await Mirror(self.copy, transport, self.liar.root).update()

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["path"]])

    async def _directory(self, _: web.Request) -> web.Response:
        page = json.loads(self.liar.honest.directory_page)
        return web.json_response({**page, "checkpoint": self.files["checkpoint"].decode()})
