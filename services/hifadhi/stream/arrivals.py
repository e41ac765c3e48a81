"""Who waits for the next record of a partition, and what wakes them.

A commit of this process wakes them at once; those of other processes are seen by one poll of the newest positions,
which runs only while someone waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from hifadhi.errors import HifadhiError, Unavailable

POLL_S: Final = 0.05


class Arrivals:
    """The ends of the partitions as far as they are known here, by the partition's number in the file."""

    def __init__(self, poll: Callable[[], Awaitable[Mapping[int, int]]]) -> None:
        self._poll = poll
        self._ends: dict[int, int] = {}
        self._waiting: dict[int, set[asyncio.Future[None]]] = {}
        self._polling: asyncio.Task[None] | None = None
        self._closed = False

    def rise(self, ends: Mapping[int, int]) -> None:
        """Partitions have come to these ends: wake who waits for that."""
        for partition, end in ends.items():
            if end > self._ends.get(partition, 0):
                self._ends[partition] = end
                self._wake(partition)

    async def beyond(self, partition: int, position: int, wait_s: float) -> None:
        """Until the partition's end has risen beyond the position, or the time is over; sometimes earlier.

        `Unavailable` once closed.
        """
        if not self._closed and self._ends.get(partition, 0) <= position:
            await self._next_rise(partition, wait_s)
        if self._closed:
            raise Unavailable("the stream was closed")

    async def close(self) -> None:
        """Wake everyone; poll no more."""
        self._closed = True
        for partition in list(self._waiting):
            self._wake(partition)
        if self._polling:
            self._polling.cancel()
            await asyncio.wait((self._polling,))

    async def _next_rise(self, partition: int, wait_s: float) -> None:
        waiter = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(partition, set())
        waiting.add(waiter)
        self._keep_polling()
        try:
            await asyncio.wait((waiter,), timeout=wait_s)
        finally:
            waiting.discard(waiter)

    def _wake(self, partition: int) -> None:
        for waiter in self._waiting.pop(partition, ()):
            if not waiter.done():
                waiter.set_result(None)

    def _keep_polling(self) -> None:
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll_while_awaited(), name="stream-poll")

    async def _poll_while_awaited(self) -> None:
        while any(self._waiting.values()):
            with suppress(HifadhiError):  # whoever waits reads again when its time is over, and hears it then
                self.rise(await self._poll())
            await asyncio.sleep(POLL_S)
