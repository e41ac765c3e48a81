"""Back-pressure: a receipt promises a leaf within `max_delay_s`, so none is given that could not be kept.

How late the registry is: the age of the first submission that it has not ruled, by the stream's own time.
"""

import json
from collections.abc import Callable

from hifadhi.errors import Unavailable
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS

# Of `max_delay_s`: beyond it no more is taken in, so that what is taken in is still sealed in time.
FRACTION = 0.5


class Pressure:
    """Watches the registry from afar."""

    def __init__(self, stream: Stream, max_delay_s: int, clock_ms: Callable[[], int]) -> None:
        self._stream, self._clock_ms = stream, clock_ms
        self._limit_ms = max_delay_s * 1000 * FRACTION
        self._behind_ms = 0.0
        self._position = 0

    def check(self) -> None:
        """`Unavailable` OVERLOADED while the registry is too far behind."""
        if self._behind_ms > self._limit_ms:
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
        self._behind_ms = max(0, self._clock_ms() - waiting[0].time_ms) if waiting else 0
