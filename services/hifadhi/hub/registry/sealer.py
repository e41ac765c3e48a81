"""Reads submissions in order and seals them: load, rule in memory, commit with one compare-and-swap.

Crash at any line: before the commit nothing has happened; after it everything has, and the publisher catches up from
the rows. After a failed or unknown commit all that is in memory is forgotten and the row is read again.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from hifadhi import crash_point
from hifadhi.errors import Refused
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.fold import Fold, Names, names_in, names_of
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.submission import Submission
from hifadhi.evidence.tree import Edge
from hifadhi.hub.registry import batch as batches
from hifadhi.hub.registry import rows
from hifadhi.hub.registry.batch import Batch
from hifadhi.hub.registry.head import Head
from hifadhi.hub.registry.sealing import Sealing, prepare
from hifadhi.referral import directory_changes, message
from hifadhi.referral.case import Clock
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root
from hifadhi.store.port import Store
from hifadhi.stream.port import Record

# At most so many clocks are loaded for one transaction: a hub that was away for weeks wakes in bounded memory.
MOST_LAPSES = 500


class Sealer:
    """The sequencer's state in memory, always equal to the committed row, or forgotten.

    `next_due`: no deadline lapses before, milliseconds UTC; None if no clock runs. `look_due` makes it exact.
    """

    def __init__(self, store: Store, root: Root, head: Head | None = None) -> None:
        """`head`: what is signed, to grow with each batch; without it nothing is signed along."""
        self._store, self._root, self._head = store, root, head
        self._fold: Fold | None = None
        self._edge = Edge.empty()
        self.position = 0
        self.next_due: int | None = None

    async def load(self) -> None:
        """Take everything from the committed row."""
        async with self._store.write() as db:
            await rows.prepare(db)
        async with self._store.read() as db:
            state = await rows.read_state(db)
            self.next_due = await rows.next_due(db)
            directory = Directory.of(self._root)
            for _, raw in await rows.statements(db):
                envelope = read_envelope(leaves.parse(raw).envelope, typ=MESSAGE)
                directory = directory_changes.evolve(directory, message.parse(envelope.payload))
        self._fold = Fold(directory, state.size, state.stored_at)
        self._edge = Edge.from_bytes(state.size, state.edge)
        self.position = state.position

    def forget(self) -> None:
        """Believe nothing that is in memory; the next batch loads anew."""
        self._fold = None

    @property
    def has_forgotten(self) -> bool:
        """Whether `position` may be old: a commit is in doubt, or another registry's."""
        return self._fold is None

    @property
    def size(self) -> int:
        """How many leaves are sealed."""
        return self._fold.size if self._fold else 0

    async def look_due(self) -> int | None:
        """When the next deadline lapses: the clock that was to be the next may have been stopped meanwhile."""
        async with self._store.look() as db:
            self.next_due = await rows.next_due(db)
        return self.next_due

    async def seal(self, records: Sequence[Record], *, published: int = 0) -> Sealing:
        """Rule and commit these records, or only the lapses that come before the first of them.

        `published`: how many leaves are in `record`, to be noted along.
        """
        fold = await self._ready()
        latest = max(fold.monotone(record.time_ms) for record in records)
        read = _read(records)
        due = await self._at_hand(fold, map(names_of, read.values()), latest, MOST_LAPSES + 1)
        if len(due) <= MOST_LAPSES:
            batch = batches.rule(fold, self.position, records, read)
        elif len(records) > 1:
            return await self.seal(records[:1], published=published)
        else:
            batch = batches.lapses_only(fold, self.position, records[0], due[-2])
        return await self._committed(batch, fold, published)

    async def refold(self, found: Sequence[Leaf]) -> Sealing:
        """Take over leaves that `record` holds and the rows have lost; re-decided, they must come out equal."""
        fold = await self._ready()
        latest = max(batches.stored_at(leaf) for leaf in found)
        names = (names_in(leaf.envelope) for leaf in found if leaf.envelope)
        await self._at_hand(fold, names, latest, MOST_LAPSES + len(found))
        return await self._committed(batches.refold(fold, self.position, found), fold, 0)

    async def _ready(self) -> Fold:
        if self._fold is None:
            await self.load()
        assert self._fold is not None  # noqa: S101 (for the type checker: load has set it)
        return self._fold

    async def _at_hand(self, fold: Fold, names: Iterable[Names], latest: int, most: int) -> list[Clock]:
        """Load what the rules may ask for: what is named, and the cases of the clocks, `most` of them, due by then."""
        ids, case_ids = set[str](), set[str]()
        for named in names:
            ids |= named.messages
            case_ids |= named.cases
        async with self._store.look() as db:  # whatever another registry does meanwhile, ours then loses its swap
            due = await rows.due_clocks(db, latest, most) if self._may_lapse(latest) else []
            cases = await rows.load_cases(db, case_ids | {clock.case for clock in due})
            fold.load(cases, await rows.load_past(db, ids))
        return due

    async def _committed(self, batch: Batch, fold: Fold, published: int) -> Sealing:
        sealing = prepare(batch, self._edge, self._head, published)
        self._fold = None  # until the commit is known
        crash_point.reach("registry: before commit")
        async with self._store.write() as db:
            await rows.commit(db, sealing, fold)
            next_due = await rows.next_due(db) if self._may_lapse(fold.stored_at) else self._sooner(fold)
            crash_point.reach("registry: in commit")
        crash_point.reach("registry: after commit")
        self._fold, self._edge, self.position, self.next_due = fold, sealing.edge, batch.next_position, next_due
        if self._head and sealing.head:
            self._head.take(sealing.head)
        return sealing

    def _may_lapse(self, until: int) -> bool:
        return self.next_due is not None and self.next_due <= until

    def _sooner(self, fold: Fold) -> int | None:
        """With the clocks that are at hand, which this batch may have set."""
        clock = fold.next_clock()
        return min((due for due in (self.next_due, clock and clock.due) if due is not None), default=None)


def _read(records: Sequence[Record]) -> dict[int, Submission]:
    """The submissions in the records by position, without what does not decode: it names nothing."""
    read = {}
    for record in records:
        with suppress(Refused):
            read[record.position] = submissions.read(record.value or b"")
    return read
