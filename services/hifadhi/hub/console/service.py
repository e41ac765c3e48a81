"""The console service: three followers, and the pages made of their rows."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from hifadhi.hub.console.dead_letters import DeadLetters
from hifadhi.hub.console.following import Following
from hifadhi.hub.console.handovers import Handovers
from hifadhi.hub.console.ledger import Ledger
from hifadhi.hub.console.web import Faces
from hifadhi.referral.root import Root
from hifadhi.store.port import Store
from hifadhi.stream.port import Stream


class Console:
    """The topics and tables are there before `start`. It has no login: wiring binds it to loopback only.

    `elsewhere`: what is wrong with the other services at this moment, in sentences.
    """

    def __init__(
        self,
        *,
        stream: Stream,
        store: Store,
        root: Root,
        clock_ms: Callable[[], int],
        elsewhere: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        followers = (Ledger(store, stream, root), Handovers(store, stream), DeadLetters(store, stream))
        self._following = [Following(follower) for follower in followers]
        self._faces = Faces(
            stream=stream, store=store, root=root, clock_ms=clock_ms, stopped=lambda: self.stopped, elsewhere=elsewhere
        )

    @property
    def stopped(self) -> dict[str, str]:
        """Why a follower will not go on, by its topic; empty while all do."""
        return {one.topic: one.stopped for one in self._following if one.stopped}

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        return self._faces.routes()

    async def start(self) -> None:
        """Read where the rows are, then follow."""
        for one in self._following:
            await one.start()

    async def stop(self) -> None:
        """End the followers. Idempotent."""
        await asyncio.gather(*(one.stop() for one in self._following))
