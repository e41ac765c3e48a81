"""Back-pressure: a receipt promises a leaf within `max_delay_s`, so none is given that could not be kept.

Watches the registry from afar, through the stream; what follows from it is `forecast`'s to say.
"""

import json
import time
from collections.abc import Callable
from typing import Final

from hifadhi.errors import Unavailable
from hifadhi.hub.gateway import metrics
from hifadhi.hub.gateway.forecast import Forecast, Look
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS

EVERY_S: Final = 0.25
# Looks that may fail to come in time before an idle registry counts as one that stands still.
LOOKS: Final = 4


class Pressure:
    """`max_delay_s`: what the root in force promises. `now_s`: a clock that only rises."""

    def __init__(
        self,
        stream: Stream,
        max_delay_s: Callable[[], int],
        clock_ms: Callable[[], int],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._clock_ms, self._now_s = stream, clock_ms, now_s
        self._max_delay_s, self._forecast = max_delay_s, Forecast(max_delay_s())
        self._position = 0

    @property
    def every_s(self) -> float:
        """How often to look."""
        return min(EVERY_S, self._forecast.limit_s / LOOKS)

    def check(self) -> None:
        """`Unavailable` OVERLOADED while the registry is too far behind."""
        if not self._forecast.allows(self._now_s()):
            why = "the registry is behind; nothing was stored; send the same again later"
            raise Unavailable(why, code="OVERLOADED", retry_after_s=5)

    def take(self) -> None:
        """One more is on its way into the stream, from the moment it was checked."""
        self._forecast.take()

    def settle(self, count: int) -> None:
        """So many that were taken are stored, or given up."""
        self._forecast.settle(count)

    async def measure(self) -> None:
        """Look once. The position is read first: whoever comes in meanwhile counts as waiting."""
        began_s = self._now_s()
        self._forecast.promise(self._max_delay_s())
        self._position = max(self._position, await self._told())
        waiting = await self._stream.read(SUBMISSIONS, self._position, limit=1)
        stored = self._forecast.stored
        pending = await self._stream.end(SUBMISSIONS) - self._position
        age_s = (self._clock_ms() - waiting[0].time_ms) / 1000 if waiting else 0.0
        self._forecast.observe(Look(began_s, self._position, pending, age_s), stored)
        metrics.BEHIND.set(self._forecast.behind_s)

    async def _told(self) -> int:
        """How far the registry says it is; one that was paused tells late how far it had been."""
        end = await self._stream.end(PROGRESS)
        newest = await self._stream.read(PROGRESS, end - 1, limit=1) if end else []
        return int(json.loads(newest[-1].value or b"{}").get("position", 0)) if newest else 0
