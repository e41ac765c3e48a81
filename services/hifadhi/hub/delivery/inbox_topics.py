"""The topics `inbox.<agency>`: each agency's inbox once more, for those who read from Kafka.

1. An item stands behind its parts. A part is a record of its own under its digest, so that it can be erased by itself.
2. What is in the topic is a row per agency, moved after the append and only upwards: after a crash in between the
   same page is appended again. A reader knows a repeat by `index`.
3. `previous` is the index of the item before it. Where that one is not there yet, compaction has taken an older copy
   of it: it comes again further on, as does a part that an item names and that is not there.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence import b64u
from hifadhi.hub.delivery import inbox, metrics, tables
from hifadhi.hub.delivery.inbox import Item
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring
from hifadhi.stream import topics
from hifadhi.stream.port import Entry, Stream

PAGE: Final = 200
PAGE_BYTES: Final = 1 << 20
AT_ONCE: Final = 16
"""Agencies that are appended for in one round: it bounds what is held in memory to as many pages."""

NONE: Final = -1


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
        outcomes = await asyncio.gather(
            *(self._append(of, published[of], found) for of, found in fresh.items()), return_exceptions=True
        )
        failed = {of: said for of, said in zip(fresh, outcomes, strict=True) if said is not None}
        await self._note({of: found[-1].index for of, found in fresh.items() if of not in failed})
        self._due |= dict.fromkeys(of for of, (_, done) in pages.items() if not done or of in failed)
        return list(failed.values())

    async def _append(self, agency: str, previous: int, items: Sequence[Item]) -> None:
        await self._stream.append(topics.inbox(agency).name, list(_entries(previous, items)))
        metrics.INBOX_TOPIC_ITEMS.inc(len(items))

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


def _entries(previous: int, items: Iterable[Item]) -> Iterator[Entry]:
    for item in items:
        for digest, sealed in item.sealed.items():  # rule 1
            if sealed is not None:
                yield Entry(b64u.decode(digest), sealed)
        yield _entry(previous, item)
        previous = item.index


def _entry(previous: int, item: Item) -> Entry:
    """The item of `wire.md` §5, its parts by digest instead of in full."""
    index = str(item.index).encode()
    said = {"index": item.index, "role": item.role, "leaf": b64u.encode(item.leaf)}
    parts = {name: digest for name, digest in item.parts.items() if name not in item.erased}
    value = json.dumps({**said, "parts": parts, "erased": item.erased}, separators=(",", ":"))
    return Entry(index, value.encode(), (("index", index), ("previous", str(previous).encode())))
