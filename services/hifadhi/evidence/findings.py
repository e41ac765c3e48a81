"""What an auditor should look at in a ledger that verifies: nobody has lied, yet something may be amiss.

1. SEQUENCE_GAP: numbers of a key's sequence have no leaf: a message was perhaps lost on its way to the hub.
2. SEQUENCE_TWICE: one number on two leaves: two writers share a key, or it is in strange hands.
3. KEY_IN_DOUBT: a key was revoked as invalid since an instant after which it had signed. Those leaves stand.
4. TOO_MANY: what else there would be to look at behind this leaf is not listed.

Of one key so many numbers may be awaited, and so many findings are kept: what agencies send must not fill a memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SEQUENCE_GAP: Final = "SEQUENCE_GAP"
SEQUENCE_TWICE: Final = "SEQUENCE_TWICE"
KEY_IN_DOUBT: Final = "KEY_IN_DOUBT"
TOO_MANY: Final = "TOO_MANY"

MOST_AHEAD: Final = 4_096
MOST_FOUND: Final = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A code, the agency and the key that it concerns, the ledger index where it shows, and a sentence."""

    code: str
    agency: str
    kid: str
    index: int
    message: str


@dataclass(slots=True)
class Numbers:
    """The numbers that one key has signed: all below `next`, and those in `ahead`, with their indexes."""

    agency: str
    next: int = 1
    ahead: dict[int, int] = field(default_factory=dict)
    """One key's messages may overtake each other on their way."""


class Findings:
    """Collects what `add` and `revoke` are told, in ledger order. `numbers` and `found`: of an earlier audit."""

    def __init__(self, numbers: Mapping[str, Numbers] | None = None, found: Iterable[Finding] = ()) -> None:
        self.numbers: dict[str, Numbers] = dict(numbers or {})
        self.found: list[Finding] = list(found)

    def add(self, kid: str, agency: str, number: int, index: int) -> None:
        """A leaf whose first signature is by `kid`, with this number of its sequence."""
        key = self.numbers.setdefault(kid, Numbers(agency))
        if number < key.next or number in key.ahead:  # finding 2
            says = f"number {number} of this key's sequence stands on an earlier leaf too, or is far too late"
            self._note(Finding(SEQUENCE_TWICE, agency, kid, index, says))
            return
        key.ahead[number] = index
        _advance(key)
        if len(key.ahead) > MOST_AHEAD:
            self._note(next(_gaps(kid, key)))  # nobody waits for it any longer
            key.next = min(key.ahead)
            _advance(key)

    def revoke(self, kid: str, signed: tuple[int, int]) -> None:
        """A recorded revocation of `kid`; how many leaves it signed since it is invalid, and the first's index."""
        (count, index), key = signed, self.numbers.get(kid)
        if key and count:  # finding 3
            says = f"revoked as invalid since before it signed {count} leaves, the first at {index}; they stand"
            self._note(Finding(KEY_IN_DOUBT, key.agency, kid, index, says))

    def all(self) -> tuple[Finding, ...]:
        """All findings so far, by index."""
        gaps = (gap for kid, key in self.numbers.items() for gap in _gaps(kid, key))
        return tuple(sorted((*self.found, *gaps), key=lambda finding: finding.index))

    def _note(self, finding: Finding) -> None:
        if len(self.found) < MOST_FOUND:
            self.found.append(finding)
        elif len(self.found) == MOST_FOUND:  # finding 4
            says = f"there are more than {MOST_FOUND} things to look at; from here on they are not listed"
            self.found.append(Finding(TOO_MANY, finding.agency, finding.kid, finding.index, says))


def _advance(key: Numbers) -> None:
    while key.next in key.ahead:
        del key.ahead[key.next]
        key.next += 1


def _gaps(kid: str, key: Numbers) -> Iterator[Finding]:
    """Finding 1: the runs of numbers that are missing below the highest."""
    expected = key.next
    for number, index in sorted(key.ahead.items()):
        if number > expected:
            missing = f"{expected}" if number == expected + 1 else f"{expected} to {number - 1}"
            says = f"this key's sequence has no leaf with number {missing}"
            yield Finding(SEQUENCE_GAP, key.agency, kid, index, says)
        expected = number + 1
