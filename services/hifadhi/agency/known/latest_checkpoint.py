"""The newest tree that the ledger has shown to this agency, in whichever of its processes, kept for ever.

Rules, and the attack that each stops:

1. Ledger keys in force after its leaves, one of each kind, have signed the checkpoint under the ledger's origin: a tree
   of somebody else's making. Of leaves that are not known yet, the newest keys known count.
2. It is not smaller than what was known when it was asked for: a ledger that takes leaves back.
3. The same size has the same root: a ledger that shows two histories.

That a larger tree begins with the smaller one is for whoever mirrors the ledger (`hifadhi verify`) and for witnesses.
"""

from pathlib import Path

from hifadhi.agency import durable_file
from hifadhi.errors import Tampered
from hifadhi.evidence.checkpoint import Checkpoint, unsigned
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.referral.root import Root


class LatestCheckpoint:
    """The newest checkpoint; in `file` too, where one is given. `keys`: as far as the directory is known."""

    def __init__(self, root: Root, file: Path | None = None) -> None:
        self.origin = root.origin
        self.keys = LedgerKeys.of(root)
        self._file = file
        self._known = self._kept()

    @property
    def size(self) -> int:
        """How many leaves it is known to have. To be asked for before the request whose answer `take` gets."""
        return self._known.size if self._known else 0

    @property
    def known(self) -> Checkpoint | None:
        """The newest, if one was seen."""
        return self._known

    def take(self, note: str | bytes, *, at_least: int, keys: LedgerKeys | None = None) -> Checkpoint:
        """The checkpoint of a note, which is known from now on; else Tampered. `keys`: others than those of before."""
        shown = (keys or self.keys).open(note)  # rule 1
        if shown.size < at_least:  # rule 2; answers may overtake each other, so what counts is when each was asked for
            raise Tampered(f"the ledger has shrunk: {at_least} leaves were known, {shown.size} are shown")
        self._compare(shown)
        if self._known is None or shown.size > self._known.size:
            self._keep(shown, note.encode() if isinstance(note, str) else note)
            self._compare(shown)  # also with what another process of this home was shown
        return shown

    def _compare(self, shown: Checkpoint) -> None:
        if self._known and shown.size == self._known.size and shown.root != self._known.root:  # rule 3
            raise Tampered(f"the ledger shows two trees of {shown.size} leaves")

    def _keep(self, shown: Checkpoint, note: bytes) -> None:
        if self._file is None or durable_file.replace(self._file, note, unless=lambda: self._is_overtaken(shown)):
            self._known = shown

    def _is_overtaken(self, shown: Checkpoint) -> bool:
        """Whether another process of this home was shown a tree that is not smaller: that is the newest here too."""
        kept = self._kept()
        if kept is None or kept.size < shown.size:
            return False
        self._known = kept
        return True

    def _kept(self) -> Checkpoint | None:
        """Our own file's: it was checked when it was taken, by keys that are known again once the directory is read."""
        if self._file is None or not self._file.exists():
            return None
        return unsigned(durable_file.read(self._file), self.origin)
