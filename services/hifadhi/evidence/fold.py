"""The fold of submissions into leaves: the one place where a message is ruled, by the registry and again by `verify`.

It knows only this submission and what earlier leaves left behind, so the same order gives the same bytes. Per
submission:

1. Time: `stored_at` is the later of the append time and the last leaf's: a clock that steps back backdates nothing.
2. Lapses first: whatever was due by then is sealed before it, so that nobody answers a deadline that has passed.
3. What does not decode, or bears no valid signature of a key ever admitted, is a dead letter: it proves nothing.
4. The same id and payload again is a repeat: it makes no leaf. What was not proven to be its sender's stands for no id.
5. All else gets a leaf, recorded or refused, with the gateway's own codes first, then those of `decide`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.leaf import LAPSED, RECORDED, REFUSED, Leaf, Ruling
from hifadhi.evidence.submission import Submission
from hifadhi.referral import admission, directory_changes, headers, instant
from hifadhi.referral.case import Case, Clock, Sealed
from hifadhi.referral.closed import is_uuid7
from hifadhi.referral.directory import Directory
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import Header
from hifadhi.referral.rules import rules
from hifadhi.referral.statements import STATEMENTS, AgencyRemoved
from hifadhi.referral.succession import inherited
from hifadhi.referral.table import SUBJECT
from hifadhi.referral.verdict import Known, Verdict


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Bytes that got no leaf, and why."""

    cause: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A message that has its leaf already."""

    index: int


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A leaf, its index, and what it touched: its case, and the id that its message stands for from here on."""

    index: int
    leaf: Leaf
    case: str | None
    message: str | None
    is_statement: bool = False


@dataclass(slots=True)
class Fold:
    """What the leaves so far come to. `cases` and `past` may be the few that the next submissions need.

    `past` has messages by id; one that reused another's id, by its digest. `signed` refuses an envelope whose
    signatures do not match: here and now, unless it is for an auditor to check them elsewhere.
    """

    directory: Directory
    size: int = 0
    stored_at: int = 0
    cases: dict[str, Case] = field(default_factory=dict)
    past: dict[str, Sealed] = field(default_factory=dict)
    signed: Callable[[Envelope, Header | None, Directory], None] = admission.check_signatures
    _clocks: list[Clock] = field(default_factory=list)

    def load(self, cases: dict[str, Case], past: dict[str, Sealed]) -> None:
        """Forget the cases and messages at hand and take these, with their running clocks."""
        self.cases = {name: inherited(case, self.directory) for name, case in cases.items()}
        self.past = past
        self._clocks = [clock for case in self.cases.values() for clock in case.clocks]
        heapify(self._clocks)

    def recall(self, cases: Mapping[str, Case], past: Mapping[str, Sealed]) -> None:
        """Take these as well, with their running clocks."""
        for case in cases.values():
            self._keep(inherited(case, self.directory))
        self.past.update(past)

    def monotone(self, time_ms: int) -> int:
        """Rule 1: the `stored_at` of a submission that the stream appended at `time_ms`."""
        return max(time_ms, self.stored_at)

    def next_clock(self) -> Clock | None:
        """The clock at hand that lapses first."""
        while self._clocks:
            first = self._clocks[0]
            if first.case in self.cases and self.cases[first.case].runs(first):
                return first
            heappop(self._clocks)
        return None

    def lapse(self, position: int, time_ms: int) -> NewLeaf | None:
        """Rule 2: the next lapse that the record at `position` triggers, or None when nothing more is due."""
        stored_at, clock = self.monotone(time_ms), self.next_clock()
        if clock is None or clock.due > stored_at:
            return None
        case = rules(self.directory.rules).lapse(self.cases[clock.case], clock, self.directory)
        self._keep(case)
        referral = case.referrals.get(clock.subject)
        subject = SUBJECT.get(clock.clock, "referral")
        ruling = Ruling(
            ruling=LAPSED,
            position=position,
            stored_at=instant.write(stored_at),
            clock=clock.clock,
            case=case.id,
            referral=clock.subject if subject == "referral" else None,
            agency=clock.subject if subject == "agency" else None,
            message=clock.subject if subject == "message" else None,
            due=instant.write(clock.due),
            case_version=case.version,
            referral_version=referral.version if referral else None,
            responsible=case.owed_by,
            parties=tuple(sorted(case.parties)),
        )
        return self._sealed(Leaf(ruling, b""), stored_at, case.id, None)

    def rule(self, position: int, time_ms: int, raw: bytes) -> NewLeaf | Repeat | DeadLetter:
        """Rules 3 to 5, for the bytes stored at `position`; its lapses have been sealed."""
        try:
            submission = submissions.read(raw)
        except Refused as refusal:  # rule 3
            return DeadLetter(refusal.code)
        return self.rule_read(position, time_ms, submission)

    def rule_read(self, position: int, time_ms: int, submission: Submission) -> NewLeaf | Repeat | DeadLetter:
        """The same for what has been read."""
        try:
            self.signed(submission.envelope, submission.typed, self.directory)
            message_id, named = _identity(submission)
        except Refused as refusal:  # rule 3
            return DeadLetter(refusal.code)
        for name in (message_id, submission.digest):  # rule 4
            earlier = self.past.get(name)
            if earlier is not None and earlier.digest == submission.digest:
                return Repeat(earlier.index)
        return self._ruled(position, self.monotone(time_ms), submission, message_id, named)

    def _ruled(
        self, position: int, stored_at: int, submission: Submission, message_id: str, named: str | None
    ) -> NewLeaf:
        header, verdict = self._verdict(submission, stored_at)  # rule 5
        case = self._effect(header, verdict, stored_at) if header and not verdict.code else self.cases.get(named or "")
        referral = case.referrals.get(_referral_id(header)) if case and header else None
        ruling = Ruling(
            ruling=REFUSED if verdict.code else RECORDED,
            code=verdict.code,
            irregular=verdict.irregular or None,
            position=position,
            stored_at=instant.write(stored_at),
            case_version=case.version if case else None,
            referral_version=referral.version if referral else None,
            responsible=case.owed_by if case else None,
        )
        occupied = message_id if header and admission.occupies_id(verdict.code) else None
        if verdict.code == "ID_REUSED":  # the id is another message's: this one is known by its digest
            occupied = submission.digest
        leaf = Leaf(ruling, submission.raw)
        sealed = self._sealed(leaf, stored_at, case.id if case else None, occupied, header)
        if occupied and header:
            self.past.setdefault(occupied, _past(sealed, header, submission.digest))
        return sealed

    def _verdict(self, submission: Submission, stored_at: int) -> tuple[Header | None, Verdict]:
        try:
            header = submission.header
        except Refused as refusal:
            return None, Verdict(refusal.code)
        try:
            admission.check_keys(submission.envelope, header, self.directory)
            admission.check_standing(header, self.directory)
            admission.check_time(header, stored_at)
        except Refused as refusal:
            return header, Verdict(refusal.code)
        if header.type in STATEMENTS:
            return header, Verdict("ID_REUSED" if header.id in self.past else objection(self.directory, header))
        return header, rules(self.directory.rules).decide(
            header, self.cases.get(header.about), Known(self.past, self.cases, self.directory)
        )

    def _effect(self, header: Header, verdict: Verdict, stored_at: int) -> Case | None:
        if header.type in STATEMENTS:
            self.directory = directory_changes.evolve(self.directory, header)
            rules(self.directory.rules)  # or nothing behind it could be ruled: stop before it is sealed
            if isinstance(header, AgencyRemoved):
                self.load(self.cases, self.past)
            return None
        case, now = self.cases.get(header.about), rules(self.directory.rules)
        if case and verdict.irregular:
            return self._keep(now.joined(case, header))
        return self._keep(now.evolve(case, header, stored_at, self.directory, self.past))

    def _keep(self, case: Case) -> Case:
        before = self.cases.get(case.id)
        self.cases[case.id] = case
        for clock in case.clocks:
            if before is None or not before.runs(clock):
                heappush(self._clocks, clock)
        return case

    def _sealed(
        self, leaf: Leaf, stored_at: int, case: str | None, message_id: str | None, header: Header | None = None
    ) -> NewLeaf:
        recorded_statement = header is not None and header.type in STATEMENTS and leaf.ruling.ruling == RECORDED
        sealed = NewLeaf(self.size, leaf, case, message_id, recorded_statement)
        self.size, self.stored_at = self.size + 1, stored_at
        return sealed


