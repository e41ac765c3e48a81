"""Delivery's faces: inbox, messages, cases (`wire.md` §5). Each needs the agency's own token."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aiohttp import web

from hifadhi.errors import Fault, Refused
from hifadhi.hub import access, problem, query
from hifadhi.hub.delivery import cases, handovers, inbox, messages, progress
from hifadhi.hub.delivery.progress import Place
from hifadhi.hub.delivery.waiters import Waiters
from hifadhi.referral import instant
from hifadhi.referral.directory import Directory
from hifadhi.store.port import Store
from hifadhi.stream.topics import RECORD

_INBOX: Final = {"after": query.AFTER, "limit": query.LIMIT, "wait": query.WAIT_S, "look": query.YES}


class Faces:
    """Reads the rows; writes only what an agency has fetched. `directory` gives the one in force."""

    def __init__(
        self,
        *,
        store: Store,
        waiters: Waiters,
        outbox: handovers.Outbox,
        directory: Callable[[], Directory],
        audience: str,
        clock_ms: Callable[[], int],
    ) -> None:
        self._store, self._waiters, self._outbox = store, waiters, outbox
        self._directory, self._audience, self._clock_ms = directory, audience, clock_ms

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        return [
            web.get("/v1/inbox", self.inbox),
            web.get("/v1/messages/{id}", self.message),
            web.get("/v1/cases/{case}", self.case),
        ]

    async def inbox(self, request: web.Request) -> web.Response:
        """The agency's items after an index; asking for them says that it has those before, unless it only looks."""
        agency = self._reader(request)
        asked = query.numbers(request.query.items(), _INBOX)
        after, limit = asked["after"], asked["limit"]
        noting = asyncio.create_task(self._note(agency, -1 if asked["look"] else after))
        try:
            ask = partial(self._page, agency, after, limit)
            page = await self._waiters.until(agency, asked["wait"], ask, lambda page: bool(page["data"]))
        finally:
            await noting  # what it has is on disk before it gets more
        return _json(page)

    async def message(self, request: web.Request) -> web.Response:
        """What became of a message; it may be waited for."""
        agency = self._reader(request)
        message = query.uuid7(request.match_info["id"], "id")
        wait_s = query.numbers(request.query.items(), {"wait": query.WAIT_S})["wait"]
        ask = partial(self._status, message, agency)
        status = await self._waiters.until(agency, wait_s, ask, lambda found: found is not None)
        return _json(status) if status else await self._not_sealed(message, agency)

    async def _not_sealed(self, message: str, agency: str) -> web.Response:
        """That it is not among the leaves followed so far, looked up in one state with how many these are.

        Who has no receipt decides by it whether a message was ever stored; while the rows are made again, they are few.
        """
        async with self._store.read() as db:
            place = (await progress.places(db, RECORD)).get(0, Place(0))
            status = await messages.status(db, message, agency)
        if status:
            return _json(status)
        refusal = Refused(Fault("NOT_SEALED_YET", "/id", "nothing of this id that names you is sealed; ask again"))
        return problem.answer(refusal, followed=place.size)

    async def case(self, request: web.Request) -> web.Response:
        """A case, to its parties."""
        agency = self._reader(request)
        case = query.uuid7(request.match_info["case"], "case")
        query.numbers(request.query.items(), {})
        async with self._store.look() as db:
            view = await cases.view(db, case, agency, self._directory())
        if view is None:
            raise Refused(Fault("NOT_YOURS", "/case", "there is no case of this id to which you are a party"))
        return _json(view)

    def _reader(self, request: web.Request) -> str:
        now_s = self._clock_ms() / 1000
        return access.reader(request.headers, self._directory(), audience=self._audience, now_s=now_s).id

    async def _note(self, agency: str, after: int) -> None:
        if await handovers.note(self._store, agency, after, instant.write(self._clock_ms())):
            self._outbox.ring()

    async def _page(self, agency: str, after: int, limit: int) -> dict[str, Any]:
        async with self._store.look() as db:
            return await inbox.page(db, agency, after=after, limit=limit)

    async def _status(self, message: str, agency: str) -> dict[str, Any] | None:
        async with self._store.look() as db:
            return await messages.status(db, message, agency)


def _json(body: dict[str, Any]) -> web.Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", headers={"Cache-Control": "no-store"})
