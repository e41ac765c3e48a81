"""Agencies at work while the exchange dies under them: they post, ask again as honest clients do, read, and answer."""

import asyncio
import io
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp

from cast import Body, payload_of
from faults.journal import Journal
from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.leaf import parse
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import SUBMISSIONS
from hub_client import HubClient

MZ, ZA, TZ = "MZ-INAR", "ZA-DHA", "TZ-RSD"
LINES: Final = 12
PACE_S: Final = 0.05
PATIENCE_S: Final = 20.0
SETTLED_S: Final = 60.0
AGAIN: Final = frozenset({429, 502, 503, 504})
"""Answers that say: the same again, later."""


class Desk:
    """`journal` keeps what comes of it. `stream`: of a stranger who writes what no gateway would."""

    def __init__(self, client: HubClient, journal: Journal, stream: Stream, dice: random.Random) -> None:
        self._client, self.journal, self._stream, self._dice = client, journal, stream, dice
        self._cast = client.cast
        self._closing = asyncio.Event()
        self._cursor = {MZ: -1, ZA: -1}

    async def open(self) -> None:
        """Let everybody in, whatever dies meanwhile."""
        count = 0
        for statements in self._cast.admissions():
            await self._accepted(self.journal.add(statements))
            count += len(statements)
            await self._client.directory_has(count)
        for agency in self._cast.players:
            await self._client.is_known(agency)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """All of them work until the block is left."""
        self._closing.clear()
        rounds = (
            self._report,
            self.refer,
            self._answer,
            self._fetch,
            self._govern,
            self._watch,
            self._disturb,
            self._erase,
        )
        async with asyncio.TaskGroup() as group:
            for one in rounds:
                group.create_task(self._again_and_again(one))
            try:
                yield
            finally:
                self._closing.set()

    async def settle(self) -> None:
        """Whatever has no receipt is posted until it has one, and some of what has one once more; then a last word.

        Delivery looks at parts when a leaf comes: behind the last of those that were posted again there must be one.
        And who has fetched something says so each time he asks: an old backup has forgotten it until then.
        """
        self._closing.clear()
        known = [body for digest, body in self.journal.posted.items() if digest in self.journal.receipts]
        repeated = self._dice.sample(known, min(5, len(known)))
        pending = self.journal.missing(self.journal.posted.values()) + repeated
        async with asyncio.timeout(SETTLED_S):
            for first in range(0, len(pending), LINES):
                await self._accepted(pending[first : first + LINES])
            await self.find()
            for agency in self._cursor:
                await self._page(agency)

    async def _again_and_again(self, one: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while not self._closing.is_set():
            # It may be down, or cut off in the middle of a word.
            with suppress(aiohttp.ClientError, TimeoutError, Unavailable):
                async with asyncio.timeout(PATIENCE_S * 2):
                    await one()
            await self._rest()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), PACE_S)
        except TimeoutError:
            return

    async def _report(self) -> None:
        """A batch, with something in it that was posted before."""
        fresh = self.journal.add(self._cast.encounter(MZ) for _ in range(self._dice.randint(1, LINES)))
        old = self._dice.sample([*self.journal.posted.values()], min(2, len(self.journal.posted)))
        await self._accepted([*fresh, *old])
        await self._ruled(fresh[-1])

    async def find(self) -> Body:
        """One person found; sealed, and delivered to who found him."""
        [found] = self.journal.add([self._cast.encounter(MZ)])
        await self._accepted([found])
        await self._ruled(found)
        return found

    async def refer(self) -> None:
        """One person found and one referral asked for, each by itself."""
        found = await self.find()
        [asked] = self.journal.add([self._cast.request(MZ, ZA, payload_of(found)["id"], 1)])
        await self._accepted([asked])
        await self._ruled(asked)

    async def _answer(self) -> None:
        """Whatever asks ZA-DHA is accepted or declined."""
        for item in await self._page(ZA):
            leaf = parse(b64u.decode(item["leaf"]))
            if leaf.envelope and leaf.ruling.ruling == "recorded" and item["role"] == "addressee":
                asked = json.loads(b64u.decode(json.loads(leaf.envelope)["payload"]))
                if asked["type"] == "referral.requested":
                    kind = self._dice.choice(("referral.accepted", "referral.declined"))
                    facts = {"case": asked["case"], "referral": asked["id"], "seen": leaf.ruling.referral_version}
                    await self._accepted(self.journal.add([self._cast.message(kind, ZA, to=[MZ], **facts)]))

    async def _fetch(self) -> None:
        await self._page(MZ)

    async def _govern(self) -> None:
        """A new key, which is a line of the directory."""
        key = PrivateJwk.generate("P-256").public.as_dict()
        facts = {"agency": TZ, "use": "read", "key": key}
        said = self._cast.statement("key.added", self._cast.players[TZ].identity, sender=TZ, **facts)
        await self._accepted(self.journal.add([said]))
        await self._ruled(said)

    async def _erase(self) -> None:
        """What was said of one person is destroyed."""
        found = await self.find()
        said = payload_of(found)
        digest = next(part["digest"] for part in said["parts"] if part["name"] == "content")
        facts = {"case": said["id"], "in_reply_to": said["id"], "to": [], "digests": [digest]}
        [order] = self.journal.add([self._cast.message("erasure.ordered", MZ, **facts)])
        await self._accepted([order])
        await self._ruled(order)

    async def _watch(self) -> None:
        answer = await self._client.get("/ledger/checkpoint")
        if answer.status == 200:
            self.journal.see(answer.body)

    async def _disturb(self) -> None:
        """Bytes in `submissions` that prove nothing: they become dead letters."""
        said = f"nobody signed {self._dice.random()}".encode()
        self.journal.strange.append(said)
        await self._stream.append(SUBMISSIONS, [Entry(b"anything", said)])

    async def _page(self, agency: str) -> list[Any]:
        """The next of its inbox; asking for it says that it has what came before."""
        answer = await self._client.get(f"/v1/inbox?after={self._cursor[agency]}&limit=50&wait=1", agency)
        if answer.status != 200:
            self._note(answer.status, "an inbox", answer.body)
            return []
        items: list[Any] = answer.body["data"]
        self.journal.show(agency, items)
        if items:
            self._cursor[agency] = items[-1]["index"]
        return items

    async def _ruled(self, body: Body) -> None:
        """Wait until it is ruled, as its sender asks for it."""
        said = payload_of(body)
        while not self._closing.is_set():
            answer = await self._client.get(f"/v1/messages/{said['id']}?wait=1", said["from"])
            if answer.status == 200:
                return
            if answer.body.get("code") != "NOT_SEALED_YET":
                self._note(answer.status, "a ruling", answer.body)
                return

    async def _accepted(self, bodies: Sequence[Body]) -> None:
        """Post the same until every one of them has a new receipt: by itself, or in a batch."""
        pending = [*bodies]
        while pending and not self._closing.is_set():
            with suppress(aiohttp.ClientError):
                pending = await self._post(pending)
            if pending:
                await self._rest()

    async def _post(self, bodies: Sequence[Body]) -> list[Body]:
        """Those that have to be posted again."""
        single = len(bodies) == 1
        raw = b"\n".join(json.dumps(body).encode() for body in bodies)
        headers = {"Content-Type": "application/json" if single else "application/x-ndjson"}
        sent = self._client.session.post(
            "/v1/messages", data=io.BytesIO(raw), headers=headers, timeout=aiohttp.ClientTimeout(total=PATIENCE_S)
        )
        async with sent as response:
            said = [json.loads(line) for line in (await response.text()).splitlines()]
        if single or response.status != 200:
            return self._kept(bodies, [{"status": response.status, **said[0]}] * len(bodies), said[0])
        return self._kept(bodies, said[:-1], said[-1])

    def _kept(self, bodies: Sequence[Body], answers: Sequence[Any], last: Any) -> list[Body]:
        if "receipt" in last:
            self.journal.keep(last["receipt"])
        for answer in answers:
            if answer["status"] != 202:
                self._note(answer["status"], "a message", answer)
        return [body for body, answer in zip(bodies, answers, strict=True) if answer["status"] in AGAIN]

    def _note(self, status: int, what: str, body: Any) -> None:
        if status not in AGAIN:
            self.journal.complaints.append(f"{what} was answered with {status} {body}")
