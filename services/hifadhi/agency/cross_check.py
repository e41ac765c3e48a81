"""A mirror verified, and held against what others have of the same ledger: receipts, and checkpoints seen elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hifadhi.evidence import other_view, promise
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.promise import Promise, Promises
from hifadhi.evidence.report import Report, Verified
from hifadhi.referral.root import Root


@dataclass(frozen=True, slots=True)
class Checked:
    """The audit's report; receipts that were kept, and those that no leaf judges yet; checkpoints that agree."""

    report: Report
    kept: int
    open: tuple[Promise, ...]
    agreed: tuple[Checkpoint, ...]


def cross_check(
    audit: Audit,
    ledger: Mapping[str, bytes],
    root: Root,
    *,
    receipts: Iterable[bytes] = (),
    views: Iterable[bytes] = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Checked:
    """The audit of the ledger run, with files of receipts and checkpoints' notes from elsewhere.

    For these it must begin with the first leaf. Tampered; Refused: NO_RECEIPT, and NEWER for a checkpoint with more
    leaves than the mirror.
    """
    promises = Promises(each for raw in receipts for each in promise.read(raw, root))
    size = audit.checkpoint.size

    def seen(verified: Verified) -> None:
        progress(verified.index + 1, size)
        promises.see(verified)

    report = audit.run(seen)
    still_open = promises.open()
    agreed = tuple(other_view.check(note, ledger, root) for note in views)
    return Checked(report, promises.kept, still_open, agreed)
