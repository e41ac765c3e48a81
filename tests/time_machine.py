"""A clock that tests move: weeks pass between two messages."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from cast import Cast, now_ms


class Clock:
    """Milliseconds since 1970, always ahead of the wall by what was waited."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self._ahead_ms

    @property
    def ahead_ms(self) -> int:
        """What was waited."""
        return self._ahead_ms

    def wait(self, **time: float) -> None:
        """So much time passes, in the words of `timedelta`."""
        self._ahead_ms += timedelta(**time) // timedelta(milliseconds=1)


class CastInTime(Cast):
    """Agencies whose tokens are of the clock's time."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder)
        self.clock = clock

    def token(self, name: str, audience: str, **claims: Any) -> str:
        start = self.clock() // 1000
        return super().token(name, audience, **{"iat": start, "exp": start + 120, **claims})
