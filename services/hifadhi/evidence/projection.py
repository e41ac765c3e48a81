"""What a leaf says, and the case that it leaves behind: the view of those who read the ledger and rule nothing.

No signature is checked and nothing decided again here; that is `fold`, by which `verify` re-decides every leaf. Here:

1. A leaf that cannot be read stops the reader: nothing is skipped.
2. A recorded message or a lapse has the effect that the rules give it, on the case that earlier leaves made.
3. Version and responsible agency (of a lapse: its parties too) are those of the ruling. Else somebody has exchanged a
   leaf, or reads it by other rules: `Tampered`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.leaf import LAPSED, RECORDED, Leaf
from hifadhi.evidence.submission import Submission
from hifadhi.referral import admission, instant
from hifadhi.referral.case import Case, Clock, Sealed
from hifadhi.referral.closed import is_uuid7
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.rules import rules
from hifadhi.referral.statements import STATEMENTS
from hifadhi.referral.succession import inherited


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A leaf at its index. `envelope` is None for a lapse; `message` is the id that it stands for, None if for none.

    `header` is None, too, for a refused payload that breaks its schema. `case`: the one that it opens, names or ends
    a deadline of; of a refused message whatever it names, known or not.
    """

    index: int
    leaf: Leaf
    envelope: Envelope | None = None
    header: Header | None = None
    message: str | None = None
    case: str | None = None

    @property
    def recorded(self) -> bool:
        """Whether it is a message that took effect, or was noted as irregular."""
        return self.leaf.ruling.ruling == RECORDED

    @property
    def statement(self) -> Header | None:
        """The recorded directory statement, if it is one."""
        return self.header if self.recorded and self.header and self.header.type in STATEMENTS else None

    @property
    def names(self) -> frozenset[str]:
        """The earlier messages that its effect may depend on."""
        named = (getattr(self.header, field, None) for field in ("in_reply_to", "encounter"))
        return frozenset(one for one in named if one)

    def as_past(self) -> Sealed:
        """What later messages may ask of this one."""
        header = self.header
        return Sealed(
            index=self.index,
            digest=self.envelope.digest if self.envelope else "",
            type=header.type if header else "",
            sender=header.sender if header else "",
            to=header.addressees if header else (),
            case=self.case or "",
            recorded=self.recorded,
        )


def read(index: int, raw: bytes) -> LedgerEntry:
    """The entry in sealed bytes, or `Tampered`."""
    try:
        leaf = leaves.parse(raw)
        if leaf.ruling.ruling == LAPSED:
            return LedgerEntry(index, leaf, case=leaf.ruling.case)
        return _of_message(index, leaf)
    except (Refused, Tampered) as error:  # rule 1
        raise Tampered(f"a leaf that cannot be read: {error}", index=index) from error


def _of_message(index: int, leaf: Leaf) -> LedgerEntry:
    submission = submissions.read(leaf.envelope)
    header = _header(submission, recorded=leaf.ruling.ruling == RECORDED)
    message_id, case = submission.said("id", "case")
    named = case if is_uuid7(case) else None
    if not is_uuid7(message_id):
        raise Tampered("a sealed message without an id")
    if leaf.ruling.ruling == RECORDED and header and header.type not in STATEMENTS:
        named = header.about
    occupied = message_id if header and admission.occupies_id(leaf.ruling.code) else None
    return LedgerEntry(index, leaf, submission.envelope, header, occupied, named)


def _header(submission: Submission, *, recorded: bool) -> Header | None:
    try:
        return submission.header
    except Refused:
        if recorded:
            raise
        return None


def project(entry: LedgerEntry, case: Case | None, directory: Directory, past: Mapping[str, Sealed]) -> Case | None:
    """The case after the entry; None if it has to do with no case that was ever opened. `Tampered` by rule 3.

    `directory` as of the leaves before it; `past` has the messages of `entry.names`.
    """
    case = inherited(case, directory) if case else None
    try:
        after = _effect(entry, case, directory, past)
    except (KeyError, IndexError) as error:
        raise Tampered("a leaf whose effect the rules do not have", index=entry.index) from error
    ruling = entry.leaf.ruling
    if (ruling.case_version, ruling.responsible) != ((after.version, after.owed_by) if after else (None, None)):
        raise Tampered("the ruling and the case disagree on version or responsible agency", index=entry.index)
    if ruling.ruling == LAPSED and after and ruling.parties != tuple(sorted(after.parties)):
        raise Tampered("the lapse and the case disagree on the parties", index=entry.index)
    return after


def _effect(
    entry: LedgerEntry, case: Case | None, directory: Directory, past: Mapping[str, Sealed]
) -> Case | None:  # rule 2
    ruling, header, now = entry.leaf.ruling, entry.header, rules(directory.rules)
    if ruling.ruling == LAPSED:
        return now.lapse(_opened(case, entry.index), _clock(entry, case), directory)
    if not entry.recorded or header is None or entry.statement:
        return case
    if case is None and header.about != header.id:
        raise Tampered("a recorded message of a case that was never opened", index=entry.index)
    if ruling.irregular:
        return now.joined(_opened(case, entry.index), header)
    return now.evolve(case, header, instant.parse(ruling.stored_at), directory, past)


def _opened(case: Case | None, index: int) -> Case:
    if case is None:
        raise Tampered("a leaf about a case that was never opened", index=index)
    return case


def _clock(entry: LedgerEntry, case: Case | None) -> Clock:
    """The running clock that a lapse names."""
    ruling = entry.leaf.ruling
    for clock in case.clocks if case else ():
        if (clock.clock, clock.subject, instant.write(clock.due)) == (ruling.clock, ruling.subject, ruling.due):
            return clock
    raise Tampered("a lapse of a clock that does not run", index=entry.index)
