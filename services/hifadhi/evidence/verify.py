"""The audit of a ledger, leaf by leaf: every leaf is decided again and compared (`evidence.md` §5). Pure.

Rules for each leaf, and the attack that each stops. The first leaf that breaks one is named.

1. It is exactly what `leaf` writes, and its instants are such: one ruling in two spellings.
2. `stored_at` never goes back: a message backdated to before its deadline.
3. `position` rises; only a trigger's lapses, and then its own leaf, share one, and with it one `stored_at`: leaves put
   in another order, or one submission sealed twice.
4. A lapse stands exactly where it was first due: a deadline quietly skipped, brought forward, or put off.
5. Its ruling is, byte for byte, what the rules in force give after the leaves before it: a refused message recorded, a
   responsible agency or a version rewritten, a signature that does not match.
6. It is neither a repeat nor a dead letter: a message sealed twice, or one that nobody signed.

And for the whole:

7. The leaves are those of a checkpoint that a ledger key in force after them has signed: a leaf dropped, added or
   exchanged.

What no ledger shows by itself: a submission that never got a leaf (its receipt does), a `stored_at` moved to anywhere
between its neighbours' (the receipt again), and a second history shown to others (witnesses).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.entry import Entry, read_entry
from hifadhi.evidence.findings import Findings
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf, Repeat
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope
from hifadhi.evidence.leaf import LAPSED, RECORDED, Leaf, Ruling
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.evidence.memory import InMind, Memory, named_in
from hifadhi.evidence.progress import Progress
from hifadhi.evidence.report import Report, Verified
from hifadhi.evidence.submission import Submission
from hifadhi.evidence.tiles import WIDTH
from hifadhi.evidence.tree import Edge
from hifadhi.referral import admission, directory_changes, instant, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root
from hifadhi.referral.rules import rules


class Verifier:
    """Takes the leaves in order. `Refused` RULES_UNKNOWN, if this program does not have the root's rules.

    `memory`: where what is not needed now lies; an earlier audit that it has is gone on with.
    """

    def __init__(self, root: Root, memory: Memory | None = None) -> None:
        rules(root.rules)
        self._memory: Memory = memory or InMind()
        self._fold = Fold(Directory.of(root), signed=self._check_signed)
        self._is_signed = False
        self._edge, self._hashes = Edge.empty(), list[bytes]()
        self._position, self._sealing = -1, False
        self._counts: Counter[str] = Counter()
        self._findings = Findings()
        self.ledger_keys = LedgerKeys.of(root)
        """Which keys sign a checkpoint of which size, as far as the leaves tell."""

    def resume(self, progress: Progress, statements: Iterable[tuple[int, bytes]]) -> None:
        """Go on behind the leaves that an earlier audit verified; these of them, by index, are the directory's."""
        for index, raw in statements:
            header = message.parse(read_envelope(leaves.parse(raw).envelope, typ=MESSAGE).payload)
            self._fold.directory = directory_changes.evolve(self.directory, header)
            self._note_root(index)
        self._fold.size, self._fold.stored_at = progress.size, progress.stored_at
        self._edge = Edge.from_bytes(progress.size, progress.edge)
        self._position, self._sealing = progress.position, progress.is_sealing
        self._counts = Counter(progress.counts)
        self._findings = Findings(progress.numbers, progress.found)

    def progress(self, rows: Sequence[bytes]) -> Progress:
        """How far the audit is; asked for between two bundles. `rows`: the tree's unfinished tiles."""
        self._grow()
        return Progress(
            size=self._fold.size,
            stored_at=self._fold.stored_at,
            position=self._position,
            is_sealing=self._sealing,
            edge=self._edge.to_bytes(),
            rows=tuple(rows),
            counts=dict(self._counts),
            numbers=self._findings.numbers,
            found=tuple(self._findings.found),
        )

    def prepare(self, entries: Sequence[Entry]) -> None:
        """Have at hand what these entries, which come next, will ask for."""
        instants = [instant.parse(entry.leaf.ruling.stored_at) for entry in entries if entry.leaf]
        self._memory.recall(self._fold, lambda: named_in(entries), max((self._fold.stored_at, *instants)), len(entries))

    def relieve(self, rows: Callable[[], Sequence[bytes]], *, at_end: bool = False) -> None:
        """Between two bundles: let go of what may not be needed any more."""
        self._memory.relieve(self._fold, lambda: self.progress(rows()).to_bytes(), at_end=at_end)

    @property
    def size(self) -> int:
        """How many leaves have been taken."""
        return self._fold.size

    @property
    def directory(self) -> Directory:
        """The directory after the leaves so far."""
        return self._fold.directory

    def add(self, raw: bytes) -> Verified:
        """The next leaf, if it stands; else `Tampered` with its index."""
        return self.take(read_entry(raw, {}))

    def take(self, entry: Entry) -> Verified:
        """The same for an entry that has been read."""
        index = self._fold.size
        try:
            leaf, again = self._standing(entry)
        except Tampered as why:
            raise Tampered(why.why, index=index) from None
        self._hashes.append(entry.hash)
        if len(self._hashes) == WIDTH:
            self._grow()
        self._note(again, entry.submission)
        digest = entry.submission.digest if entry.submission else None
        return Verified(index, leaf, self._fold.cases.get(again.case or ""), digest)

    def _standing(self, entry: Entry) -> tuple[Leaf, NewLeaf]:
        """The leaf as it stands there, and as it was decided again; else `Tampered`."""
        leaf = entry.leaf
        if leaf is None:  # rule 1
            raise Tampered(entry.why)
        stored_at = instant.parse(leaf.ruling.stored_at)
        self._check_order(leaf.ruling, stored_at)
        again = self._decided_again(entry, leaf, stored_at)
        _compare(leaf, again.leaf)
        return leaf, again

    def finish(self, checkpoint: Checkpoint) -> Report:
        """The report on all leaves, if they are those of this checkpoint, whose signature has been checked."""
        self._grow()
        if (self._edge.size, self._edge.root()) != (checkpoint.size, checkpoint.root):  # rule 7
            raise Tampered("the leaves do not give the size and the root that the checkpoint signs")
        return Report(
            origin=checkpoint.origin,
            root=checkpoint.root,
            leaves=self._edge.size,
            recorded=self._counts["recorded"],
            refused=self._counts["refused"],
            lapsed=self._counts["lapsed"],
            irregular=self._counts["irregular"],
            cases=self._counts["cases"],
            agencies=len(self.directory.agencies),
            last_stored_at=instant.write(self._fold.stored_at) if self._edge.size else None,
            findings=self._findings.all(),
        )

    def _check_signed(self, envelope: Envelope, header: Header | None, directory: Directory) -> None:
        """A kid is its key's thumbprint, and no key is ever forgotten: what others checked had the directory's keys."""
        if not self._is_signed:
            admission.check_signatures(envelope, header, directory)

    def _grow(self) -> None:
        self._edge = self._edge.extend(self._hashes)
        self._hashes.clear()

    def _check_order(self, ruling: Ruling, stored_at: int) -> None:
        if stored_at < self._fold.stored_at:  # rule 2
            raise Tampered("stored before the leaf before it")
        if ruling.position > self._position:
            overdue = self._fold.next_clock()
            if overdue and overdue.due <= self._fold.stored_at:  # rule 4: an earlier trigger owed this lapse
                raise Tampered(f"a lapse was due at {instant.write(overdue.due)} and is not sealed before this")
        elif ruling.position < self._position or not self._sealing:  # rule 3
            raise Tampered("its position is not after that of the leaf before it")
        elif stored_at != self._fold.stored_at:  # rule 3
            raise Tampered("stored at another instant than the lapses of the same position")
        self._position, self._sealing = ruling.position, ruling.ruling == LAPSED

    def _decided_again(self, entry: Entry, leaf: Leaf, stored_at: int) -> NewLeaf:
        """What this place of the ledger owes."""
        position = leaf.ruling.position
        lapse = self._fold.lapse(position, stored_at)
        if leaf.ruling.ruling == LAPSED:
            if lapse is None:  # rule 4
                raise Tampered("a lapse of which nothing was due")
            return lapse
        if lapse is not None:  # rule 4
            raise Tampered(f"a lapse was due at {lapse.leaf.ruling.due} and is not sealed before this")
        if entry.submission is None:  # rule 6
            raise _proves_nothing(entry.cause)
        self._is_signed = entry.is_signed
        outcome = self._fold.rule_read(position, stored_at, entry.submission)
        if isinstance(outcome, Repeat):  # rule 6
            raise Tampered(f"the same message has its leaf already, at index {outcome.index}")
        if isinstance(outcome, DeadLetter):  # rule 6
            raise _proves_nothing(outcome.cause)
        return outcome

    def _note(self, sealed: NewLeaf, submission: Submission | None) -> None:
        ruling = sealed.leaf.ruling
        self._counts[ruling.ruling] += 1
        self._counts["irregular"] += bool(ruling.irregular)
        if submission is None:
            return
        kid, (message_id, number) = submission.envelope.signatures[0].kid, submission.said("id", "sequence")
        self._counts["cases"] += sealed.case == message_id and ruling.ruling == RECORDED
        if type(number) is int and number > 0:
            agency = self._fold.directory.keys[kid].agency
            self._findings.add(kid, agency, number, sealed.index)
            self._memory.note(kid, sealed.index, self._fold.stored_at)
        if sealed.is_statement:
            self._memory.declare(sealed.index, sealed.leaf.to_bytes())
            self._note_root(sealed.index)
            self._note_doubt(submission)

    def _note_root(self, index: int) -> None:
        if self.directory.root is not self.ledger_keys.newest:
            self.ledger_keys = self.ledger_keys.rotated(index, self.directory.root)

    def _note_doubt(self, submission: Submission) -> None:
        kind, kid, invalid_since = submission.said("type", "kid", "invalid_since")
        if kind != "key.revoked" or invalid_since is None:
            return
        try:
            since = instant.parse(invalid_since)
        except Refused:  # 30 February: the schema cannot refuse it, and no rule depends on it
            since = 0
        self._findings.revoke(kid, self._memory.signed_since(kid, since))


def _proves_nothing(cause: str) -> Tampered:
    """Rule 6, of a leaf whose message has this wrong with it."""
    hint = "; verify from the first root.json, not from one that a rotation brought" if cause == "KEY_UNKNOWN" else ""
    return Tampered(f"what cannot have a leaf, for it proves nothing ({cause}){hint}")


def _compare(leaf: Leaf, again: Leaf) -> None:
    """Rule 5. The sentence shows what was decided again, not what a stranger may have written."""
    if leaf == again:
        return
    for name in Ruling.__slots__:
        was, now = getattr(leaf.ruling, name), getattr(again.ruling, name)
        if was != now:
            raise Tampered(f"its '{name}' is not what the rules give: {'none' if now is None else now}")
    if leaf.envelope != again.envelope:
        raise Tampered("a lapse has no envelope")
