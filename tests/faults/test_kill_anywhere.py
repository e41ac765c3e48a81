"""`kill -9` at random instants while 93 people's encounters are posted (S8): nothing promised is lost or doubled.

HIFADHI_KILLS: how many (12). HIFADHI_SEED: which instants; the one in use is printed.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Table, select

from cast import Body, Cast, payload_of
from faults.up_place import UpPlace
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.audit import read_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.hub.delivery import tables as delivery
from hifadhi.hub.registry import tables as registry
from hifadhi.referral.case import Case
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Record
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import DIRECTORY, RECORD, SUBMISSIONS, topics
from hub_client import HubClient
from hub_ledger import Audited, audit, digest_of

KILLS = int(os.environ.get("HIFADHI_KILLS", "12"))
PEOPLE = 93
BATCH = 20
LONGEST_RUN_S = 0.5
"""From its start a process lives at most that much longer than it takes to be ready, and may not become ready."""


class Sender:
    """MZ-INAR's desk: what it has posted, and the receipts that it holds, by digest."""

    def __init__(self, cast: Cast, dice: random.Random) -> None:
        self._cast, self._dice = cast, dice
        self.people = [cast.encounter("MZ-INAR", group=payload_of(cast.encounter("MZ-INAR"))["id"]) for _ in range(93)]
        self.posted: dict[str, Body] = {digest_of(body): body for body in self.people}
        self.receipts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.repeats = 0

    @property
    def unreceipted(self) -> list[Body]:
        return [body for digest, body in self.posted.items() if digest not in self.receipts]

    async def run(self, client: HubClient) -> None:
        """Two clients at once, until the exchange is gone."""
        await asyncio.gather(self._batches(client), self._singles(client))

    async def _batches(self, client: HubClient) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                for batch in in_batches(self._dice.sample(self.people, len(self.people))):
                    await self.post_batch(client, batch)

    async def _singles(self, client: HubClient) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                await self.post(client, self._something_new())

    async def again(self, client: HubClient) -> None:
        """Everything that has no receipt, and some that has one."""
        known = [body for digest, body in self.posted.items() if digest in self.receipts]
        for batch in in_batches([*self.unreceipted, *self._dice.sample(known, min(5, len(known)))]):
            await self.post_batch(client, batch)

    def _something_new(self) -> Body:
        """A person more, a request for one of the 93, or an id used again for something else."""
        case = payload_of(self._dice.choice(self.people))["id"]
        made = self._dice.choice(
            (
                lambda: self._cast.encounter("MZ-INAR"),
                lambda: self._cast.request("MZ-INAR", "ZA-DHA", case, 1),
                lambda: self._reused(case),
            )
        )()
        self.posted[digest_of(made)] = made
        return made

    def _reused(self, message: str) -> Body:
        other = self._cast.encounter("MZ-INAR")
        return self._cast.signed({**payload_of(other), "id": message}, [self._cast.players["MZ-INAR"].sign], other["parts"])

    async def post(self, client: HubClient, body: Body) -> None:
        answer = await client.post(body)
        if answer.status == 202:
            self._keep([self._opened(answer.body["receipt"])])
        else:
            assert answer.status == 503, answer.body

    async def post_batch(self, client: HubClient, bodies: Sequence[Body]) -> None:
        lines = await client.post_lines(bodies)
        assert {line["status"] for line in lines[:-1]} <= {202, 503}, lines
        self._keep(self._opened(lines[-1]["receipt"]))

    def _keep(self, stored: Sequence[dict[str, Any]]) -> None:
        for one in stored:
            self.repeats += one["digest"] in self.receipts
            self.receipts[one["digest"]].append(one)

    def _opened(self, receipt: str) -> Any:
        key = self._cast.gateway.public
        return strict_json.parse(jws.verify_compact(receipt, typ=jws.RECEIPT, keys={key.kid: key}, max_bytes=1 << 20)[1])


def in_batches(bodies: Sequence[Body]) -> Iterator[Sequence[Body]]:
    return (bodies[first : first + BATCH] for first in range(0, len(bodies), BATCH))


async def test_killed_anywhere_nothing_promised_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = os.environ.get("HIFADHI_SEED") or str(secrets.randbits(32))
    print(f"HIFADHI_SEED={seed} HIFADHI_KILLS={KILLS}")  # noqa: T201 (with it, the same instants again)
    dice = random.Random(seed)  # noqa: S311 (no secret)
    cast = Cast(tmp_path / "exchange")
    sender = Sender(cast, dice)
    async with UpPlace(cast.folder) as place, HubClient(cast, place.base_url) as client:
        await place.start()
        await place.ready()
        await client.admit_everybody()
        seen = await killed_and_started(place, client, sender, dice)
        await client.sealed(sender.add(cast.encounter("MZ-INAR")))
        ledger = await audit(client)
        check_receipts(ledger, sender)
        check_checkpoints(ledger, seen)
        await check_inboxes(client, ledger)
        await place.end()
    await check_topics(cast, ledger)
    await check_rows(cast, ledger)


async def killed_and_started(
    place: UpPlace, client: HubClient, sender: Sender, dice: random.Random
) -> list[Checkpoint]:
    """All kills; then it runs, and everything has a receipt. The checkpoints seen on the way."""
    seen = [await checkpoint(client)]
    for _ in range(KILLS):
        posting = asyncio.create_task(sender.run(client))
        await asyncio.sleep(dice.uniform(0, LONGEST_S))  # the instant itself: there is nothing to wait for
        place.kill()
        await posting
        await place.start()
        if dice.random() < RECOVERS:
            await place.ready()
            seen.append(await checkpoint(client))
            await sender.again(client)
    await place.start_unless_ready()
    await sender.again(client)
    return [*seen, await checkpoint(client)]


async def checkpoint(client: HubClient) -> Checkpoint:
    note: bytes = (await client.get("/ledger/checkpoint")).body
    return read_checkpoint({"checkpoint": note}, client.cast.root)


def check_receipts(ledger: Audited, sender: Sender) -> None:
    """Each message has a receipt and one leaf, which is that of its first submission; nothing else is in the ledger."""
    index_of = ledger.index_of()
    statements = {envelope.digest for envelope in ledger.envelopes().values() if b"key.added" in envelope.payload}
    statements |= {envelope.digest for envelope in ledger.envelopes().values() if b"agency.admitted" in envelope.payload}
    assert index_of.keys() - statements == sender.posted.keys() == sender.receipts.keys()
    for digest, receipts in sender.receipts.items():
        ruling = ledger.leaves[index_of[digest]].ruling
        assert ruling.position <= min(one["position"] for one in receipts)
        assert ruling.stored_at >= min(one["stored_at"] for one in receipts if one["position"] == ruling.position or True)
