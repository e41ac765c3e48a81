"""A follower that runs for ever in its own task; what it has shown stays readable when it stops."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from hifadhi.diagnostics import log
from hifadhi.errors import Tampered, Unavailable

WAIT_S: Final = 1.0
REST_S: Final = 0.1
STOP_S: Final = 4.0


class Follower(Protocol):
    """What follows one topic."""

    @property
    def topic(self) -> str:
        """The topic's name."""

    async def load(self) -> None:
        """Read where the rows are."""

    async def step(self, wait_s: float) -> bool:
        """Follow what is there; whether there was anything."""


class Following:
    """One follower's task. `stopped`: why it will not go on; `changed` is called when rows or that did."""

    def __init__(self, follower: Follower, changed: Callable[[], None]) -> None:
        self._follower, self._changed = follower, changed
        self._task: asyncio.Task[None] | None = None
        self.topic = follower.topic
        self.stopped: str | None = None

    async def start(self) -> None:
        """Read where the rows are, then follow in the background."""
        await self._follower.load()
        self.stopped = None
        self._task = asyncio.create_task(self._run(), name=f"console {self.topic}")

    async def stop(self) -> None:
        """End the task. Idempotent."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_S)

    async def _run(self) -> None:
        try:
            while True:
                await self._go_on()
        except Tampered as error:
            log.error("console stopped", topic=self.topic, why=str(error))
            self.stopped = str(error)
        except Exception:  # noqa: BLE001 (a bug: to go on would show something that is not so; the page says that it stopped)
            log.exception("console stopped", topic=self.topic)
            self.stopped = "a fault in this program; see the diagnostics"
        self._changed()

    async def _go_on(self) -> None:
        try:
            if await self._follower.step(WAIT_S):
                self._changed()
            else:
                await asyncio.sleep(REST_S)  # what is there may wait for another topic
        except Unavailable as error:
            log.warning("console waits", topic=self.topic, why=str(error))
            await asyncio.sleep(error.retry_after_s)
            await self._reload()

    async def _reload(self) -> None:
        try:
            await self._follower.load()
        except Unavailable as error:
            log.warning("console waits", topic=self.topic, why=str(error))
