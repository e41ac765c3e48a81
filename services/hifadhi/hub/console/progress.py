"""How far each topic has been followed. The swap is each transaction's first statement, so only one can win."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Unavailable
from hifadhi.hub.console import tables
from hifadhi.hub.console.tables import progress
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring


class SwapLost(Unavailable):
    """Another console on the same store was faster, or a rebuild emptied it. Read the rows again."""


class Place(NamedTuple):
    """The next position to read; of `record` also the next index."""

    position: int
    size: int = 0


async def prepare(store: Store, topic: str) -> Place:
    """Where the row of a topic stands; it is made at the beginning where there is none."""
    async with store.write() as db:
        await db.execute(insert_ignoring(progress), [{"topic": topic, "position": 0, "size": 0}])
        return await place(db, topic)


async def place(db: AsyncConnection, topic: str) -> Place:
    """Where the row of a topic stands; at the beginning if there is none."""
    row = (await db.execute(select(progress).where(progress.c.topic == topic))).one_or_none()
    return Place(row.position, row.size) if row else Place(0)


async def check(db: AsyncConnection, topic: str, known: Place) -> None:
    """`SwapLost` if the row is no longer there: the rows were emptied, to be made again from index 0."""
    if (await db.execute(select(progress.c.topic).where(*_at(topic, known)))).first() is None:
        raise SwapLost(f"the rows of '{topic}' are no longer where this process has left them")


async def swap(db: AsyncConnection, topic: str, old: Place, new: Place) -> None:
    """Move it, or `SwapLost`, which rolls the transaction back."""
    moved = await db.execute(update(progress).where(*_at(topic, old)).values(position=new.position, size=new.size))
    if moved.rowcount != 1:
        raise SwapLost(f"another console has followed '{topic}' further")


def _at(topic: str, known: Place) -> tuple[ColumnElement[bool], ...]:
    return (progress.c.topic == topic, progress.c.position == known.position, progress.c.size == known.size)


async def start_again(store: Store) -> None:
    """Empty all rows, so that the followers begin at index 0. Nothing is lost: the topics hold everything."""
    async with store.write() as db:
        for table in tables.ALL:
            await db.execute(delete(table))
