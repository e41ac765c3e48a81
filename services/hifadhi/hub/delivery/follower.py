"""The follower of topic `record`: leaf by leaf, in order, into inboxes.

1. The next index follows the last: a gap stops the reader loudly, nothing is ever skipped.
2. A lower index is a repeat and dropped, if it is the leaf that we have; another one is `Tampered`.
3. An entry waits until all its parts are there: whoever is named gets it whole, and everyone in the same order.
4. Rows and place move in one transaction: a crash before it leaves the batch to be read again, after it, done.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, NamedTuple

from sqlalchemy import Insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.diagnostics import log
from hifadhi.errors import Tampered, Unavailable
from hifadhi.evidence.projection import LedgerEntry, read
from hifadhi.evidence.recipients import part_entries
from hifadhi.hub.delivery import erasures, metrics, parts, progress, tables
from hifadhi.hub.delivery.batch import Batch, Row, missing_part
from hifadhi.hub.delivery.erasures import Erasure
from hifadhi.hub.delivery.progress import Place
from hifadhi.referral import directory_changes
from hifadhi.referral.case import Case
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring, upsert
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import RECORD

BATCH: Final = 200
READ_BYTES: Final = 4 << 20

# A statement that is made once is worked out once: SQLAlchemy remembers what it becomes.
_CASES: Final = select(tables.cases.c.id, tables.cases.c.head).where(among(tables.cases.c.id, "ids"))
_PAST: Final = (
    select(tables.messages.c.id, tables.leaves.c.leaf_index, tables.leaves.c.leaf)
    .where(tables.messages.c.leaf_index == tables.leaves.c.leaf_index)
    .where(among(tables.messages.c.id, "ids"))
)
_SET_CASES: Final = upsert(tables.cases, keys=["id"], set_=["head", "leaf_index"])
_ADD_LEAVES: Final = insert_ignoring(tables.leaves)
_ADD_MESSAGES: Final = insert_ignoring(tables.messages)  # of a reused id the first row stays
_ADD_ANSWERS: Final = insert_ignoring(tables.answers)  # and so does the first answer
_ADD_INBOX: Final = insert_ignoring(tables.inbox)
_ADD_NAMING: Final = insert_ignoring(tables.naming)


class Numbered(NamedTuple):
    """A record of the ledger at its position in the topic."""

    position: int
    raw: bytes
    entry: LedgerEntry


@dataclass(slots=True)
class Search:
    """How far orders were looked for that erase what the entry at `index` misses, and which messages name that.

    The first to name a part need not be its own message, whose order it is that counts.
    """

    index: int
    position: int
    naming: dict[str, LedgerEntry] = field(default_factory=dict)

    def orders(self, entries: Sequence[LedgerEntry], missing: Collection[str]) -> list[Erasure]:
        """What the next entries erase of it."""
        for entry in entries:
            if entry.recorded and entry.message and any(part.digest in missing for part in part_entries(entry)):
                self.naming[entry.message] = entry
        found = [one for entry in entries for one in erasures.ordered(entry, self.naming)]
        return [one for one in found if one.row["digest"] in missing]


class Follower:
    """One step at a time; `directory` is the one in force after the last. Call `load` first, and after `SwapLost`."""

    def __init__(self, store: Store, stream: Stream, root: Root) -> None:
        self._store, self._stream, self._root = store, stream, root
        self._parts = parts.Parts(store, stream)
        self._place = Place(0)
        self._search = Search(-1, 0)
        self.directory = Directory.of(root)

    @property
    def size(self) -> int:
        """How many leaves are followed."""
        return self._place.size

    async def load(self) -> None:
        """Where the rows are, and the directory that their statements make."""
        await self._parts.load()
        async with self._store.write() as db:
            await progress.prepare(db, RECORD, [0])
        async with self._store.read() as db:
            place = (await progress.places(db, RECORD))[0]
            statements = await _statements(db)
        directory = Directory.of(self._root)
        for statement in statements:
            directory = directory_changes.evolve(directory, statement)
        self._place, self.directory = place, directory
        metrics.SIZE.set(place.size)

    async def step(self, wait_s: float) -> set[str]:
        """Follow the next records, or wait for one; the agencies that have something new.

        `Tampered` by rules 1 and 2, and `Unavailable` while a part is missing; what comes before it is delivered.
        """
        records = await self._stream.read(
            RECORD, self._place.position, limit=BATCH, max_bytes=READ_BYTES, wait_s=wait_s
        )
        if not records:
            await self._check_place()
            return set()
        await self._parts.catch_up()
        fresh, end = await self._fresh(records)
        sizes, cases, named = await self._at_hand([one.entry for one in fresh])
        whole = list(takewhile(lambda one: missing_part(one.entry, sizes) is None, fresh))  # rule 3
        if len(whole) < len(fresh):
            end = fresh[len(whole)].position
        if end == self._place.position:
            if await self._erased_later(fresh[0], sizes):
                return set()
            raise _missing(fresh[0].entry, sizes)
        past = {name: entry.as_past() for name, entry in named.items()}
        return await self._deliver(whole, end, Batch(self.directory, cases, past, sizes, named))

    async def _erased_later(self, waits: Numbered, sizes: Mapping[str, int]) -> bool:
        """Whether a later entry erases the parts that this one misses: then the topic will never have them."""
        missing = {part.digest for part in part_entries(waits.entry)} - sizes.keys()
        if self._search.index != waits.entry.index:
            self._search = Search(waits.entry.index, waits.position)
        search = self._search
        while records := await self._stream.read(RECORD, search.position, limit=BATCH, max_bytes=READ_BYTES):
            found = search.orders([read(_index(record), record.value or b"") for record in records], missing)
            if found:
                async with self._store.write() as db:
                    await erasures.keep(db, found)
                return True
            search.position = records[-1].position + 1
        return False

    async def _at_hand(
        self, entries: Sequence[LedgerEntry]
    ) -> tuple[dict[str, int], dict[str, Case], dict[str, LedgerEntry]]:
        """The sizes of the parts, the cases and the earlier messages that the entries name.

        No snapshot: only who follows changes them, and if another process does, our swap is lost.
        """
        async with self._store.look() as db:
            sizes = await parts.sizes(db, {part.digest for entry in entries for part in part_entries(entry)})
            return sizes, await _cases(db, entries), await _named(db, entries)

    async def _check_place(self) -> None:
        """`SwapLost` if the rows are no longer where we are: they were emptied, to be made again from index 0."""
        async with self._store.look() as db:
            place = (await progress.places(db, RECORD)).get(0)
        if place != self._place:
            raise progress.SwapLost("the rows are no longer where this process has left them")

    async def _fresh(self, records: Sequence[Record]) -> tuple[list[Numbered], int]:
        """The records that are new, each index once, and the position behind them or of the first that is unsound."""
        fresh: list[Numbered] = []
        repeats: dict[int, bytes] = {}
        end = records[-1].position + 1
        for record in records:
            try:
                self._sort(record, self._place.size + len(fresh), fresh, repeats)
            except Tampered:
                if record is records[0]:
                    raise
                end = record.position  # it is the first of the next step, when what precedes it is delivered
                break
        await self._check_repeats(repeats, {one.entry.index: one.raw for one in fresh})
        return fresh, end

    def _sort(self, record: Record, expected: int, fresh: list[Numbered], repeats: dict[int, bytes]) -> None:
        index, raw = _index(record), record.value or b""
        if index > expected:  # rule 1
            raise Tampered("the topic 'record' skips a leaf", index=expected)
        if index == expected:
            fresh.append(Numbered(record.position, raw, read(index, raw)))
        elif repeats.setdefault(index, raw) != raw:  # rule 2
            raise Tampered("the topic 'record' holds two leaves of one index", index=index)

    async def _check_repeats(self, repeats: Mapping[int, bytes], fresh: dict[int, bytes]) -> None:
        if not repeats:
            return
        async with self._store.look() as db:
            kept = select(tables.leaves.c.leaf_index, tables.leaves.c.leaf)
            found = await db.execute(kept.where(tables.leaves.c.leaf_index.in_(repeats)))
            ours = {row.leaf_index: row.leaf for row in found} | fresh
        for index, raw in repeats.items():
            if ours.get(index) != raw:  # rule 2
                raise Tampered("the topic 'record' holds two leaves of one index", index=index)

    async def _deliver(self, whole: Sequence[Numbered], end: int, batch: Batch) -> set[str]:
        after = self._fill(batch, whole, end)
        crash_point.reach("delivery: before inbox rows")
        async with self._store.write() as db:  # rule 4
            await progress.swap(db, RECORD, {0: (self._place, after)})
            await _keep(db, batch)
            crash_point.reach("delivery: in inbox rows")
        crash_point.reach("delivery: after inbox rows")
        self._place, self.directory = after, batch.directory
        metrics.SIZE.set(after.size)
        metrics.ITEMS.inc(len(batch.inbox))
        return batch.agencies

    def _fill(self, batch: Batch, whole: Sequence[Numbered], end: int) -> Place:
        """The place behind the entries that agree with what came before; `Tampered` if the first does not."""
        for count, one in enumerate(whole):
            try:
                batch.add(one.entry, one.raw)
            except Tampered:
                if count == 0:
                    raise
                return Place(one.position, self._place.size + count)
        return Place(end, self._place.size + len(whole))


async def _keep(db: AsyncConnection, batch: Batch) -> None:
    to_write: tuple[tuple[Insert, list[Row]], ...] = (
        (_SET_CASES, list(batch.heads.values())),
        (_ADD_LEAVES, batch.leaves),
        (_ADD_MESSAGES, batch.messages),
        (_ADD_ANSWERS, batch.answers),
        (_ADD_INBOX, batch.inbox),
        (_ADD_NAMING, batch.naming),
    )
    for statement, rows in to_write:
        await insert_all(db, statement, rows)
    if batch.erased:
        await erasures.keep(db, batch.erased)


async def _statements(db: AsyncConnection) -> list[Header]:
    leaves = tables.leaves.c
    kept = select(leaves.leaf_index, leaves.leaf).where(leaves.is_statement).order_by(leaves.leaf_index)
    return [said for row in await db.execute(kept) if (said := read(row.leaf_index, row.leaf).statement)]


async def _cases(db: AsyncConnection, entries: Sequence[LedgerEntry]) -> dict[str, Case]:
    ids = {entry.case for entry in entries if entry.case}
    found = await db.execute(_CASES, {"ids": ids}) if ids else ()
    return {row.id: Case.from_bytes(row.head) for row in found}


async def _named(db: AsyncConnection, entries: Sequence[LedgerEntry]) -> dict[str, LedgerEntry]:
    names = {name for entry in entries for name in entry.names}
    found = await db.execute(_PAST, {"ids": names}) if names else ()
    return {row.id: read(row.leaf_index, row.leaf) for row in found}


def _index(record: Record) -> int:
    text = dict(record.headers).get("index", b"")
    if not text.isdigit() or len(text) > 16:  # noqa: PLR2004 (digits of 2^53)
        raise Tampered(f"the record at position {record.position} has no index")
    return int(text)


def _missing(entry: LedgerEntry, sizes: Mapping[str, int]) -> Unavailable:
    log.error("a part is missing; delivery stands still", index=entry.index, part=missing_part(entry, sizes))
    return Unavailable(f"index {entry.index} names a part that is not in the topic 'parts'", code="PART_MISSING")
