"""Back-pressure: a receipt promises a leaf within `max_delay_s`, so none is given that could not be kept.

Two measures, and the worse one counts: the age of the first submission that the registry has not ruled, by the
stream's own time; and how long all that wait would take at the rate at which it rules when it has work. The age alone
would come too late: in a flood the last of those who wait is accepted long before the first of them is old.
"""

import json
import time
from collections.abc import Callable
from typing import Final

from hifadhi.errors import Unavailable
from hifadhi.hub.gateway import metrics
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS

# Of `max_delay_s`: beyond it no more is taken in, so that what is taken in is still sealed in time.
FRACTION: Final = 0.5
# Rulings a second that are believed before any were seen.
FIRST_RATE: Final = 200.0
# The rate is measured only while so many wait (a registry without work shows none), over about so many seconds.
BUSY: Final = 50
MEMORY_S: Final = 2.0


class Rate:
    """Rulings a second, smoothed over `MEMORY_S`, of a registry that has work."""

    def __init__(self) -> None:
        self.per_s = FIRST_RATE
        self._position, self._at, self._busy = 0, 0.0, False

    def observe(self, position: int, pending: int, now_s: float) -> None:
        """The registry is at `position`, and so many wait."""
        passed = now_s - self._at
        busy = pending >= BUSY
        if self._busy and busy and passed > 0:
            weight = min(1.0, passed / MEMORY_S)
            self.per_s += weight * ((position - self._position) / passed - self.per_s)
        self._position, self._at, self._busy = position, now_s, busy

    def seconds_for(self, pending: int) -> float:
        """How long those who wait would take."""
        return pending / max(self.per_s, 0.001)


class Pressure:
    """Watches the registry from afar. `now_s`: a clock that only rises."""

    def __init__(
        self,
        stream: Stream,
        max_delay_s: int,
        clock_ms: Callable[[], int],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._clock_ms, self._now_s = stream, clock_ms, now_s
        self._limit_s = max_delay_s * FRACTION
        self._behind_s = 0.0
        self._position = 0
        self._rate = Rate()

    def check(self) -> None:
        """`Unavailable` OVERLOADED while the registry is too far behind."""
        if self._behind_s > self._limit_s:
            why = "the registry is behind; nothing was stored; send the same again later"
            raise Unavailable(why, code="OVERLOADED", retry_after_s=5)

    async def measure(self) -> None:
        """Look once."""
        end = await self._stream.end(PROGRESS)
        newest = await self._stream.read(PROGRESS, max(0, end - 1), limit=1) if end else []
        if newest:
            told = int(json.loads(newest[-1].value or b"{}").get("position", 0))
            self._position = max(self._position, told)  # a registry that was paused tells late how far it had been
        waiting = await self._stream.read(SUBMISSIONS, self._position, limit=1)
        pending = await self._stream.end(SUBMISSIONS) - self._position
        self._rate.observe(self._position, pending, self._now_s())
        age_s = (self._clock_ms() - waiting[0].time_ms) / 1000 if waiting else 0.0
        self._behind_s = max(0.0, age_s, self._rate.seconds_for(pending))
        metrics.BEHIND.set(self._behind_s)
