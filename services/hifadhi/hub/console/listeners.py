"""Open pages that wait to hear that something changed. The followers ring; nobody polls, and no ring is queued."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hifadhi.errors import Unavailable
from hifadhi.hub.console import metrics

MOST: Final = 32
RETRY_AFTER_S: Final = 5


class Listeners:
    """At most `most` at a time: beyond, `Unavailable` with when to return. Rings not heard yet are one ring."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._bells: set[asyncio.Event] = set()
        self.closed = False
        """No page is told anything any more: the service ends."""

    @property
    def count(self) -> int:
        """How many listen."""
        return len(self._bells)

    @contextmanager
    def place(self) -> Iterator[asyncio.Event]:
        """A listener's bell: wait for it, clear it, look what changed."""
        if len(self._bells) >= self._most:
            raise Unavailable("too many pages are open", code="OVERLOADED", retry_after_s=RETRY_AFTER_S)
        bell = asyncio.Event()
        self._bells.add(bell)
        metrics.LISTENING.inc()
        try:
            yield bell
        finally:
            self._bells.discard(bell)
            metrics.LISTENING.dec()

    def ring(self) -> None:
        """Something changed."""
        for bell in self._bells:
            bell.set()

    def open(self) -> None:
        """Pages may listen."""
        self.closed = False

    def close(self) -> None:
        """Everybody goes home."""
        self.closed = True
        self.ring()
