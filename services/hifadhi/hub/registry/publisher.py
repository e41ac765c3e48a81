"""Makes known what is committed, in this order: checkpoint and tiles, dead letters, record, directory, progress.

A batch that is signed already and has leaves alone is told from memory; anything else, and what was left behind, from
the rows. Every step may be done twice: tiles and checkpoint only rise, readers of `record` drop an index that they
know, a dead letter's key is its position. A crash in between leaves the rest to the next call; nothing is delivered
unsealed, because a leaf is a row before it is a record. A dead letter is told before the leaves behind it: a backup
that goes on from these never comes to its position again. A registry whose ledger key is no longer in force publishes
nothing.
"""

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, func, select, update

from hifadhi import crash_point
from hifadhi.errors import Tampered
from hifadhi.hub.registry import tiling
from hifadhi.hub.registry.head import Head
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.rows import key_of, statements
from hifadhi.hub.registry.sealing import Sealing
from hifadhi.hub.registry.tables import dead_letters, leaves, state
from hifadhi.store.port import Store
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import DEAD_LETTERS, DIRECTORY, PROGRESS, PROGRESS_KEY, RECORD

# Of one append, which takes 16 MiB. A batch is mostly one page: each costs four waits for the disk.
PAGE = 500
PAGE_BYTES = 8 << 20

_UNPUBLISHED = (
    select(leaves)
    .where(leaves.c.leaf_index >= bindparam("published"), leaves.c.leaf_index < bindparam("published") + PAGE)
    .order_by(leaves.c.leaf_index)
)
_STANDING = select(
    state,
    exists(select(dead_letters.c.position)).label("has_dead"),
    select(func.max(leaves.c.leaf_index)).where(leaves.c.is_statement).scalar_subquery().label("last_statement"),
)
_DEAD = select(dead_letters).order_by(dead_letters.c.position).limit(PAGE)
_NOTE = update(state).where(state.c.published < bindparam("end")).values(published=bindparam("end"))


class Behind(NamedTuple):
    """What is committed and not told yet, in one snapshot: of each kind a page at most."""

    state: Any
    dead: Sequence[Any]
    leaves: Sequence[Any]

    @property
    def has_more(self) -> bool:
        """Whether there is more than these pages."""
        end = self.leaves[-1].leaf_index + 1 if self.leaves else self.state.published
        return len(self.dead) == PAGE or end < self.state.size


