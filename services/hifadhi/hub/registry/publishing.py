"""The publisher at work beside the sealer: while one batch is told, the next one is ruled."""

import asyncio
import time
from typing import Final

from hifadhi.hub.registry.publisher import Publisher
from hifadhi.hub.registry.sealing import Sealing

LAST_WORD_S: Final = 1.0


class Publishing:
    """At most one batch behind: `begin` waits for the one before, so that what is committed and untold is bounded."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._looked = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    @property
    def published(self) -> int:
        """How many leaves are in `record`, as far as this process knows."""
        return self._publisher.published

    async def begin(self, sealing: Sealing) -> None:
        """Tell what was just committed, in the background. Raises what went wrong with the telling before."""
        await self.settle()
        if self._publisher.is_plain(sealing):
            self._task = asyncio.create_task(self._publisher.tell(sealing), name="registry-publishing")
        else:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Tell everything that is committed and untold. The next batch waits for it: it can then be signed along."""
        self._task = asyncio.create_task(self._publisher.catch_up(), name="registry-publishing")
        await self.settle()

    async def note(self) -> None:
        """Note what is told, where no commit follows that would."""
        await self._publisher.note()

    async def settle(self) -> None:
        """Wait until everything begun is told. Raises what went wrong with it."""
        if task := self._task:
            await asyncio.wait([task])  # which does not cancel it: who is cancelled here gives it up himself
            self._task = None
            task.result()

    async def keep_last_word(self) -> None:
        """When there is nothing else to do: what is told is noted, and what another told over it is told again."""
        await self.settle()
        await self.note()
        if time.monotonic() - self._looked >= LAST_WORD_S:
            self._looked = time.monotonic()
            if not await self._publisher.has_last_word():
                await self.catch_up()

    async def give_up(self, within_s: float | None = None) -> None:
        """Stop telling, wherever it is: the rows say later what is left."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task], timeout=within_s)
            if task.done() and not task.cancelled():
                task.exception()  # told already, or of no use to anyone now
