"""The story of one case out of an archive that verifies."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hifadhi.agency.auditor.archive import Archive
from hifadhi.errors import Fault, Refused
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.report import Report, Verified
from hifadhi.evidence.story import Happened, Line, tell
from hifadhi.referral import message
from hifadhi.referral.directory import Agency
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root


@dataclass(frozen=True, slots=True)
class Replay:
    """The lines of a case, the agencies that it names, and the report on the whole ledger."""

    lines: tuple[Line, ...]
    agencies: tuple[Agency, ...]
    report: Report


@dataclass(slots=True)
class _Listener:
    case: str
    lines: list[Line] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def __call__(self, verified: Verified) -> None:
        case = verified.case
        if case is None or case.id != self.case:
            return
        leaf = verified.leaf
        header = _header(leaf.envelope)
        self.lines.append(tell(Happened(index=verified.index, ruling=leaf.ruling, header=header, case=case)))
        self.named |= {*case.parties, *((header.sender, *header.addressees) if header else ())}


def replay(
    archive: Archive, root: Root, case: str, *, at: int | None = None, progress: Callable[[int, int], None]
) -> Replay:
    """The story up to the index `at`. Tampered, if the ledger does not verify; Refused: NOT_FOUND."""
    audit, listener = Audit(archive, root), _Listener(case)
    size = audit.checkpoint.size
    if at is not None and not 0 <= at < size:
        raise Refused(Fault("NOT_FOUND", "", f"the archive has the indexes 0 to {size - 1}"))

    def seen(verified: Verified) -> None:
        progress(verified.index + 1, size)
        if at is None or verified.index <= at:
            listener(verified)

    report = audit.run(seen)
    if not listener.lines:
        raise Refused(Fault("NOT_FOUND", "", "no leaf concerns this case; name its first encounter's id"))
    known = audit.verifier.directory.agencies
    return Replay(tuple(listener.lines), tuple(known[name] for name in sorted(listener.named & known.keys())), report)


def _header(envelope: bytes) -> Header | None:
    """The header of a leaf's message; None of a lapse, and of a refused message that breaks the rules of its form."""
    try:
        return message.parse(read_envelope(envelope, typ=MESSAGE).payload) if envelope else None
    except Refused:
        return None
