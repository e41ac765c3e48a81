"""The publisher at work beside the sealer: while one batch is told, the next one is ruled."""

import asyncio
import time
from typing import Final

from hifadhi.hub.registry.publisher import Publisher

LAST_WORD_S: Final = 1.0


class Publishing:
    """At most one batch behind: `begin` waits for the one before, so that what is committed and untold is bounded."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._looked = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Tell what is committed, in the background. Raises what went wrong with the telling before."""
        await self.settle()
        self._task = asyncio.create_task(self._publisher.catch_up(), name="registry-publishing")

    async def settle(self) -> None:
        """Wait until everything begun is told. Raises what went wrong with it."""
        if task := self._task:
            await asyncio.wait([task])  # which does not cancel it: who is cancelled here gives it up himself
            self._task = None
            task.result()

    async def keep_last_word(self) -> None:
        """When there is nothing else to do: what another registry told over ours after a pause is told again."""
        await self.settle()
        if time.monotonic() - self._looked >= LAST_WORD_S:
            self._looked = time.monotonic()
            if not await self._publisher.has_last_word():
                await self.begin()

    async def give_up(self, within_s: float | None = None) -> None:
        """Stop telling, wherever it is: the rows say later what is left."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task], timeout=within_s)
            if task.done() and not task.cancelled():
                task.exception()  # told already, or of no use to anyone now
