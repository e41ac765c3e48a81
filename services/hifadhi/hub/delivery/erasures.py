"""Erased parts: by an order in the ledger only, for ever, and told to whoever keeps a copy on the stream.

1. An order erases parts of the message that it names, and that its own sender sent: the registry saw to that. A part
   that says that it is another message's stays: who was sent it could name it too, and destroy it for everybody.
2. The row of a part is emptied in the transaction in which its order is followed: from then on nobody gets it.
3. Its tombstone follows in `parts`: an outbox, appended again after a crash. For the topics of agencies see `reissue`.
4. A digest that was erased stays so: a part that comes again is not kept, and its tombstone is due again; also if it
   comes while one is on its way, which would stand before it.
5. What no reader had fetched yet is an alarm: somebody acts on a message without what it said.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.diagnostics import log
from hifadhi.errors import Refused
from hifadhi.evidence import b64u
from hifadhi.evidence.projection import LedgerEntry
from hifadhi.evidence.recipients import part_entries
from hifadhi.hub.delivery import metrics, tables
from hifadhi.hub.delivery.doorbell import Doorbell
from hifadhi.hub.delivery.part_header import message_of
from hifadhi.referral.headers import ErasureOrdered
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring, upsert
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import PARTS

PAGE: Final = 100
GATHER_S: Final = 0.2
"""Every leaf rings, for one of them may bring an order."""

Row = dict[str, Any]


class Erasure(NamedTuple):
    """What an order erases of this message: a row of `erased`."""

    message: str
    row: Row


_ADD: Final = insert_ignoring(tables.erased)
_EMPTY: Final = upsert(tables.parts, keys=["digest"], set_=["sealed"])
_AMONG: Final = select(tables.erased.c.digest).where(among(tables.erased.c.digest, "digests"))
_CAME: Final = (
    update(tables.erased)
    .where(among(tables.erased.c.digest, "digests"))
    .values(told=False, again=tables.erased.c.again + 1)
)
_TOLD: Final = (
    update(tables.erased)
    .where(tables.erased.c.digest == bindparam("of"), tables.erased.c.again == bindparam("then"))  # rule 4
    .values(told=True)
)
_SEALED: Final = select(tables.parts.c.sealed).where(tables.parts.c.digest == bindparam("of"))


def ordered(entry: LedgerEntry, messages: Mapping[str, LedgerEntry]) -> list[Erasure]:
    """What an entry would erase of an earlier message; nothing if it is no order."""
    header = entry.header
    if not entry.recorded or not isinstance(header, ErasureOrdered):
        return []
    message = messages.get(header.in_reply_to)
    rows = _rows(entry.index, header.digests, message) if message else []
    return [Erasure(header.in_reply_to, row) for row in rows]


def _rows(order: int, digests: Collection[str], message: LedgerEntry) -> list[Row]:
    sender = message.header.sender if message.header else ""
    readers = {part.digest: [sender, *(set(part.readers) - {sender})] for part in part_entries(message)}
    told = {"order_index": order, "message_index": message.index, "told": False}
    return [{"digest": digest, "readers": readers[digest], **told} for digest in digests if digest in readers]


async def keep(db: AsyncConnection, erasures: Sequence[Erasure]) -> None:
    """Rules 1, 2 and 5."""
    rows = [one.row for one in erasures if await _is_its_own(db, one)]
    await insert_all(db, _ADD, rows)
    await insert_all(db, _EMPTY, [{"digest": digest, "sealed": None} for digest in {row["digest"] for row in rows}])
    for row in rows:
        fetched = tables.handovers.c
        found = await db.execute(select(fetched.agency).where(fetched.leaf_index == row["message_index"]))
        if set(row["readers"][1:]) - set(found.scalars()):
            metrics.ERASED_UNREAD.inc()
            log.error("a part was erased before its readers had it", order=row["order_index"], of=row["message_index"])


async def _is_its_own(db: AsyncConnection, erasure: Erasure) -> bool:
    """Rule 1. Of what is gone already there is nothing to ask; what says nothing is no part that anybody can open."""
    sealed = (await db.execute(_SEALED, {"of": erasure.row["digest"]})).scalar()
    if sealed is None:
        return True
    try:
        own = message_of(sealed) == erasure.message
    except Refused:
        return True
    if not own:
        log.error("an order names a part of another message; it stays", order=erasure.row["order_index"])
    return own


async def empty_again(db: AsyncConnection) -> None:
    """Rule 4: after the rows of parts were emptied, to be made again, what was erased is there as erased."""
    gone = select(tables.erased.c.digest).where(tables.erased.c.digest.not_in(select(tables.parts.c.digest)))
    rows = [{"digest": digest, "sealed": None} for digest in (await db.execute(gone)).scalars()]
    await insert_all(db, _EMPTY, rows)


async def came_again(db: AsyncConnection, digests: Collection[str]) -> None:
    """Rule 4: of these parts, which were just read, those that were erased get another tombstone."""
    await db.execute(_CAME, {"digests": digests})


async def among_erased(db: AsyncConnection, digests: Collection[str]) -> set[str]:
    """Which of these parts are erased."""
    return set((await db.execute(_AMONG, {"digests": digests})).scalars()) if digests else set()


def tombstone(digest: str) -> Entry:
    """What stands under a part's digest from then on, wherever the part stood."""
    return Entry(b64u.decode(digest), None)


class Tombstones:
    """Rule 3. `ring` when there may be something."""

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream = store, stream
        self._bell = Doorbell(self._append_page, gather_s=GATHER_S)
        self.ring = self._bell.ring

    async def run_once(self) -> None:
        """Wait for the ring, then append everything. `Unavailable`: call it again."""
        await self._bell.answer()

    async def _append_page(self) -> bool:
        """Whether there may be more."""
        rows = await self._untold()
        if not rows:
            return False
        crash_point.reach("delivery: before tombstones")
        await self._stream.append(PARTS, [tombstone(row.digest) for row in rows])
        crash_point.reach("delivery: after tombstones")
        async with self._store.write() as db:  # crash before this line: the same is appended again
            await db.execute(_TOLD, [{"of": row.digest, "then": row.again} for row in rows])
            crash_point.reach("delivery: in told")
        return True

    async def _untold(self) -> Sequence[Any]:
        due = select(tables.erased).where(~tables.erased.c.told).order_by(tables.erased.c.digest).limit(PAGE)
        async with self._store.look() as db:
            return (await db.execute(due)).all()
