"""How far each partition has been followed. The swap is each transaction's first statement, so only one can win."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import and_, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Unavailable
from hifadhi.hub.delivery import tables
from hifadhi.hub.delivery.tables import progress
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring


class SwapLost(Unavailable):
    """Another process was faster. Forget what is at hand and read the rows again."""


class Place(NamedTuple):
    """The next position to read; of `record` also the next index."""

    position: int
    size: int = 0


async def prepare(db: AsyncConnection, topic: str, partitions: Collection[int]) -> None:
    """The rows that the swap needs, where they are not there yet."""
    rows = [{"topic": topic, "partition": number, "position": 0, "size": 0} for number in partitions]
    await db.execute(insert_ignoring(progress), rows)


async def places(db: AsyncConnection, topic: str) -> dict[int, Place]:
    """The place in each partition of a topic."""
    found = await db.execute(select(progress).where(progress.c.topic == topic))
    return {row.partition: Place(row.position, row.size) for row in found}


async def swap(db: AsyncConnection, topic: str, moves: Mapping[int, tuple[Place, Place]]) -> None:
    """Move these partitions, each from a place to a place, or `SwapLost`, which rolls the transaction back."""
    partition = progress.c.partition
    here = [
        and_(partition == number, progress.c.position == old.position, progress.c.size == old.size)
        for number, (old, _) in moves.items()
    ]
    position = case({number: new.position for number, (_, new) in moves.items()}, value=partition)
    size = case({number: new.size for number, (_, new) in moves.items()}, value=partition)
    swaps = update(progress).where(progress.c.topic == topic, or_(*here)).values(position=position, size=size)
    if (await db.execute(swaps)).rowcount != len(moves):
        raise SwapLost("another process has followed this topic further")


async def start_again(store: Store) -> None:
    """Empty everything that the topics can give again. What agencies have fetched stays noted."""
    async with store.write() as db:
        for table in tables.REBUILT:
            await db.execute(delete(table))