class Publisher:
    """Catches up with the committed rows."""

    def __init__(self, store: Store, stream: Stream, signer: LedgerSigner, head: Head) -> None:
        self._store, self._stream, self._signer, self._head = store, stream, signer, head
        self._last_word: int | None = None
        self.published = 0
        """How many leaves are in `record`, as far as this process has told them; the rows may lag behind."""
        self._noted = 0

    async def has_last_word(self) -> bool:
        """Whether the newest progress is ours: a registry that wakes from a pause tells an older one over it."""
        return self._last_word is None or await self._stream.end(PROGRESS) == self._last_word + 1

    def is_plain(self, sealing: Sealing) -> bool:
        """Whether there is nothing to tell of this batch but its leaves, behind those that are told."""
        batch = sealing.batch
        signed = sealing.head is not None or not batch.leaves
        within = sum(map(len, sealing.raw)) <= PAGE_BYTES
        return signed and within and not batch.dead and batch.size == self.published

    async def tell(self, sealing: Sealing) -> None:
        """Publish a plain batch, without a question to the database; the next commit notes it, or `note`."""
        batch = sealing.batch
        if batch.leaves:
            entries = [_entry(new.index, key_of(new), raw) for new, raw in zip(batch.leaves, sealing.raw, strict=True)]
            await self._append_record(entries)
            self.published = sealing.edge.size
        await self._publish_progress(batch.next_position, sealing.edge.size)

    async def note(self) -> None:
        """Note what is published and no commit has noted. A crash before it: the last batches are published again."""
        if self._noted < self.published:
            await self._note(self.published)

    async def catch_up(self) -> None:
        """Publish everything that is committed and not yet noted as published. `KeyNotInForce`."""
        while True:
            behind = await self._behind()
            if behind.has_more and not behind.leaves and not behind.dead:
                raise Tampered("leaves that were sealed are missing in the database", index=behind.state.published)
            self._signer.check(behind.state.size)
            await tiling.catch_up(self._store, behind.state, self._signer)
            if behind.dead:
                await self._publish_dead(behind.dead)
            if behind.leaves and len(behind.dead) < PAGE and not await self._publish_page(behind.leaves):
                continue  # another registry is further, and may have died since
            if not behind.has_more:
                await self._head.load(self._store, behind.state.size)
                await self._publish_progress(behind.state.position, behind.state.size)
                self.published = self._noted = behind.state.size
                return

    async def _behind(self) -> Behind:
        async with self._store.read() as db:
            row = (await db.execute(_STANDING)).one()
            dead = (await db.execute(_DEAD)).all() if row.has_dead else ()
            untold = row.published < row.size
            page = (await db.execute(_UNPUBLISHED, {"published": row.published})).all() if untold else ()
            if row.last_statement is not None and row.last_statement > self._signer.last:
                self._signer.take(await statements(db, self._signer.last))
            return Behind(row, dead, _within(PAGE_BYTES, page))

    async def _publish_page(self, page: Sequence[Any]) -> bool:
        await self._append_record([_entry(row.leaf_index, row.key, row.leaf) for row in page])
        await self._publish_statements([row for row in page if row.is_statement])
        return await self._note(page[-1].leaf_index + 1)

    async def _append_record(self, entries: Sequence[Entry]) -> None:
        crash_point.reach("registry: before record")
        await self._stream.append(RECORD, entries)
        crash_point.reach("registry: after record")

    async def _note(self, end: int) -> bool:
        """Whether nobody had noted as much."""
        async with self._store.write() as db:  # crash before this line: what is published is published again
            noted = await db.execute(_NOTE, {"end": end})
            crash_point.reach("registry: in noted")
        crash_point.reach("registry: after noted")
        self._noted = max(self._noted, end)
        return noted.rowcount == 1

    async def _publish_statements(self, rows: Sequence[Any]) -> None:
        if not rows:
            return
        async with self._store.look() as db:
            before = select(func.max(leaves.c.leaf_index)).where(
                leaves.c.is_statement, leaves.c.leaf_index < rows[0].leaf_index
            )
            previous = (await db.execute(before)).scalar()
        entries = []
        for row in rows:
            entries.append(_statement(row, -1 if previous is None else previous))
            previous = row.leaf_index
        crash_point.reach("registry: before directory")
        await self._stream.append(DIRECTORY, entries)
        crash_point.reach("registry: after directory")

    async def _publish_dead(self, page: Sequence[Any]) -> None:
        crash_point.reach("registry: before dead letters")
        await self._stream.append(DEAD_LETTERS, [_dead(row) for row in page])
        crash_point.reach("registry: after dead letters")
        async with self._store.write() as db:
            await db.execute(delete(dead_letters).where(dead_letters.c.position <= page[-1].position))
            crash_point.reach("registry: in forgotten dead")
        crash_point.reach("registry: after forgotten dead")

    async def _publish_progress(self, position: int, size: int) -> None:
        value = json.dumps({"position": position, "size": size}).encode()
        crash_point.reach("registry: before progress")
        (appended,) = await self._stream.append(PROGRESS, [Entry(PROGRESS_KEY, value)])
        self._last_word = appended.position
        crash_point.reach("registry: after progress")


def _within(most: int, rows: Sequence[Any]) -> list[Any]:
    """The first rows, whose leaves have at most so many bytes, or one."""
    sizes = accumulate(len(row.leaf) for row in rows)
    return [row for count, (row, size) in enumerate(zip(rows, sizes, strict=True)) if size <= most or not count]


def _entry(index: int, key: str, leaf: bytes) -> Entry:
    return Entry(key.encode(), leaf, (("index", str(index).encode()),))


def _statement(row: Any, previous: int) -> Entry:  # noqa: ANN401 (a row)
    index = str(row.leaf_index).encode()
    return Entry(index, row.leaf, (("index", index), ("previous", str(previous).encode())))


def _dead(row: Any) -> Entry:  # noqa: ANN401 (a row)
    return Entry(f"submissions:{row.position}".encode(), row.value, (("cause", row.cause.encode()),))
