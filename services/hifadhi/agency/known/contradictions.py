"""Checkpoints of the ledger that contradict what it showed before, kept beside the one that is known.

Each is what proves a fork to somebody else, and the hub need not show it twice. Whoever calls has checked that ledger
keys signed it: what the hub did not sign is no evidence. Beside `checkpoint`, for each kind, numbered from 1 on:

* `checkpoint.two-roots-1`: another root for as many leaves. With `checkpoint.two-roots-1.known`, what was known then,
  it is proof by itself; `checkpoint` moves on.
* `checkpoint.smaller-1`: a ledger that shrank. Whether it is of another tree as well, a mirror says.
* `checkpoint.larger-1`: the leaves that were shown for it do not go on from those that are known, or do not give its
  root. A mirror with as many leaves says whether it is of another tree, or something was garbled on the way.
* `checkpoint.directory-1`: the page of the directory that came with it does not hold.

The first `MOST` trees of each kind stay and are never written over: whoever shows a million does not fill the disk,
and pushes nothing out. What may be harmless takes no place from what proves.

Crash before the contradicting one is there: nothing is kept. Crash before what was known is beside it: that is written
when the same tree is shown again. Several processes may keep at once.
"""

from enum import StrEnum
from pathlib import Path
from typing import Final

from hifadhi.agency import durable_file
from hifadhi.errors import HifadhiError, Unavailable
from hifadhi.evidence.checkpoint import Checkpoint, unsigned

MOST: Final = 4
"""Of each kind; a note has 1 MiB at most, an ordinary one some hundred bytes or 3 KB."""

HOW_TO_JUDGE: Final = (
    "keep what lies there: 'hifadhi verify MIRROR --checkpoint FILE', of each file, on a mirror with as many leaves, "
    "shows to anybody whether it is of another history"
)


class Kind(StrEnum):
    """How it contradicts; so its file is called."""

    TWO_ROOTS = "two-roots"
    SMALLER = "smaller"
    LARGER = "larger"
    DIRECTORY = "directory"


class Contradictions:
    """Those that are kept beside one file, with its mode."""

    def __init__(self, checkpoint: Path, mode: int = durable_file.PRIVATE) -> None:
        self._checkpoint, self._mode = checkpoint, mode

    def keep(self, kind: Kind, note: bytes, known: bytes | None) -> str:
        """What is to be said with the error: where the note lies, and what for. Raises nothing: the error comes first.

        `note`: its signature was checked. `known`: the note that it contradicts, if there is one.
        """
        try:
            place = self._place(kind, note)
            if place is None:
                return f"it is not kept, for {MOST} such lie beside {self._checkpoint} already; keep those"
            beside = self._beside(place, known)
        except (OSError, Unavailable) as error:
            return (
                f"it could not be kept beside {self._checkpoint} ({error}); fetch /ledger/checkpoint while it is shown"
            )
        return f"the checkpoint lies in {place}{beside}; {HOW_TO_JUDGE}"

    def _place(self, kind: Kind, note: bytes) -> Path | None:
        """The file that holds its tree from now on; None, if there is no room."""
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST + 1):
            place = self._checkpoint.with_name(f"{self._checkpoint.name}.{kind}-{number}")
            if self._wrote(place, note) or _tree(place) == unsigned(note):
                return place
        return None

    def _beside(self, place: Path, known: bytes | None) -> str:
        if known is None:
            return ""
        beside = place.with_name(f"{place.name}.known")
        self._wrote(beside, known)
        return f", what was known in {beside.name}"

    def _wrote(self, place: Path, note: bytes) -> bool:
        """Whether the file is new, and holds the note now; one that is there stays as it is."""
        return not place.exists() and durable_file.replace(place, note, mode=self._mode, unless=place.exists)


def _tree(place: Path) -> Checkpoint | None:
    """That of a kept note; None, if somebody has put something else there."""
    try:
        return unsigned(durable_file.read(place))
    except HifadhiError:
        return None
