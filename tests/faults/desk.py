"""An agency's desk that posts without end, and keeps its receipts."""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import aiohttp

from cast import Body, Cast, payload_of, uuid7
from hifadhi.evidence import jws, strict_json
from hub_client import HubClient
from hub_ledger import digest_of

PEOPLE: Final = 93
BATCH: Final = 20


class Desk:
    """MZ-INAR's: all that it has posted, and the receipts that it holds, by digest."""

    def __init__(self, cast: Cast, dice: random.Random) -> None:
        self._cast, self._dice = cast, dice
        self.posted: dict[str, Body] = {}
        self.receipts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.repeats = 0
        group = uuid7()
        self.people = [self.add(cast.encounter("MZ-INAR", group=group)) for _ in range(PEOPLE)]

    def add(self, body: Body) -> Body:
        """It is the desk's from here on."""
        self.posted[digest_of(body)] = body
        return body

    async def post_until_gone(self, client: HubClient) -> None:
        """The 93 in batches, and others one by one, until the exchange does not answer."""
        await asyncio.gather(self._batches(client), self._singles(client))

    async def again(self, client: HubClient) -> None:
        """Everything that has no receipt, and some that has one."""
        missing = [body for digest, body in self.posted.items() if digest not in self.receipts]
        known = [self.posted[digest] for digest in self.receipts]
        for batch in _batched([*missing, *self._dice.sample(known, min(5, len(known)))]):
            await self._post_batch(client, batch)

    async def _batches(self, client: HubClient) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                for batch in _batched(self._dice.sample(self.people, PEOPLE)):
                    await self._post_batch(client, batch)

    async def _singles(self, client: HubClient) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                answer = await client.post(self.add(self._something_else()))
                assert answer.status == 202, answer.body
                self._keep([self._opened(answer.body["receipt"])])

    async def _post_batch(self, client: HubClient, bodies: Sequence[Body]) -> None:
        *lines, last = await client.post_lines(bodies)
        assert {line["status"] for line in lines} == {202}, lines
        self._keep(self._opened(last["receipt"]))

    def _something_else(self) -> Body:
        """One more person, or a request for one of the 93: the second for the same one is stale."""
        if self._dice.randrange(2):
            return self._cast.encounter("MZ-INAR")
        return self._cast.request("MZ-INAR", "ZA-DHA", payload_of(self._dice.choice(self.people))["id"], 1)

    def _keep(self, stored: Sequence[dict[str, Any]]) -> None:
        for one in stored:
            self.repeats += one["digest"] in self.receipts
            self.receipts[one["digest"]].append(one)

    def _opened(self, receipt: str) -> Any:
        key = self._cast.gateway.public
        return strict_json.parse(jws.verify_compact(receipt, typ=jws.RECEIPT, keys={key.kid: key})[1])


def _batched(bodies: Sequence[Body]) -> Iterator[Sequence[Body]]:
    return (bodies[first : first + BATCH] for first in range(0, len(bodies), BATCH))
