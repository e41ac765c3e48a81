"""What an auditor should look at in a ledger that verifies: nobody has lied, yet something may be amiss.

1. SEQUENCE_GAP: numbers of a key's sequence have no leaf: a message was perhaps lost on its way to the hub.
2. SEQUENCE_TWICE: one number on two leaves: two writers share a key, or it is in strange hands.
3. KEY_IN_DOUBT: a key was revoked as invalid since an instant after which it had signed. Those leaves stand.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SEQUENCE_GAP: Final = "SEQUENCE_GAP"
SEQUENCE_TWICE: Final = "SEQUENCE_TWICE"
KEY_IN_DOUBT: Final = "KEY_IN_DOUBT"


@dataclass(frozen=True, slots=True)
class Finding:
    """A code, the agency and the key that it concerns, the ledger index where it shows, and a sentence."""

    code: str
    agency: str
    kid: str
    index: int
    message: str


@dataclass(slots=True)
class Signed:
    """What one key has signed: its numbers, and when its leaves were stored (milliseconds UTC)."""

    agency: str
    next: int = 1
    ahead: dict[int, int] = field(default_factory=dict)
    """Numbers above `next` to their indexes; one key's messages may overtake each other on their way."""
    stored: "array[int]" = field(default_factory=lambda: array("q"))
    indexes: "array[int]" = field(default_factory=lambda: array("q"))


class Findings:
    """Collects what `add` and `revoke` are told, in ledger order."""

    def __init__(self) -> None:
        self._keys: dict[str, Signed] = {}
        self._found: list[Finding] = []

    def add(self, kid: str, agency: str, number: int, index: int, stored_at: int) -> None:
        """A leaf whose first signature is by `kid`, with this number of its sequence."""
        key = self._keys.setdefault(kid, Signed(agency))
        key.stored.append(stored_at)
        key.indexes.append(index)
        if number < key.next or number in key.ahead:  # finding 2
            says = f"number {number} of this key's sequence stands on an earlier leaf too"
            self._found.append(Finding(SEQUENCE_TWICE, agency, kid, index, says))
            return
        key.ahead[number] = index
        while key.next in key.ahead:
            del key.ahead[key.next]
            key.next += 1

    def revoke(self, kid: str, invalid_since: int) -> None:
        """A recorded revocation of `kid`, with the instant since which it is invalid."""
        key = self._keys.get(kid)
        first = bisect_left(key.stored, invalid_since) if key else 0
        if key and first < len(key.stored):  # finding 3
            count, index = len(key.stored) - first, key.indexes[first]
            says = f"revoked as invalid since before it signed {count} leaves, the first at {index}; they stand"
            self._found.append(Finding(KEY_IN_DOUBT, key.agency, kid, index, says))

    def all(self) -> tuple[Finding, ...]:
        """All findings so far, by index."""
        gaps = (gap for kid, key in self._keys.items() for gap in _gaps(kid, key))
        return tuple(sorted((*self._found, *gaps), key=lambda finding: finding.index))


def _gaps(kid: str, key: Signed) -> Iterator[Finding]:
    """Finding 1: the runs of numbers that are missing below the highest."""
    expected = key.next
    for number, index in sorted(key.ahead.items()):
        if number > expected:
            missing = f"{expected}" if number == expected + 1 else f"{expected} to {number - 1}"
            says = f"this key's sequence has no leaf with number {missing}"
            yield Finding(SEQUENCE_GAP, key.agency, kid, index, says)
        expected = number + 1
