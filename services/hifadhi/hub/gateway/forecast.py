"""How much a gateway may still promise: looks at the registry in, an answer out, no I/O.

Nothing more is taken in
1. once the first of those who wait is older than a quarter of `max_delay_s`, the time since the last look included: a
   registry that stands still, or a broker that does not answer, shows no rate;
2. beyond what the registry would rule in that time at the rate that it showed when it last had work: in a flood those
   accepted last would be late long before the first of them is old;
3. beyond half of what room (2) leaves, between two looks: other gateways saw the same room, and will fill it too. What
   this gateway took in and has not yet stored counts as unseen, however long storing takes;
4. but one to try with, once nothing waits, after a batch took the registry more than three eighths of `max_delay_s`:
   whoever comes while one is being ruled waits for its end and for all of the next, however few they are.

It rests on this: within `max_delay_s` of a receipt the registry rules at no less than a quarter of the rate it showed
over the last seconds (half of it, if four gateways fill the room in the same moment), or, unseen, of `FIRST_RATE`, and
no batch takes it longer than half of that time. It may stand still for half of it if it then goes on as before. No
forecast survives a registry that stops for good behind a queue that was accepted: the rest is all there is for that.
"""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

# Of `max_delay_s`.
FRACTION: Final = 0.25
# Of `max_delay_s`, for one batch; twice that is still in time.
LONGEST: Final = 0.375
# Of the room that is left, for one gateway between two looks.
SHARE: Final = 0.5
# Rulings a second that are believed before any were seen.
FIRST_RATE: Final = 200.0
# A rate is measured only while so many wait, or half of what may: a registry without work shows none.
BUSY: Final = 100
# Over so many seconds of work: the shorter, the sooner a slower registry is noticed.
MEMORY_S: Final = 2.0
# A rate that was not seen for so long says nothing about now.
FORGET_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Look:
    """Begun at `at_s` of a clock that only rises. `pending` wait behind `position`, the first of them for `age_s`."""

    at_s: float
    position: int
    pending: int
    age_s: float


class Rate:
    """Rulings a second of a registry that has work, from one step of its progress to the next.

    A registry rules in batches: between two steps it is not slower. A wait for the next step counts from its first
    second, so that a registry that slows down is believed to before the step comes.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._steps: deque[tuple[float, float]] = deque()
        self._last: Look | None = None
        self._seen_s, self._took_s, self._busy = -inf, 0.0, False
        self.step_s = 0.0

    @property
    def per_s(self) -> float:
        """Never 0."""
        took_s = self._took_s if self._busy else 0.0
        return sum(ruled for _, ruled in self._steps) / (took_s + sum(took for took, _ in self._steps))

    def observe(self, look: Look) -> None:
        """One look later than the last."""
        self._forget(look.at_s)
        last, self._last = self._last or look, look
        moved = look.position - last.position
        if moved or look.pending or last.pending:
            self._took_s += look.at_s - last.at_s
        self._busy |= max(look.pending, last.pending) >= self._enough()
        if moved:
            self._step(moved, look)

    def _enough(self) -> float:
        return min(BUSY, self.per_s * self.limit_s / 2)

    def _step(self, moved: int, look: Look) -> None:
        """A registry with little work is at least as fast as it shows."""
        if self._busy or moved > self.per_s * self._took_s:
            self._steps.append((self._took_s, moved))
            self._seen_s = look.at_s
        while sum(took for took, _ in self._steps) - self._steps[0][0] >= MEMORY_S:
            self._steps.popleft()
        self.step_s, self._took_s, self._busy = self._took_s, 0.0, look.pending >= self._enough()

    def _forget(self, now_s: float) -> None:
        if not self._busy and now_s - self._seen_s > FORGET_S:
            self._steps = deque([(MEMORY_S, FIRST_RATE * MEMORY_S)])
            self._seen_s = now_s


class Forecast:
    """What was seen, what was taken in since, and whether one more may be."""

    def __init__(self, max_delay_s: int) -> None:
        self._rate = Rate(0.0)
        self.promise(max_delay_s)
        self._waits_since_s = -inf
        self._share = 0.0
        self._taken = self._stored = self._seen = 0
        self.behind_s = 0.0

    def promise(self, max_delay_s: int) -> None:
        """What receipts promise from now on."""
        self.limit_s, self._longest_s = max_delay_s * FRACTION, max_delay_s * LONGEST
        self._rate.limit_s = self.limit_s

    @property
    def stored(self) -> int:
        """How many of those taken in are no longer under way; to be noted before a look counts who waits."""
        return self._stored

    def observe(self, look: Look, stored: int) -> None:
        """A look, which saw everything that was `stored`."""
        self._rate.observe(look)
        per_s = self._rate.per_s
        self._seen = stored
        room = (per_s * self.limit_s - look.pending) * SHARE
        self._share = room if self._rate.step_s <= self._longest_s else 1 - look.pending
        self._waits_since_s = look.at_s - max(0.0, look.age_s)
        self.behind_s = max(0.0, look.age_s, look.pending / per_s)

    def allows(self, now_s: float) -> bool:
        """Whether a receipt given now would be kept."""
        return now_s - self._waits_since_s <= self.limit_s and self._taken - self._seen < self._share

    def take(self) -> None:
        """One more is under way."""
        self._taken += 1

    def settle(self, count: int) -> None:
        """So many are stored, or will not be."""
        self._stored += count
