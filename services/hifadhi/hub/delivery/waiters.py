"""Requests that wait for something new for their agency. The follower wakes them; nobody polls."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from hifadhi.errors import Unavailable
from hifadhi.hub.delivery import metrics

T = TypeVar("T")

MOST: Final = 1000
MOST_OF_ONE: Final = 32
RETRY_AFTER_S: Final = 5


class Waiters:
    """At most `most` requests at a time, and `most_of_one` of one agency: beyond, `Unavailable` with when to return."""

    def __init__(self, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._events: dict[str, set[asyncio.Event]] = {}
        self.count = 0
        """How many wait."""
        self._rung = 0
        self._closed = False

    async def until(
        self, agency: str, wait_s: float, ask: Callable[[], Awaitable[T]], enough: Callable[[T], bool]
    ) -> T:
        """What `ask` answers as soon as that is `enough`, or when the time is over, or at the service's end."""
        rung = self._rung
        answer = await ask()
        if wait_s <= 0 or enough(answer):
            return answer
        until = asyncio.get_running_loop().time() + wait_s
        with self._place(agency) as woken:
            if rung != self._rung:
                woken.set()  # something came before we had a place, and may have rung for nobody
            while not enough(answer) and not self._closed:
                left_s = until - asyncio.get_running_loop().time()
                if left_s <= 0 or not await _within(left_s, woken):
                    break
                woken.clear()
                answer = await ask()
            return answer

    def wake(self, agencies: Iterable[str]) -> None:
        """There is something new for these."""
        self._rung += 1
        for agency in agencies:
            for event in self._events.get(agency, ()):
                event.set()

    def wake_all(self) -> None:
        """There may be something new for anyone."""
        self.wake(list(self._events))

    def close(self) -> None:
        """Nobody waits from here on."""
        self._closed = True
        self.wake_all()

    @contextmanager
    def _place(self, agency: str) -> Iterator[asyncio.Event]:
        ours = self._events.setdefault(agency, set())
        if self.count >= self._most or len(ours) >= self._most_of_one:
            raise Unavailable("too many requests are waiting", code="OVERLOADED", retry_after_s=RETRY_AFTER_S)
        event = asyncio.Event()
        ours.add(event)
        self.count += 1
        metrics.WAITING.inc()
        try:
            yield event
        finally:
            self.count -= 1
            metrics.WAITING.dec()
            ours.discard(event)
            if not ours:
                del self._events[agency]


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether it is set in time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
