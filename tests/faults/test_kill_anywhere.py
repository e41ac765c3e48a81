"""`kill -9` at random instants while 93 people's encounters are posted (S8): nothing promised is lost or doubled.

HIFADHI_KILLS: how many (12). HIFADHI_SEED: which instants; the one in use is printed.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from cast import Cast
from faults.desk import Desk
from faults.up_place import UpPlace
from hifadhi.evidence import b64u
from hifadhi.evidence.audit import read_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.hub.delivery import tables as delivery
from hifadhi.hub.registry import tables as registry
from hifadhi.referral import message
from hifadhi.referral.case import Case
from hifadhi.referral.statements import STATEMENTS
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Record
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import DIRECTORY, PROGRESS, RECORD, SUBMISSIONS, topics
from hub_client import HubClient
from hub_ledger import Audited, audit
from topic_order import in_order, index_of

KILLS = int(os.environ.get("HIFADHI_KILLS", "12"))
LONGEST_S = 0.6
"""A process is killed that much after its start was asked for, or after it was ready, at most."""


async def test_killed_anywhere_nothing_promised_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = os.environ.get("HIFADHI_SEED") or str(secrets.randbits(32))
    print(f"HIFADHI_SEED={seed} HIFADHI_KILLS={KILLS}")  # noqa: T201 (with it, the same instants again)
    dice = random.Random(seed)  # noqa: S311 (no secret)
    cast = Cast(tmp_path / "exchange")
    desk = Desk(cast, dice)
    async with UpPlace(cast.folder) as place, HubClient(cast, place.base_url) as client:
        await place.start()
        await place.ready()
        await client.admit_everybody()
        seen = await killed_and_started(place, client, desk, dice)
        await client.sealed(desk.add(cast.encounter("MZ-INAR")))
        await desk.again(client)
        ledger = await audit(client)
        check_receipts(ledger, desk)
        check_checkpoints(ledger, seen)
        await check_inboxes(client, ledger)
        await place.end()
    await check_topics(cast, ledger)
    await check_rows(cast, ledger)


async def killed_and_started(place: UpPlace, client: HubClient, desk: Desk, dice: random.Random) -> list[Checkpoint]:
    """All kills; then it runs, and everything has a receipt. The checkpoints seen on the way."""
    seen = [await checkpoint(client)]
    for _ in range(KILLS):
        posting = asyncio.create_task(desk.post_until_gone(client))
        await asyncio.sleep(dice.uniform(0, LONGEST_S))  # the instant itself: there is nothing to wait for
        place.kill()
        await posting
        await place.start()
        if dice.random() < 0.75:  # else the next kill comes while it recovers, or soon after
            await place.ready()
            seen.append(await checkpoint(client))
            await desk.again(client)
    place.kill()
    await place.start()
    await place.ready()
    await desk.again(client)
    return seen


async def checkpoint(client: HubClient) -> Checkpoint:
    note: bytes = (await client.get("/ledger/checkpoint")).body
    return read_checkpoint({"checkpoint": note}, client.cast.root)


def check_receipts(ledger: Audited, desk: Desk) -> None:
    """Each message has a receipt and one leaf, that of its first submission; no message but those is in the ledger."""
    index_of = ledger.index_of()
    statements = {one.digest for one in ledger.envelopes.values() if message.parse(one.payload).type in STATEMENTS}
    assert index_of.keys() - statements == desk.posted.keys() == desk.receipts.keys()
    for digest, receipts in desk.receipts.items():
        ruling = ledger.leaves[index_of[digest]].ruling
        first = min(receipts, key=lambda one: int(one["position"]))
        assert (ruling.position, ruling.stored_at) <= (first["position"], first["stored_at"])
    assert desk.repeats > 0
    assert {leaf.ruling.code for leaf in ledger.leaves} >= {None, "STALE_STATE"}


def check_checkpoints(ledger: Audited, seen: Sequence[Checkpoint]) -> None:
    """What was shown once is still the beginning of the ledger."""
    edges = {0: Edge.empty()}
    for size, raw in enumerate(ledger.raw, 1):
        edges[size] = edges[size - 1].append(leaf_hash(raw))
    sizes = [one.size for one in seen]
    assert sizes == sorted(sizes)
    assert [edges[one.size].root() for one in seen] == [one.root for one in seen]


async def check_inboxes(client: HubClient, ledger: Audited) -> None:
    """Who is named has it, whole, once, in the ledger's order."""
    for agency in ("MZ-INAR", "ZA-DHA", "UNHCR-RO"):
        expected = {index for index in range(len(ledger.raw)) if agency in named(ledger, index)}
        items = await inbox(client, agency)
        assert [item["index"] for item in items] == sorted(expected)
        for item in items:
            assert b64u.decode(item["leaf"]) == ledger.raw[item["index"]]
            assert item["erased"] == []
            assert set(item["parts"]) == parts_for(ledger, item["index"], agency)


