"""The follower of topic `record`: leaf by leaf, in order, into the rows that pages are made of.

1. The next index follows the last: a gap stops the console loudly, nothing is left out of a page in silence.
2. A lower index is a repeat and dropped, if it is the leaf that we have; another one is `Tampered`.
3. Rows and place move in one transaction: a crash before it leaves the batch to be read again, after it, done.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Insert, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Tampered
from hifadhi.evidence.leaf import RECORDED
from hifadhi.evidence.projection import LedgerEntry, read
from hifadhi.hub.console import progress, tables
from hifadhi.hub.console.batch import Batch
from hifadhi.hub.console.progress import Place
from hifadhi.referral import directory_changes
from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root
from hifadhi.referral.table import ENDED, State
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import Holds, insert_ignoring, upsert
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import RECORD

BATCH: Final = 200
READ_BYTES: Final = 4 << 20

# Of a reused message id the first row stays.
_ADDED: Final = (tables.entries, tables.messages, tables.statements, tables.unfetched, tables.timeline)
# When its answer was due stays with an escalated referral, which has no clock any more.
_STAYS: Final[Mapping[str, Holds]] = {
    "answer_due": lambda new: (new.state == State.ESCALATED) & new.answer_due.is_(None)
}


def _changing(table: Table, kept: Mapping[str, Holds] | None = None) -> Insert:
    columns = [column.name for column in table.columns if not column.primary_key]
    return upsert(table, keys=["id"], set_=columns, kept=kept)


_KEEP: Final = {
    **{table: insert_ignoring(table) for table in _ADDED},
    tables.cases: _changing(tables.cases),
    tables.referrals: _changing(tables.referrals, _STAYS),
}


class Fresh(NamedTuple):
    """An entry and its sealed bytes."""

    entry: LedgerEntry
    raw: bytes


class Ledger:
    """One step at a time. Call `load` first, and again after `Unavailable`."""

    topic: Final = RECORD

    def __init__(self, store: Store, stream: Stream, root: Root) -> None:
        self._store, self._stream, self._root = store, stream, root
        self._place, self._directory, self._limit = Place(0), Directory.of(root), BATCH

    @property
    def max_delay_s(self) -> int:
        """What a receipt promises, by the root in force."""
        return self._directory.root.max_delay_s

    async def load(self) -> None:
        """Where the rows are, and the directory that their statements make."""
        await progress.prepare(self._store, RECORD)
        async with self._store.read() as db:
            self._place = await progress.place(db, RECORD)
            kept = select(tables.statements).order_by(tables.statements.c.leaf_index)
            found = (await db.execute(kept)).all()
        self._directory = Directory.of(self._root)
        for row in found:
            if statement := read(row.leaf_index, row.leaf).statement:
                self._directory = directory_changes.evolve(self._directory, statement)

    async def step(self, wait_s: float) -> bool:
        """Follow the next records, or wait for one; whether there was any. `Tampered` by rules 1 and 2."""
        records = await self._stream.read(
            RECORD, self._place.position, limit=self._limit, max_bytes=READ_BYTES, wait_s=wait_s
        )
        if not records:
            async with self._store.read() as db:
                await progress.check(db, RECORD, self._place)
            return False
        try:
            await self._follow(records)
        except Tampered:
            if len(records) == 1:
                raise
            self._limit = 1  # from here leaf by leaf: all that comes before the contradiction is shown
        return True

    async def _follow(self, records: Sequence[Record]) -> None:
        fresh, repeats = _sort(records, self._place.size)
        async with self._store.read() as db:
            await _check_repeats(db, repeats)
            batch = await self._batch(db, [one.entry for one in fresh])
        for one in fresh:
            batch.add(one.entry, one.raw)
        after = Place(records[-1].position + 1, self._place.size + len(fresh))
        async with self._store.write() as db:  # rule 3
            await progress.swap(db, RECORD, self._place, after)
            await _keep(db, batch)
        self._place, self._directory = after, batch.directory

    async def _batch(self, db: AsyncConnection, entries: Sequence[LedgerEntry]) -> Batch:
        cases = await _cases(db, {entry.case for entry in entries if entry.case})
        past, within = await _past(db, {name for entry in entries for name in entry.names})
        return Batch(self._directory, cases, past, within)


def _sort(records: Sequence[Record], size: int) -> tuple[list[Fresh], dict[int, bytes]]:
    """The entries that are new, and the hashes of repeats, by index."""
    fresh: list[Fresh] = []
    repeats: dict[int, bytes] = {}
    for record in records:
        index, raw = _index(record), record.value or b""
        expected = size + len(fresh)
        if index > expected:  # rule 1
            raise Tampered("the topic 'record' skips a leaf", index=expected)
        if index == expected:
            fresh.append(Fresh(read(index, raw), raw))
            repeats[index] = sha256(raw).digest()
        elif repeats.setdefault(index, sha256(raw).digest()) != sha256(raw).digest():  # rule 2
            raise _two_leaves(index)
    return fresh, {index: digest for index, digest in repeats.items() if index < size}


def _index(record: Record) -> int:
    text = dict(record.headers).get("index", b"")
    if not text.isdigit() or len(text) > 16:  # noqa: PLR2004 (digits of 2^53)
        raise Tampered(f"the record at position {record.position} has no index")
    return int(text)


async def _check_repeats(db: AsyncConnection, repeats: Mapping[int, bytes]) -> None:
    if not repeats:
        return
    kept = select(tables.entries.c.leaf_index, tables.entries.c.leaf_hash)
    found = await db.execute(kept.where(tables.entries.c.leaf_index.in_(repeats)))
    ours = {row.leaf_index: row.leaf_hash for row in found}
    for index, digest in repeats.items():
        if ours.get(index) != digest:  # rule 2
            raise _two_leaves(index)


def _two_leaves(index: int) -> Tampered:
    return Tampered("the topic 'record' holds two leaves of one index", index=index)


async def _cases(db: AsyncConnection, ids: set[str]) -> dict[str, Case]:
    found = await db.execute(select(tables.cases.c.id, tables.cases.c.head).where(tables.cases.c.id.in_(ids)))
    return {row.id: Case.from_bytes(row.head) for row in found}


async def _past(db: AsyncConnection, ids: set[str]) -> tuple[dict[str, Sealed], dict[str, str]]:
    """What is known of these messages, and the referral of each that was said within one."""
    known, said = tables.messages.c, tables.entries.c
    wanted = select(known.id, known.digest, tables.entries).where(known.leaf_index == said.leaf_index)
    rows = (await db.execute(wanted.where(known.id.in_(ids)))).all()
    past = {
        row.id: Sealed(
            index=row.leaf_index,
            digest=row.digest,
            type=row.type,
            sender=row.sender,
            to=tuple(row.addressees),
            case=row.case or "",
            recorded=row.ruling == RECORDED,
        )
        for row in rows
    }
    return past, {row.id: row.referral for row in rows if row.referral}


async def _keep(db: AsyncConnection, batch: Batch) -> None:
    rows = {
        tables.entries: batch.entries,
        tables.messages: batch.messages,
        tables.statements: batch.statements,
        tables.unfetched: batch.unfetched,
        tables.timeline: batch.timeline,
        tables.cases: [*batch.heads.values()],
        tables.referrals: [*batch.referrals.values()],
    }
    for table, statement in _KEEP.items():
        await insert_all(db, statement, rows[table])
    for agency, successor in batch.succeeded.items():
        await _succeed(db, agency, successor)


async def _succeed(db: AsyncConnection, agency: str, successor: str) -> None:
    """Cases that nothing has been said of since their agency was removed show its successor too."""
    cases, referrals = tables.cases, tables.referrals
    await db.execute(update(cases).where(cases.c.responsible == agency).values(responsible=successor))
    for side in ("sender", "receiver"):
        open_ones = referrals.c[side] == agency, referrals.c.state.not_in(ENDED)
        await db.execute(update(referrals).where(*open_ones).values({side: successor}))
