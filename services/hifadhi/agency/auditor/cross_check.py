"""A mirror verified, and held against what others have of the same ledger: receipts, and checkpoints seen elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from hifadhi import garbage
from hifadhi.agency.auditor.audit_state import memory_of
from hifadhi.agency.auditor.bundle_workers import bundles_of
from hifadhi.evidence import other_view, promise
from hifadhi.evidence.audit import Audit, claimed_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.promise import Promise, Promises
from hifadhi.evidence.report import Report, Verified
from hifadhi.referral.root import Root


@dataclass(frozen=True, slots=True)
class Checked:
    """The audit's report; receipts that were kept, and those that no leaf judges yet; checkpoints that agree.

    `cut_off`: files of receipts that end within a line, which was not judged.
    """

    report: Report
    kept: int
    open: tuple[Promise, ...]
    agreed: tuple[Checkpoint, ...]
    cut_off: int = 0


def cross_check(
    ledger: Mapping[str, bytes],
    root: Root,
    *,
    receipts: Iterable[bytes] = (),
    views: Iterable[bytes] = (),
    state: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Checked:
    """Everything of the ledger, with files of receipts and checkpoints' notes from elsewhere.

    `state`: the file to go on from; its leaves are not looked at again, so there are no receipts to judge with it.
    Tampered; Refused: NO_RECEIPT, and NEWER for a checkpoint with more leaves than the mirror.
    """
    files = tuple(receipts)
    promised = [each for raw in files for each in promise.read(raw, root.origin)]
    size = claimed_checkpoint(ledger, root).size
    with garbage.settled(), memory_of(size, state, _name(root)) as memory, bundles_of(ledger, size) as bundles:
        audit = Audit(ledger, root, bundles, memory)
        promises = Promises(promised, lambda: audit.verifier.directory.gateway_keys)

        def seen(verified: Verified) -> None:
            progress(verified.index + 1, size)
            promises.see(verified)

        report = audit.run(seen)
    still_open, keys = promises.open(), audit.verifier.ledger_keys
    agreed = tuple(other_view.check(note, ledger, size, keys) for note in views)
    return Checked(report, promises.kept, still_open, agreed, sum(map(promise.is_cut_off, files)))


def _name(root: Root) -> str:
    """Of which audits a state is: by this root, with this version's rules."""
    return f"{version('hifadhi')} {sha256(root.model_dump_json().encode()).hexdigest()}"