def named(ledger: Audited, index: int) -> set[str]:
    """Whom the leaf concerns (`wire.md` §5): of what is refused its sender alone."""
    header = message.parse(ledger.envelopes[index].payload)
    if ledger.leaves[index].ruling.code:
        return {header.sender}
    readers = {reader for part in header.part_entries for reader in part.readers}
    return {header.sender, *header.addressees, *readers, ledger.leaves[index].ruling.responsible or ""}


def parts_for(ledger: Audited, index: int, agency: str) -> set[str]:
    header = message.parse(ledger.envelopes[index].payload)
    return {part.name for part in header.part_entries if agency in part.readers}


async def inbox(client: HubClient, agency: str) -> list[Any]:
    items: list[Any] = []
    while True:
        after = items[-1]["index"] if items else -1
        page = (await client.get(f"/v1/inbox?after={after}&limit=100", agency)).body
        items += page["data"]
        if page["done"]:
            return items


async def check_topics(cast: Cast, ledger: Audited) -> None:
    """The topics have every leaf, in order; one may stand twice, none is left out."""
    record, directory = await records(cast, RECORD), await records(cast, DIRECTORY)
    assert in_order(record) == dict(enumerate(ledger.raw))
    statements = in_order(directory)
    assert statements.items() <= dict(enumerate(ledger.raw)).items()
    assert len(statements) == len(cast.admissions()[0]) + len(cast.admissions()[1])
    before = [-1, *statements]
    assert {int(dict(one.headers)["previous"]): index_of(one) for one in directory} == dict(
        zip(before, statements, strict=False)
    )
    submitted = {one.value for one in await records(cast, SUBMISSIONS) if one.value}
    assert submitted == {leaf.envelope for leaf in ledger.leaves}


async def records(cast: Cast, topic: str) -> list[Record]:
    stream = SqliteStream(cast.folder / "stream.sqlite")
    try:
        await stream.create(topics(1))
        found: list[Record] = []
        while page := await stream.read(topic, found[-1].position + 1 if found else 0):
            found += page
        return found
    finally:
        await stream.close()


async def check_rows(cast: Cast, ledger: Audited) -> None:
    """Delivery's and the registry's heads are those that deciding every leaf again gives; everything is published."""
    store = SqliteStore(cast.folder / "store.sqlite")
    try:
        assert await heads(store, delivery.cases) == await heads(store, registry.cases) == ledger.cases
        async with store.read() as db:
            state = (await db.execute(select(registry.state))).one()
        assert state.size == state.published == state.checkpoint_size == len(ledger.raw)
        assert state.position == (await records(cast, SUBMISSIONS))[-1].position + 1
        assert f'"position": {state.position}'.encode() in ((await records(cast, PROGRESS))[-1].value or b"")
    finally:
        await store.close()


async def heads(store: SqliteStore, table: Table) -> dict[str, Case]:
    async with store.read() as db:
        return {row.id: Case.from_bytes(row.head) for row in await db.execute(select(table.c.id, table.c.head))}
