"""What agencies have fetched: noted once, and made known in topic `deliveries`.

An agency that comes back with `after` has what came before it. The note and its place in the outbox are one row; the
record is appended afterwards, and again after a crash: its key is the message, the newest one counts.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.evidence.recipients import SENDER
from hifadhi.hub.delivery.doorbell import Doorbell
from hifadhi.hub.delivery.tables import handovers, inbox, messages
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import DELIVERIES

MOST_AT_ONCE: Final = 1000
"""Items that one request notes as fetched; its next one goes on."""

PAGE: Final = 200

GATHER_S: Final = 0.2
"""Operators see a hand-over so much later. Agencies do not wait for it."""


# What an agency has up to an index and is not noted as fetched. Notes have no holes: the highest tells.
_NOTED: Final = select(func.coalesce(func.max(handovers.c.leaf_index), -1)).where(
    handovers.c.agency == bindparam("reader")
)
_UNNOTED: Final = (
    select(inbox.c.leaf_index, inbox.c.role, messages.c.id)
    .outerjoin(messages, messages.c.leaf_index == inbox.c.leaf_index)
    .where(
        inbox.c.agency == bindparam("reader"),
        inbox.c.leaf_index > _NOTED.scalar_subquery(),
        inbox.c.leaf_index <= bindparam("after"),
    )
    .order_by(inbox.c.leaf_index)
    .limit(MOST_AT_ONCE)
)
_ADD: Final = insert_ignoring(handovers)
# The bounds say nothing new to the database but how few rows that is: before it has counted them, it believes that a
# list of two hundred is half of any table, and reads all of it.
_FETCHED: Final = (
    (handovers.c.agency == inbox.c.agency)
    & (handovers.c.leaf_index == inbox.c.leaf_index)
    & handovers.c.leaf_index.between(bindparam("first"), bindparam("last"))
)
_STATES: Final = (
    select(inbox.c.leaf_index, inbox.c.agency, handovers.c.at)
    .outerjoin(handovers, _FETCHED)
    .where(inbox.c.leaf_index.between(bindparam("first"), bindparam("last")))
    .where(among(inbox.c.leaf_index, "indexes"), inbox.c.role != SENDER)
    .order_by(inbox.c.agency)
)
# The page is cut before the messages are looked up: else the way there may lead past all messages there ever were.
_FIRST: Final = (
    select(handovers.c.leaf_index, handovers.c.agency)
    .where(~handovers.c.published)
    .order_by(handovers.c.leaf_index)
    .limit(PAGE)
    .subquery()
)
_UNPUBLISHED: Final = select(messages.c.leaf_index, messages.c.id, _FIRST.c.agency).join(
    _FIRST, messages.c.leaf_index == _FIRST.c.leaf_index
)
_OF_THESE: Final = (
    update(handovers)
    .where(handovers.c.leaf_index.between(bindparam("first"), bindparam("last")))
    .where(among(handovers.c.leaf_index, "indexes"))
)
_TOLD: Final = _OF_THESE.where(handovers.c.agency == bindparam("reader")).values(published=True)
_UNTOLD: Final = _OF_THESE.values(published=False)


async def note(store: Store, agency: str, after: int, at: str) -> bool:
    """Note as fetched at `at` what this agency has up to `after`; whether there was anything to note."""
    async with store.look() as db:
        rows = await _unnoted(db, agency, after)
    if not rows:
        return False
    crash_point.reach("delivery: before fetched rows")
    async with store.write() as db:
        await insert_all(db, _ADD, [{**row, "at": at} for row in rows])
        crash_point.reach("delivery: in fetched rows")
    crash_point.reach("delivery: after fetched rows")
    return True


async def _unnoted(db: AsyncConnection, agency: str, after: int) -> list[dict[str, Any]]:
    found = await db.execute(_UNNOTED, {"reader": agency, "after": after})
    # Of what a sender gets back, and of a lapse, there is nothing to tell.
    return [
        {"agency": agency, "leaf_index": row.leaf_index, "published": row.role == SENDER or row.id is None}
        for row in found
    ]


async def states(db: AsyncConnection, indexes: Collection[int]) -> dict[int, list[dict[str, str]]]:
    """Per index, to whom it was delivered and when they fetched it: `{"agency", "at"?}`, by agency. Not its sender."""
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in await db.execute(_STATES, _listed(indexes)) if indexes else ():
        found[row.leaf_index].append({"agency": row.agency, **({"at": row.at} if row.at else {})})
    return found


class Outbox:
    """Appends to `deliveries` what is noted and not published. `ring` when there may be something."""

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream = store, stream
        self._bell = Doorbell(self._publish_page, gather_s=GATHER_S)
        self.ring = self._bell.ring

    async def run_once(self) -> None:
        """Wait for the ring, and a little for more to come, then publish everything. `Unavailable`: call it again."""
        await self._bell.answer()

    async def _publish_page(self) -> bool:
        """Whether there may be more."""
        async with self._store.look() as db:  # `_mark` compares what is told here with what then is there
            ids, readers = await _unpublished(db)
            found = await states(db, ids) if ids else {}
        if not ids:
            return False
        told = {index: found.get(index, []) for index in ids}
        entries = [_entry(ids[index], index, told[index]) for index in ids]
        crash_point.reach("delivery: before deliveries")
        await self._stream.append(DELIVERIES, entries)
        crash_point.reach("delivery: after deliveries")
        async with self._store.write() as db:  # crash before this line: the same is appended again
            await _mark(db, told, readers)
            crash_point.reach("delivery: in mark")
        crash_point.reach("delivery: after mark")
        return True


async def _unpublished(db: AsyncConnection) -> tuple[dict[int, str], dict[str, set[int]]]:
    """Message id by index, and whose notes of it they are: indexes by agency.

    What a rebuild has not come to yet is left for later, and it comes in order.
    """
    ids: dict[int, str] = {}
    readers: dict[str, set[int]] = defaultdict(set)
    for row in await db.execute(_UNPUBLISHED):
        ids[row.leaf_index] = row.id
        readers[row.agency].add(row.leaf_index)
    return ids, readers


async def _mark(
    db: AsyncConnection, told: Mapping[int, Sequence[dict[str, str]]], readers: Mapping[str, set[int]]
) -> None:
    """Published are these notes, where all is still as we told it; what has changed meanwhile is told again.

    What another agency notes from here on is not among them: nobody was told of it.
    """
    now = await states(db, told)
    same = {index for index in told if now.get(index, []) == told[index]}
    ours = [{"reader": reader, **_listed(mine)} for reader, noted in readers.items() if (mine := noted & same)]
    if ours:
        await db.execute(_TOLD, ours)
    if other := told.keys() - same:
        await db.execute(_UNTOLD, _listed(other))


def _listed(indexes: Collection[int]) -> dict[str, Any]:
    return {"indexes": indexes, "first": min(indexes), "last": max(indexes)}


def _entry(message: str, index: int, delivered: Sequence[dict[str, str]]) -> Entry:
    value = json.dumps({"index": index, "delivered": delivered}, separators=(",", ":"))
    return Entry(message.encode(), value.encode())
