"""How far each partition has been followed. The swap is each transaction's first statement, so only one can win."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Update, and_, bindparam, case, delete, or_, select, update
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
    bound: dict[str, int | str] = {"of": topic}
    for at, (number, (old, new)) in enumerate(moves.items()):
        bound |= {f"number{at}": number, f"old_position{at}": old.position, f"old_size{at}": old.size}
        bound |= {f"new_position{at}": new.position, f"new_size{at}": new.size}
    if (await db.execute(_swap_of(len(moves)), bound)).rowcount != len(moves):
        raise SwapLost("another process has followed this topic further")


@cache  # a statement that is made once is worked out once
def _swap_of(count: int) -> Update:
    here, position, size = [], [], []
    for at in range(count):
        is_it = progress.c.partition == bindparam(f"number{at}")
        place = (progress.c.position == bindparam(f"old_position{at}"), progress.c.size == bindparam(f"old_size{at}"))
        here.append(and_(is_it, *place))
        position.append((is_it, bindparam(f"new_position{at}", type_=BigInteger)))
        size.append((is_it, bindparam(f"new_size{at}", type_=BigInteger)))
    swaps = update(progress).where(progress.c.topic == bindparam("of"), or_(*here))
    return swaps.values(position=case(*position), size=case(*size))


async def start_again(store: Store) -> None:
    """Empty everything that the topics can give again. What agencies have fetched stays noted."""
    async with store.write() as db:
        for table in tables.REBUILT:
            await db.execute(delete(table))
