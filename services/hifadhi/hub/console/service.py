"""The console service: three followers, the pages made of their rows, and the streams that keep these live."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from hifadhi.hub.console.dead_letters import DeadLetters
from hifadhi.hub.console.event_stream import Pace
from hifadhi.hub.console.following import Following
from hifadhi.hub.console.handovers import Handovers
from hifadhi.hub.console.ledger import Ledger
from hifadhi.hub.console.listeners import Listeners
from hifadhi.hub.console.live import Live
from hifadhi.hub.console.web import Faces
from hifadhi.referral.root import Root
from hifadhi.store.port import Store
from hifadhi.stream.port import Stream


class Console:
    """The topics and tables are there before `start`. It has no login: wiring binds it to loopback only.

    `elsewhere`: what is wrong with the other services at this moment, in sentences. `pace`: of the streams.
    """

    def __init__(
        self,
        *,
        stream: Stream,
        store: Store,
        root: Root,
        clock_ms: Callable[[], int],
        elsewhere: Callable[[], Sequence[str]] = tuple,
        pace: Pace = Pace(),  # noqa: B008 (it is frozen)
    ) -> None:
        self._listeners = Listeners()
        ledger = Ledger(store, stream, root)
        followers = (ledger, Handovers(store, stream), DeadLetters(store, stream))
        self._following = [Following(follower, self._listeners.ring) for follower in followers]
        self._faces = Faces(
            stream=stream,
            store=store,
            origin=root.origin,
            max_delay_s=lambda: ledger.max_delay_s,
            clock_ms=clock_ms,
            stopped=lambda: self.stopped,
            elsewhere=elsewhere,
        )
        self._live = Live(store, self._listeners, self._faces.told, pace)

    @property
    def stopped(self) -> dict[str, str]:
        """Why a follower will not go on, by its topic; empty while all do."""
        return {one.topic: one.stopped for one in self._following if one.stopped}

    @property
    def trouble(self) -> str | None:
        """Why a page may be old, in a sentence; None if all is well."""
        return next((f"The console no longer follows the topic '{topic}'." for topic in self.stopped), None)

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        return [*self._live.routes(), *self._faces.routes()]

    async def start(self) -> None:
        """Read where the rows are, then follow."""
        self._listeners.open()
        for one in self._following:
            await one.start()

    def hush(self) -> None:
        """Answer at once whoever waits for news: the door is closing."""
        self._listeners.close()

    async def stop(self) -> None:
        """End the streams and the followers. Idempotent."""
        self.hush()
        await asyncio.gather(*(one.stop() for one in self._following))
