"""What an agency's topic is told of an erasure: the items that named the part, as they are now, and its tombstone.

1. The items first, then the tombstone: once compaction has taken the part, and after a while its tombstone too, what is
   left under an item's index names it as erased, and nobody waits for the part.
2. Every item of the agency's inbox that names the part, of whichever message. Also one that is not noted as published:
   its page may have landed. It may come out of turn thereby; it comes again with its page.
3. An item may be older than the one that it lands behind: of its parts another was erased while it was on its way. So
   whoever has appended items looks afterwards, and appends anew what they had there that is erased. An erasure that he
   does not see yet comes after the look, and so does what is appended for it.
4. Not before the rows are where the order stands: while they are made again from index 0, items are missing.
5. An outbox: after a crash everything is appended again, as it is then. Once is enough: a part that comes again is not
   kept, and no page has it.
"""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Unavailable
from hifadhi.hub.delivery import erasures, inbox_records, naming, tables
from hifadhi.hub.delivery.doorbell import Doorbell
from hifadhi.hub.delivery.naming import NONE, Piece
from hifadhi.store.among import among
from hifadhi.store.port import Store
from hifadhi.stream import topics
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import RECORD

PAGE: Final = 100
"""Erasures at once."""

PIECE_BYTES: Final = 1 << 20
"""Of the items of one append, with their parts: however many name a part, so much is held in memory."""

_ERASED: Final = tables.erased.c
_FOLLOWED: Final = func.coalesce(
    select(tables.progress.c.size)
    .where(tables.progress.c.topic == RECORD, tables.progress.c.partition == 0)
    .scalar_subquery(),
    0,
)
_DUE: Final = (
    select(_ERASED.digest)
    .where(~_ERASED.reissued, _ERASED.order_index < _FOLLOWED)  # rule 4
    .order_by(_ERASED.digest)
    .limit(bindparam("most"))
)
_AHEAD: Final = (
    select(_ERASED.digest).where(among(_ERASED.digest, "digests"), _ERASED.order_index >= _FOLLOWED).limit(1)
)
_WITH_TOPIC: Final = select(tables.inbox_topics.c.agency).where(among(tables.inbox_topics.c.agency, "agencies"))
_REISSUED: Final = update(tables.erased).where(among(_ERASED.digest, "digests")).values(reissued=True)


async def reissue(store: Store, stream: Stream, agency: str, digests: Collection[str]) -> None:
    """Tell this agency's topic that these parts are erased. `Unavailable`: some of it may be there; call it again."""
    gone = set(digests)
    while gone:
        gone = await _append(store, stream, agency, gone)


async def _append(store: Store, stream: Stream, agency: str, gone: AbstractSet[str]) -> set[str]:
    """What else of the items was erased by the time that they had landed (rule 3)."""
    named: set[str] = set()
    later: set[str] = set()
    after: int | None = NONE
    while after is not None:
        linked, after = await _piece(store, agency, gone, after)
        named |= {digest for one in linked for digest in one.item.parts.values()} & gone
        entries = [inbox_records.item(*one) for one in linked]
        if after is None:  # rule 1
            entries += map(erasures.tombstone, sorted(named))
        await stream.append(topics.inbox(agency).name, entries)
        async with store.look() as db:
            later |= await erasures.among_erased(db, {digest for one in linked for digest in one.item.here})
    return later


async def _piece(store: Store, agency: str, gone: AbstractSet[str], after: int) -> Piece:
    async with store.read() as db:
        await _refuse_unfollowed(db, gone)
        return await naming.items(db, agency, gone, after=after, max_bytes=PIECE_BYTES)


async def _refuse_unfollowed(db: AsyncConnection, digests: Collection[str]) -> None:
    """Rule 4."""
    if (await db.execute(_AHEAD, {"digests": digests})).first():
        raise Unavailable("an order of erasure is not followed yet: the inboxes are being made again")


class Reissues:
    """Rule 5. `ring` when there may be something."""

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream = store, stream
        self._bell = Doorbell(self._reissue_page, gather_s=erasures.GATHER_S)
        self.ring = self._bell.ring

    async def run_once(self) -> None:
        """Wait for the ring, then append everything. `Unavailable`: call it again."""
        await self._bell.answer()

    async def _reissue_page(self) -> bool:
        """Whether there may be more."""
        digests, agencies = await self._due()
        if not digests:
            return False
        for agency in sorted(agencies):
            await reissue(self._store, self._stream, agency, digests)
        async with self._store.write() as db:  # crash before this line: rule 5
            await db.execute(_REISSUED, {"digests": digests})
        return True

    async def _due(self) -> tuple[Sequence[str], set[str]]:
        """Parts, and the agencies whose topics are to be told of them."""
        async with self._store.read() as db:  # a snapshot, by rule 4
            digests = (await db.execute(_DUE, {"most": PAGE})).scalars().all()
            return digests, await _with_topic(db, digests) if digests else set()


async def _with_topic(db: AsyncConnection, digests: Sequence[str]) -> set[str]:
    """Who has a topic that may hold one of these parts; a topic that is made later never gets it."""
    agencies = await naming.agencies(db, digests)
    return set((await db.execute(_WITH_TOPIC, {"agencies": agencies})).scalars())
