"""The topics `inbox.<agency>`: each agency's inbox once more, for those who read from Kafka.

1. An item stands behind its parts. A part is a record of its own under its digest, so that it can be erased by itself.
2. What is in the topic is a row per agency, moved after the append and only upwards: after a crash in between the
   same page is appended again. A reader knows a repeat by `index`.
3. `previous` is the index of the item before it. Where that one is not there yet, compaction has taken an older copy
   of it: it comes again further on. Where a part that an item names is not there, it was erased, or compaction has
   taken an older copy: the item or the part comes again further on. Of two copies of an item the one that has more in
   `erased` counts, for what is erased stays so.
4. When a part is erased, the items that named it come again, and its tombstone behind them (`reissue`). But a page is
   on its way for a while, and may land behind that, or not be noted and come again. So a page has tombstones itself
   for what is gone of it, and what was erased while it was on its way is told again before it is noted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.delivery import erasures, inbox, inbox_records, metrics, tables
from hifadhi.hub.delivery.inbox import Item
from hifadhi.hub.delivery.naming import NONE
from hifadhi.hub.delivery.reissue import reissue
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring
from hifadhi.stream import topics
from hifadhi.stream.port import Entry, Stream

PAGE: Final = 200
PAGE_BYTES: Final = 1 << 20
AT_ONCE: Final = 16
"""Agencies that are appended for in one round: it bounds what is held in memory to as many pages."""


class InboxTopics:
    """Appends what the inboxes have and their topics have not. `agencies` gives those that are admitted now."""

    def __init__(self, store: Store, stream: Stream, agencies: Callable[[], Collection[str]]) -> None:
        self._store, self._stream, self._agencies = store, stream, agencies
        self._made: set[str] = set()
        self._due: dict[str, None] = {}  # in the order in which they became so: nobody is passed over
        self._rung = asyncio.Event()
        self._rung.set()

    def ring(self, agencies: Iterable[str]) -> None:
        """Look soon: these have something new, or an agency was admitted."""
        self._due |= dict.fromkeys(agencies)
        self._rung.set()

    def ring_all(self) -> None:
        """Look soon: anyone may have something new."""
        self.ring(self._made)

    async def run_once(self) -> None:
        """Wait for the ring, then append everything. `Unavailable`: call it again."""
        await self._rung.wait()
        self._rung.clear()
        try:
            await self._make()
            while agencies := self._next():
                await self._append_some(agencies)
                await self._make()
        except BaseException:
            self._rung.set()
            raise

    async def _make(self) -> None:
        """A topic and a row for each agency that has none yet."""
        new = sorted(set(self._agencies()) - self._made)
        if not new:
            return
        await self._stream.create([topics.inbox(agency) for agency in new])
        async with self._store.write() as db:
            rows = [{"agency": agency, "published": NONE} for agency in new]
            await db.execute(insert_ignoring(tables.inbox_topics), rows)
        self._made.update(new)
        self._due |= dict.fromkeys(new)

    def _next(self) -> list[str]:
        """Whose turn it is. Who became due while the broker made topics for others has none yet, and comes later."""
        return [agency for agency in self._due if agency in self._made][:AT_ONCE]

    async def _append_some(self, agencies: Sequence[str]) -> None:
        for agency in agencies:
            del self._due[agency]  # before its rows are read: what comes meanwhile rings again
        try:
            failures = await self._append_for(agencies)
        except BaseException:
            self._due |= dict.fromkeys(agencies)
            raise
        if failures:
            raise failures[0]

    async def _append_for(self, agencies: Sequence[str]) -> list[BaseException]:
        """One page of each. What goes wrong with one topic holds up no other."""
        async with self._store.look() as db:
            published = await _published(db, agencies)
            pages = {of: await _page(db, of, after=published[of]) for of in agencies}
        fresh = {of: found for of, (found, _) in pages.items() if found}
        failed = await self._append({of: list(inbox_records.page(published[of], mine)) for of, mine in fresh.items()})
        landed = {of: found for of, found in fresh.items() if of not in failed}
        failed |= await self._tell_again(landed)
        await self._note({of: found[-1].index for of, found in landed.items() if of not in failed})
        self._due |= dict.fromkeys(of for of, (_, done) in pages.items() if not done or of in failed)
        return list(failed.values())

    async def _append(self, entries: Mapping[str, Sequence[Entry]]) -> dict[str, BaseException]:
        """These to the topics of these agencies; what went wrong, by agency."""
        return await _failures({of: self._stream.append(topics.inbox(of).name, mine) for of, mine in entries.items()})

    async def _tell_again(self, landed: Mapping[str, Sequence[Item]]) -> dict[str, BaseException]:
        """Rule 4: what was erased of these items by the time that they had landed; what went wrong, by agency."""
        metrics.INBOX_TOPIC_ITEMS.inc(sum(map(len, landed.values())))
        here = {of: {digest for item in items for digest in item.here} for of, items in landed.items()}
        async with self._store.look() as db:
            gone = await erasures.among_erased(db, set().union(*here.values()))
        overtaken = {of: mine & gone for of, mine in here.items() if mine & gone}
        return await _failures({of: reissue(self._store, self._stream, of, mine) for of, mine in overtaken.items()})

    async def _note(self, ends: dict[str, int]) -> None:
        """Rule 2."""
        if not ends:
            return
        row, end = tables.inbox_topics.c, bindparam("end", type_=BigInteger)
        rises = update(tables.inbox_topics).where(row.agency == bindparam("of"), row.published < end)
        async with self._store.write() as db:
            await db.execute(rises.values(published=end), [{"of": of, "end": index} for of, index in ends.items()])


async def _published(db: AsyncConnection, agencies: Sequence[str]) -> dict[str, int]:
    rows = tables.inbox_topics
    found = await db.execute(select(rows.c.agency, rows.c.published).where(rows.c.agency.in_(agencies)))
    return {row.agency: row.published for row in found}


async def _page(db: AsyncConnection, agency: str, *, after: int) -> tuple[list[Item], bool]:
    return await inbox.items(db, agency, after=after, limit=PAGE, max_bytes=PAGE_BYTES)


async def _failures(doing: Mapping[str, Awaitable[object]]) -> dict[str, BaseException]:
    """Do it all at once; what went wrong, by agency."""
    outcomes = await asyncio.gather(*doing.values(), return_exceptions=True)
    return {of: said for of, said in zip(doing, outcomes, strict=True) if isinstance(said, BaseException)}
