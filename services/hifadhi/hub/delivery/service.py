"""The delivery service: a follower, an outbox, and the faces that agencies read from."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from hifadhi.diagnostics import log
from hifadhi.errors import Unavailable
from hifadhi.hub import gathering
from hifadhi.hub.delivery.erasures import Tombstones
from hifadhi.hub.delivery.follower import Follower
from hifadhi.hub.delivery.handovers import Outbox
from hifadhi.hub.delivery.inbox_topics import InboxTopics
from hifadhi.hub.delivery.progress import SwapLost
from hifadhi.hub.delivery.reissue import Reissues
from hifadhi.hub.delivery.waiters import Waiters
from hifadhi.hub.delivery.web import Faces
from hifadhi.referral.root import Root
from hifadhi.store.port import Store
from hifadhi.stream.port import Stream

IDLE_S: Final = 5.0
STOP_S: Final = 1.0


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Delivery:
    """`audience`: the base URL that tokens name. The topics and tables are there before `start`.

    `inbox_topics`: whether agencies read from topics of their own too; those it makes itself.
    """

    def __init__(  # noqa: PLR0913 (all by name)
        self,
        *,
        store: Store,
        stream: Stream,
        root: Root,
        audience: str,
        clock_ms: Callable[[], int] = _clock_ms,
        waiters: Waiters | None = None,
        inbox_topics: bool = False,
    ) -> None:
        self._follower = Follower(store, stream, root)
        self._outbox = Outbox(store, stream)
        self._tombstones = Tombstones(store, stream)
        self._reissues = Reissues(store, stream) if inbox_topics else None
        self._topics = InboxTopics(store, stream, lambda: self._follower.directory.agencies) if inbox_topics else None
        self._waiters = waiters or Waiters()
        self._faces = Faces(
            store=store,
            waiters=self._waiters,
            outbox=self._outbox,
            directory=lambda: self._follower.directory,
            audience=audience,
            clock_ms=clock_ms,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._troubles: dict[str, str] = {}

    @property
    def trouble(self) -> str | None:
        """Why delivery stands still at present, in a sentence with a code; None if all is well."""
        return next((f"Delivery stands still: {code}." for code in self._troubles.values()), None)

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        return self._faces.routes()

    async def start(self) -> None:
        """Read where the rows are, then follow."""
        await self._follower.load()
        self._tasks = [
            asyncio.create_task(self._forever("follower", self._follow), name="delivery-follower"),
            asyncio.create_task(self._forever("outbox", self._outbox.run_once), name="delivery-outbox"),
            asyncio.create_task(self._forever("tombstones", self._tombstones.run_once), name="delivery-tombstones"),
        ]
        if self._topics:
            sending = self._forever("inbox topics", self._topics.run_once)
            self._tasks.append(asyncio.create_task(sending, name="delivery-inbox-topics"))
        if self._reissues:
            telling = self._forever("reissues", self._reissues.run_once)
            self._tasks.append(asyncio.create_task(telling, name="delivery-reissues"))

    def hush(self) -> None:
        """Answer who waits."""
        self._waiters.close()

    async def stop(self) -> None:
        """End the tasks and answer who waits. Idempotent."""
        self.hush()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.exception()  # it was told when it was raised
        self._tasks = []

    async def _follow(self) -> None:
        before = self._follower.size
        try:
            fresh = await self._follower.step(IDLE_S)
        except SwapLost:
            # Another process delivers too; what it has done is news to those who wait here.
            await self._follower.load()
            self._waiters.wake_all()
            if self._topics:
                self._topics.ring_all()
            return
        if fresh:
            self._waiters.wake(fresh)
            self._outbox.ring()
            self._tombstones.ring()
            if self._reissues:
                self._reissues.ring()
        new = self._follower.size - before
        if self._topics and new:
            self._topics.ring(fresh)
        if new:
            await asyncio.sleep(gathering.wait_s(new))

    async def _forever(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                self._troubles.pop(name, None)
            except Unavailable as error:
                self._troubles[name] = error.code
                log.warning("delivery waits", why=str(error), code=error.code)
                await asyncio.sleep(error.retry_after_s)
            except Exception as error:
                # `Tampered`, or a bug: to go on would deliver on top of it. What was delivered can still be read.
                self._troubles[name] = type(error).__name__.upper()
                log.exception("delivery stopped", task=name)
                raise
