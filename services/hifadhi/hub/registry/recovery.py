"""At every start and takeover: the rows and `record` must tell the same story.

1. Equal at the overlap, else `Tampered`: one of them was exchanged, and nobody may seal on top of that.
2. Behind `record` (a restored backup): the lost leaves are folded back from it, never decided anew in another order.
3. Ahead of `record` (a crash before the append): the publisher appends the rest from the rows.
"""

from collections.abc import AsyncIterator

from sqlalchemy import select

from hifadhi import crash_point
from hifadhi.errors import Tampered
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence.leaf import Leaf
from hifadhi.hub.registry import tables
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.store.port import Store
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import RECORD

OVERLAP = 256


async def recover(store: Store, stream: Stream, sealer: Sealer) -> int:
    """Load the sealer, compare, and refold what the rows have lost; how many leaves that was."""
    await sealer.load()
    end, refolded = await stream.end(RECORD), 0
    async for page in _pages(stream, max(0, min(end, sealer.size) - OVERLAP), end):
        known = [record for record in page if index_of(record) < sealer.size]
        await _compare(store, known)
        lost = _lost(page, sealer.size)
        if lost:
            crash_point.reach("registry: before refold")
            refolded += len((await sealer.refold(lost)).batch.leaves)
            crash_point.reach("registry: after refold")
    return refolded


async def _pages(stream: Stream, position: int, end: int) -> AsyncIterator[list[Record]]:
    while position < end:
        page = await stream.read(RECORD, position, limit=OVERLAP)
        yield page
        position = page[-1].position + 1


async def _compare(store: Store, known: list[Record]) -> None:
    indexes = [index_of(record) for record in known]
    async with store.look() as db:
        found = await db.execute(
            select(tables.leaves.c.leaf_index, tables.leaves.c.leaf).where(tables.leaves.c.leaf_index.in_(indexes))
        )
        ours = {row.leaf_index: row.leaf for row in found}
    for record, index in zip(known, indexes, strict=True):
        if ours.get(index) != record.value:  # rule 1
            raise Tampered("the database and the topic 'record' hold different leaves", index=index)


def _lost(page: list[Record], size: int) -> list[Leaf]:
    """The leaves from `size` on, each once: a leaf may stand twice in `record`, but none is skipped."""
    lost: list[Leaf] = []
    for record in page:
        index = index_of(record)
        if index > size + len(lost):
            raise Tampered("the topic 'record' skips a leaf", index=size + len(lost))
        if index == size + len(lost):
            lost.append(leaves.parse(record.value or b""))
    return lost


def index_of(record: Record) -> int:
    """The ledger index in the record's header."""
    return int(dict(record.headers)["index"])
