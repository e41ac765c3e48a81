"""The console's pages, and each of their tables as JSON and CSV. They need no cookie, and work without their script."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from hifadhi.errors import Fault, HifadhiError, Refused, Tampered
from hifadhi.hub import problem
from hifadhi.hub.console import assets, case_query, health, query, revision
from hifadhi.hub.console.find import find
from hifadhi.hub.console.listing import Cells, Listing
from hifadhi.hub.console.loopback import Handler, from_here
from hifadhi.hub.console.query import Cursor
from hifadhi.hub.console.rendering import render
from hifadhi.hub.console.unsealed import unsealed
from hifadhi.referral.closed import is_uuid7
from hifadhi.store.port import Store
from hifadhi.stream.port import Stream

_CURSOR: Final = re.compile(r"([0-9]{1,15})~([0-9a-f-]{36})")
_INDEX: Final = re.compile(r"[0-9]{1,15}")
_FRESH: Final = {"Cache-Control": "no-store"}


class Faces:
    """Reads the console's rows and the ends of three topics; writes nothing. `stopped`: followers' ends by topic."""

    def __init__(  # noqa: PLR0913 (by keyword only, each one thing that the service gives)
        self,
        *,
        stream: Stream,
        store: Store,
        origin: str,
        max_delay_s: Callable[[], int],
        clock_ms: Callable[[], int],
        stopped: Callable[[], Mapping[str, str]],
        elsewhere: Callable[[], Sequence[str]],
    ) -> None:
        self._stream, self._store = stream, store
        self._origin, self._max_delay_s = origin, max_delay_s
        self._clock_ms, self._stopped, self._elsewhere = clock_ms, stopped, elsewhere

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        pages: list[tuple[str, Handler]] = [
            ("/", _to_console),
            ("/console", self._calm(self.overview)),
            ("/console/find", self._calm(self.find)),
            *assets.pages(),
            ("/console/{table:deadlines|overdue|entries}.{form:json|csv}", self.table),
            ("/console/referrals/{id}.{form:json|csv}", self.timeline),
            ("/console/referrals/{id}", self._calm(self.referral)),
            ("/console/cases/{id}.{form:json|csv}", self.case_timeline),
            ("/console/cases/{id}", self._calm(self.case)),
            ("/console/{rest:.*}", self._calm(_nothing)),
        ]
        return [web.get(path, from_here(handler)) for path, handler in pages]

    def told(self) -> list[str]:
        """What the other services and our followers say to be wrong at this moment."""
        return [*self._elsewhere(), *self._stopped().values()]

    async def overview(self, request: web.Request) -> web.Response:
        """How the exchange is: four tiles, open deadlines, the ledger's end."""
        now, after = self._clock_ms(), _cursor(request)
        waiting = await unsealed(self._stream)
        async with self._store.read() as db:
            # First: if rows change in between, the page is thought older than it is, and fetched once more.
            made_of = await revision.overview(db, self.told())
            facts = await query.overview(db, now, after)
        facts |= {"revision": made_of, "events": "/console/events"}
        promised = self._max_delay_s()
        facts |= {"waiting": waiting, "max_delay_s": promised}
        facts |= {"first_page": after is None, "here": _here(request)}
        troubles = health.troubles(promised, waiting, self._stopped(), followed=facts["size"], now_ms=now)
        return self._page("overview.html", {**facts, "troubles": [*self._elsewhere(), *troubles]})

    async def find(self, request: web.Request) -> web.Response:
        """To the page of a referral or a message."""
        return await find(self._store, request)

    async def table(self, request: web.Request) -> web.Response:
        """A table of the overview, by its name."""
        name = request.match_info["table"]
        async with self._store.read() as db:
            if name == "deadlines":
                listing = await query.deadlines(db, _cursor(request))
            elif name == "overdue":
                _, listing = await query.overdue(db, self._clock_ms())
            else:
                listing = await query.newest(db)
        return _export(listing, name, request.match_info["form"])

    async def referral(self, request: web.Request) -> web.Response:
        """What happened to a referral, step by step."""
        made_of, one, listing = await self._story(request)
        facts = {"one": one, "timeline": listing, "first_page": _after(request) < 0, "here": _here(request)}
        facts |= {"revision": made_of, "events": f"/console/referrals/{one['referral']}/events"}
        return self._page("referral.html", facts)

    async def case(self, request: web.Request) -> web.Response:
        """What happened in a case, whatever it concerned, and which clocks run."""
        made_of, one, listing = await self._case_story(request)
        facts = {"one": one, "timeline": listing, "first_page": _after(request) < 0, "here": _here(request)}
        facts |= {"revision": made_of, "events": f"/console/cases/{one['case']}/events"}
        return self._page("case.html", facts)

    async def case_timeline(self, request: web.Request) -> web.Response:
        """The same as a table."""
        _, one, listing = await self._case_story(request)
        return _export(listing, f"case-{one['case']}", request.match_info["form"])

    async def _case_story(self, request: web.Request) -> tuple[str, Cells, Listing]:
        case_id, after = _id(request), _after(request)
        async with self._store.read() as db:
            made_of = await revision.case(db, case_id)  # first, as of the overview
            one = await case_query.case(db, case_id)
            if made_of is None or one is None:
                raise Refused(Fault("NOT_FOUND", "/id", "The ledger knows no case of this id."))
            return made_of, one, await case_query.case_story(db, case_id, after)

    async def timeline(self, request: web.Request) -> web.Response:
        """The same as a table."""
        _, one, listing = await self._story(request)
        return _export(listing, f"referral-{one['referral']}", request.match_info["form"])

    async def _story(self, request: web.Request) -> tuple[str, Cells, Listing]:
        """The revision of a referral, where it stands, and a page of its timeline."""
        referral_id, after = _id(request), _after(request)
        async with self._store.read() as db:
            made_of = await revision.referral(db, referral_id)  # first, as of the overview
            one = await query.referral(db, referral_id)
            if made_of is None or one is None:
                raise _no_referral()
            return made_of, one, await query.story(db, one, after)

    def _page(self, template: str, facts: Mapping[str, Any], *, status: int = 200) -> web.Response:
        common = {"origin": self._origin, "now_ms": self._clock_ms(), "events": None}
        text = render(template, **{**common, **facts})
        response = web.Response(text=text, status=status, content_type="text/html", headers=_FRESH)
        response.enable_compression()  # rows repeat themselves: a tenth is left for a slow link
        return response

    def _calm(self, handler: Handler) -> Handler:
        """What goes wrong, as a page that says so."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except HifadhiError as error:
                if isinstance(error, Tampered):
                    raise  # it is logged where all are, and answered without a page
                said = problem.problem_of(error)
                return self._page("notice.html", {"said": said["title"]}, status=said["status"])

        return answer


async def _to_console(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/console")


async def _nothing(_request: web.Request) -> web.Response:
    raise Refused(Fault("NOT_FOUND", "", "There is no such page."))


def _export(listing: Listing, name: str, form: str) -> web.Response:
    if form == "json":
        return web.Response(text=listing.to_json(), content_type="application/json", headers=_FRESH)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return web.Response(text=listing.to_csv(), content_type="text/csv", headers=_FRESH | disposition)


def _id(request: web.Request) -> str:
    if not is_uuid7(request.match_info["id"]):
        raise _no_referral()
    return request.match_info["id"]


def _no_referral() -> Refused:
    return Refused(Fault("NOT_FOUND", "", "The ledger knows no referral of this id."))


def _cursor(request: web.Request) -> Cursor | None:
    text = request.query.get("after")
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if not found:
        raise Refused(Fault("SCHEMA", "/after", "This is not the end of any page; begin at the first one."))
    return Cursor(int(found[1]), found[2])


def _here(request: web.Request) -> str:
    """The query of the page that is shown, for the same page in another form; only what has been checked."""
    after = request.query.get("after")
    return f"?after={after}" if after is not None else ""


def _after(request: web.Request) -> int:
    text = request.query.get("after", "-1")
    if text == "-1":
        return -1
    if not _INDEX.fullmatch(text):
        raise Refused(Fault("SCHEMA", "/after", "This is not the index of an entry; begin at the first page."))
    return int(text)
