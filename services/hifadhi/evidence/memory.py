"""What an audit need not keep in its hands: cases and messages of which it may hear again, or never. Pure.

A ledger outgrows every memory. So an audit asks for what the next entries name, and between two bundles it lets go.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hifadhi.evidence.entry import Entry
from hifadhi.evidence.fold import NO_NAMES, Fold, Names, names_of


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where an earlier audit of the same ledger stopped: its progress, and the directory's leaves up to there."""

    progress: bytes
    statements: Sequence[tuple[int, bytes]]


class Memory(Protocol):
    """Where cases and messages lie while they are not in the fold, and what keys have signed."""

    def resumed(self) -> Resumed | None:
        """What an earlier audit left; None if there was none."""

    def recall(self, fold: Fold, names: Callable[[], Names], until: int, leaves: int) -> None:
        """Put into the fold what is named, and the cases of what lapses by `until` (ms), enough for so many leaves."""

    def relieve(self, fold: Fold, progress: Callable[[], bytes], *, at_end: bool = False) -> None:
        """Called between two bundles. What the fold holds may be taken over, together with how far the audit is."""

    def declare(self, index: int, leaf: bytes) -> None:
        """The directory's next leaf, and its index."""

    def note(self, kid: str, index: int, stored_at: int) -> None:
        """The key signed the leaf at `index`."""

    def signed_since(self, kid: str, since: int) -> tuple[int, int]:
        """How many leaves the key has signed that were stored at `since` or later, and the index of the first."""


class InMind:
    """Everything stays in the fold, and is forgotten with it."""

    def __init__(self) -> None:
        self._signed: dict[str, tuple[array[int], array[int]]] = {}

    def resumed(self) -> None:
        """See `Memory`."""

    def recall(self, fold: Fold, names: Callable[[], Names], until: int, leaves: int) -> None:
        """See `Memory`."""

    def relieve(self, fold: Fold, progress: Callable[[], bytes], *, at_end: bool = False) -> None:
        """See `Memory`."""

    def declare(self, index: int, leaf: bytes) -> None:
        """See `Memory`."""

    def note(self, kid: str, index: int, stored_at: int) -> None:
        """See `Memory`."""
        instants, indexes = self._signed.setdefault(kid, (array("q"), array("q")))
        instants.append(stored_at)
        indexes.append(index)

    def signed_since(self, kid: str, since: int) -> tuple[int, int]:
        """See `Memory`."""
        instants, indexes = self._signed.get(kid, (array("q"), array("q")))
        first = bisect_left(instants, since)
        return (len(instants) - first, indexes[first]) if first < len(instants) else (0, 0)


def named_in(entries: Sequence[Entry]) -> Names:
    """What these entries name, all together."""
    named = [names_of(entry.submission) for entry in entries if entry.submission] or [NO_NAMES]
    return Names(frozenset().union(*(one.messages for one in named)), frozenset().union(*(one.cases for one in named)))
