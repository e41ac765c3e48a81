"""The newest tree that the ledger has shown to this agency, in whichever of its processes, kept for ever.

Rules, and the attack that each stops:

1. Ledger keys in force after its leaves, one of each kind, have signed the checkpoint under the ledger's origin: a tree
   of somebody else's making. Of leaves that are not known yet, the newest keys known count.
2. It is not smaller than what was known when it was asked for: a ledger that takes leaves back.
3. The same size has the same root: a ledger that shows two histories.

What breaks rule 2 or 3 is kept beside the newest before the error is raised (`contradictions`).

That a larger tree begins with the smaller one is for whoever mirrors the ledger (`hifadhi verify`) and for witnesses.
"""

from pathlib import Path

from hifadhi.agency import durable_file
from hifadhi.agency.known.contradictions import Contradictions, Kind
from hifadhi.errors import HifadhiError, Tampered
from hifadhi.evidence.checkpoint import Checkpoint, unsigned
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.referral.root import Root


class LatestCheckpoint:
    """The newest checkpoint; in `file` too, where one is given. `keys`: as far as the directory is known.

    `kept`: what contradicts it; beside `file`, if nothing else is said.
    """

    def __init__(self, root: Root, file: Path | None = None, *, kept: Contradictions | None = None) -> None:
        self.origin = root.origin
        self.keys = LedgerKeys.of(root)
        self._file = file
        self._contradictions = kept or (Contradictions(file) if file else None)
        self._note: bytes | None = None
        self._known: Checkpoint | None = None
        if before := self._kept():
            self._know(before)

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
        raw = note.encode() if isinstance(note, str) else note
        if shown.size < at_least:  # rule 2; answers may overtake each other, so what counts is when each was asked for
            lie = Tampered(f"the ledger has shrunk: {at_least} leaves were known, {shown.size} are shown")
            raise self._keeping(lie, Kind.SMALLER, raw) if shown.size < self.size else lie
        self._compare(shown, raw)
        if self._known is None or shown.size > self._known.size:
            self._keep(shown, raw)
            self._compare(shown, raw)  # also with what another process of this home was shown
        return shown

    def accused(self, lie: Tampered, note: str, keys: LedgerKeys) -> Tampered:
        """The error about a page of the directory; its checkpoint is kept, if the ledger signed it."""
        try:
            keys.open(note)
        except HifadhiError:
            return lie
        return self._keeping(lie, Kind.DIRECTORY, note.encode())

    def _compare(self, shown: Checkpoint, note: bytes) -> None:
        if self._known and shown.size == self._known.size and shown.root != self._known.root:  # rule 3
            lie = Tampered(f"the ledger shows two trees of {shown.size} leaves")
            raise self._keeping(lie, Kind.TWO_ROOTS, note)

    def _keeping(self, lie: Tampered, kind: Kind, note: bytes) -> Tampered:
        """The error, once the note is kept: it says where."""
        if self._contradictions is None:
            return lie
        return Tampered(f"{lie.why}; {self._contradictions.keep(kind, note, self._note)}", index=lie.index)

    def _keep(self, shown: Checkpoint, note: bytes) -> None:
        if self._file is None or durable_file.replace(self._file, note, unless=lambda: self._is_overtaken(shown)):
            self._know(note)

    def _is_overtaken(self, shown: Checkpoint) -> bool:
        """Whether another process of this home was shown a tree that is not smaller: that is the newest here too."""
        kept = self._kept()
        if kept is None or unsigned(kept, self.origin).size < shown.size:
            return False
        self._know(kept)
        return True

    def _know(self, note: bytes) -> None:
        self._note, self._known = note, unsigned(note, self.origin)

    def _kept(self) -> bytes | None:
        """Our own file's: it was checked when it was taken, by keys that are known again once the directory is read."""
        if self._file is None or not self._file.exists():
            return None
        return durable_file.read(self._file)