class Names(NamedTuple):
    """What the rules will ask of: messages, by id and by digest, and cases."""

    messages: frozenset[str]
    cases: frozenset[str]


def names_in(raw: bytes) -> Names:
    """What these bytes name; nothing if they do not decode."""
    try:
        return names_of(submissions.read(raw))
    except Refused:
        return NO_NAMES


def names_of(submission: Submission) -> Names:
    """The same for what has been read; nothing if its payload is no JSON."""
    try:
        messages = _ids(submission, "id", "in_reply_to", "encounter") | {submission.digest}
        return Names(messages, _ids(submission, "case", "other_case"))
    except Refused:
        return NO_NAMES


def _ids(submission: Submission, *names: str) -> frozenset[str]:
    return frozenset(str(one) for one in submission.said(*names) if is_uuid7(one))


NO_NAMES: Final = Names(frozenset(), frozenset())


def _identity(submission: Submission) -> tuple[str, str | None]:
    """The id, and the case if one is named, of a payload that may break every other rule."""
    message_id, case = submission.said("id", "case")
    if not is_uuid7(message_id):
        raise Refused(Fault("SCHEMA", "/id", "a message has an id"))
    return str(message_id), case if isinstance(case, str) else None


def _referral_id(header: Header) -> str:
    return header.id if isinstance(header, headers.ReferralRequested) else getattr(header, "referral", "")


def _past(sealed: NewLeaf, header: Header, digest: str) -> Sealed:
    return Sealed(
        index=sealed.index,
        digest=digest,
        type=header.type,
        sender=header.sender,
        to=header.addressees,
        case=sealed.case or "",
        recorded=sealed.leaf.ruling.ruling == RECORDED,
    )
