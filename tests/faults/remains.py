"""Everything that an exchange has left behind, read through its ports and its faces once it is at rest."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Table, select

from faults.journal import Journal
from faults.place import Place
from hifadhi.hub.console import tables as console
from hifadhi.hub.delivery import tables as delivery
from hifadhi.hub.registry import tables as registry
from hifadhi.referral.case import Case
from hifadhi.store.metadata import METADATA
from hifadhi.store.port import Store
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import DELIVERIES, PARTS, PROGRESS, RECORD, SUBMISSIONS, topics
from hub_client import HubClient
from hub_ledger import Audited, audit

AGENCIES: Final = ("MZ-INAR", "ZA-DHA", "UNHCR-RO")
AT_REST_S: Final = 60.0
Rows = dict[str, list[Any]]


@dataclass
class Remains:
    """`topics` by name, all partitions of it; `rows` by table; `inboxes` by agency, as they answer now."""

    journal: Journal
    ledger: Audited
    topics: dict[str, list[Record]]
    rows: Rows
    inboxes: dict[str, list[Any]]


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[tuple[Stream, Store]]:
    """Its topics and its rows, from outside."""
    stream, store = place.stream(), place.store()
    try:
        await stream.create(topics(place.parts_partitions))
        yield stream, store
    finally:
        await stream.close()
        await store.close()


async def gathered(journal: Journal, client: HubClient, stream: Stream, store: Store) -> Remains:
    """All of it, from an exchange that runs and that nobody posts to."""
    await at_rest(stream, store)
    inboxes = {agency: await inbox(client, agency) for agency in AGENCIES}
    await at_rest(stream, store)  # asking for a page tells that the one before it is there
    return Remains(
        journal,
        await audit(client),
        {topic.name: await records(stream, topic.name) for topic in topics()},
        {table.name: await rows(store, table) for table in METADATA.sorted_tables},
        inboxes,
    )


async def at_rest(stream: Stream, store: Store) -> None:
    """Wait until every service has done what there is to do."""
    behind: list[str] = ["everything"]
    try:
        async with asyncio.timeout(AT_REST_S):
            while behind:
                await asyncio.sleep(0.05)
                behind = [what async for what in _behind(stream, store)]
    except TimeoutError:
        raise AssertionError(f"never at rest: {', '.join(behind)}") from None


async def _behind(stream: Stream, store: Store) -> AsyncIterator[str]:
    async with store.read() as db:
        state = (await db.execute(select(registry.state))).one()
        followed = {("delivery", row.topic, row.partition): row for row in await db.execute(select(delivery.progress))}
        followed |= {("console", row.topic, 0): row for row in await db.execute(select(console.progress))}
        told = select(delivery.handovers.c.leaf_index).where(~delivery.handovers.c.published).limit(1)
        untold = (await db.execute(told)).first()
        buried = (await db.execute(select(delivery.erased.c.digest).where(~delivery.erased.c.told))).first()
    if state.position < await stream.end(SUBMISSIONS) or not state.size == state.published == state.checkpoint_size:
        yield "the registry"
    for (service, topic, partition), row in followed.items():
        if row.position < await _last(stream, topic, partition) or (topic == RECORD and row.size < state.size):
            yield f"{service} in {topic}"
    if buried:
        yield "what was erased is not told"
    if untold:
        yield "what is fetched is not told"
    if await _progress(stream) < state.position:
        yield "progress"


async def _last(stream: Stream, topic: str, partition: int) -> int:
    """Behind the last record that a reader can have seen: a compact topic's end may be behind a hole."""
    end = await stream.end(topic, partition=partition)
    if topic not in {PARTS, DELIVERIES} or not end:
        return end
    found = await stream.read(topic, max(0, end - 50), partition=partition)
    # What delivery buried itself it passes over when the next leaf comes, and not before.
    seen = [record.position for record in found if record.value is not None]
    return seen[-1] + 1 if seen else 0


async def _progress(stream: Stream) -> int:
    found = await records(stream, PROGRESS)
    return int(json.loads(found[-1].value or b"")["position"]) if found else 0


async def records(stream: Stream, topic: str) -> list[Record]:
    """All of them, partition by partition."""
    found: list[Record] = []
    for partition in range(stream.partitions(topic)):
        position = await stream.oldest(topic, partition=partition)
        end = await stream.end(topic, partition=partition)
        while position < end and (page := await stream.read(topic, position, partition=partition)):
            found += page
            position = page[-1].position + 1
    return found


async def rows(store: Store, table: Table) -> list[Any]:
    """All of them, in the order of their keys."""
    async with store.read() as db:
        found = (await db.execute(select(table).order_by(*table.primary_key.columns))).mappings()
        return [SimpleNamespace(**{name: _meant(name, value) for name, value in row.items()}) for row in found]


def _meant(name: str, value: Any) -> Any:
    """A case's head has a set in it, which is written in any order."""
    return Case.from_bytes(value) if name == "head" else value


async def inbox(client: HubClient, agency: str) -> list[Any]:
    """The whole of it."""
    items: list[Any] = []
    while True:
        after = items[-1]["index"] if items else -1
        page = (await client.get(f"/v1/inbox?after={after}&limit=100", agency)).body
        items += page["data"]
        if page["done"]:
            return items
