"""What keeps open pages as the rows are: a stream of notices for the first page, for each referral and each case."""

from collections.abc import Callable, Sequence

from aiohttp import web

from hifadhi.errors import Fault, Refused
from hifadhi.hub.console import event_stream, revision
from hifadhi.hub.console.event_stream import Pace
from hifadhi.hub.console.listeners import Listeners
from hifadhi.hub.console.loopback import from_here
from hifadhi.referral.closed import is_uuid7
from hifadhi.store.port import Store


class Live:
    """Reads the rows; writes nothing. `told`: what is said to be wrong with the services at this moment."""

    def __init__(self, store: Store, listeners: Listeners, told: Callable[[], Sequence[str]], pace: Pace) -> None:
        self._store, self._listeners, self._told, self._pace = store, listeners, told, pace

    def routes(self) -> list[web.RouteDef]:
        """The paths that it answers. HEAD would wait for ever."""
        return [
            web.get("/console/events", from_here(self.overview), allow_head=False),
            web.get("/console/referrals/{id}/events", from_here(self.referral), allow_head=False),
            web.get("/console/cases/{id}/events", from_here(self.case), allow_head=False),
        ]

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """Notices for the first page."""
        return await event_stream.answer(request, self._listeners, self._of_overview, self._pace)

    async def referral(self, request: web.Request) -> web.StreamResponse:
        """Notices for the page of a referral."""
        referral_id = request.match_info["id"]

        async def now() -> str:
            return await self._of_referral(referral_id)

        return await event_stream.answer(request, self._listeners, now, self._pace)

    async def case(self, request: web.Request) -> web.StreamResponse:
        """Notices for the page of a case."""
        case_id = request.match_info["id"]

        async def now() -> str:
            return await self._of_case(case_id)

        return await event_stream.answer(request, self._listeners, now, self._pace)

    async def _of_case(self, case_id: str) -> str:
        if is_uuid7(case_id):
            async with self._store.read() as db:
                found = await revision.case(db, case_id)
            if found:
                return found
        raise Refused(Fault("NOT_FOUND", "", "The ledger knows no case of this id."))

    async def _of_overview(self) -> str:
        async with self._store.read() as db:
            return await revision.overview(db, self._told())

    async def _of_referral(self, referral_id: str) -> str:
        if is_uuid7(referral_id):
            async with self._store.read() as db:
                found = await revision.referral(db, referral_id)
            if found:
                return found
        raise Refused(Fault("NOT_FOUND", "", "The ledger knows no referral of this id."))
