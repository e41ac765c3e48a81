"""Work that waits in rows until somebody rings: what an outbox of a transaction is (`services/ARCHITECTURE.md`)."""

import asyncio
from collections.abc import Awaitable, Callable


class Doorbell:
    """Rung when there may be something, and once at the start: what an earlier process left is done too."""

    def __init__(self, page: Callable[[], Awaitable[bool]], *, gather_s: float = 0.0) -> None:
        """`page` does some of what waits, and says whether there may be more; `gather_s`: how long more may come."""
        self._page, self._gather_s = page, gather_s
        self._rung = asyncio.Event()
        self._rung.set()

    def ring(self) -> None:
        """Look soon."""
        self._rung.set()

    async def answer(self) -> None:
        """Wait for the ring, then do everything. Whatever goes wrong, it is as if somebody had rung again."""
        await self._rung.wait()
        await asyncio.sleep(self._gather_s)
        self._rung.clear()
        try:
            while await self._page():
                pass
        except BaseException:
            self._rung.set()
            raise
