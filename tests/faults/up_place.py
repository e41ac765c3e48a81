"""`hifadhi up` on a folder and a port, killed and started again."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Self

from child import free_ports
from faults.place import GONE_S, answers
from faults.starter import Started, Starter
from hifadhi.store.port import Store
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Stream
from hifadhi.stream.sqlite import SqliteStream

UP: Final = "up"
END_S: Final = 10.0


class UpPlace:
    """At most one exchange at a time; whatever still runs when the block is left is killed.

    `ahead_ms`: what the next process's clock is ahead of this machine's; it may only grow.
    """

    name = "embedded"
    services = (UP,)
    beneath = ()
    parts_partitions = 1

    def __init__(self, folder: Path, *, ahead_ms: int = 0) -> None:
        self.folder, self.ahead_ms = folder, ahead_ms
        [self.port] = free_ports(1)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "up.log"
        self._starter = Starter()
        self._running: Started | None = None

    async def __aenter__(self) -> Self:
        await self._starter.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._starter.__aexit__()

    def service_of(self, _point: str) -> str:
        return UP

    async def start(self, service: str = UP, **environment: str) -> None:
        await self.kill(service)
        here = {"HIFADHI_DATA": str(self.folder), "HIFADHI_PORT": str(self.port), "HIFADHI_LOG_LEVEL": "WARNING"}
        self._running = await self._starter.start(UP, self.log, here | environment, ahead_ms=self.ahead_ms)

    @property
    def process(self) -> Started:
        """The one that runs."""
        assert self._running
        return self._running

    async def ready(self) -> None:
        await answers(self.base_url, self.log)

    async def gone(self, _service: str = UP) -> None:
        assert self._running
        await self._running.gone(GONE_S)
        self._running = None

    async def kill(self, _service: str = UP) -> None:
        if self._running:
            await self._running.kill()
        self._running = None

    def pause(self, _service: str = UP) -> None:
        assert self._running
        self._running.signal(signal.SIGSTOP)

    def resume(self, _service: str = UP) -> None:
        assert self._running
        self._running.signal(signal.SIGCONT)

    async def end(self) -> None:
        running, self._running = self._running, None
        assert running
        running.signal(signal.SIGTERM)
        await running.gone(END_S)

    def stream(self) -> Stream:
        return SqliteStream(self.folder / "stream.sqlite")

    def store(self) -> Store:
        return SqliteStore(self.folder / "store.sqlite")

    def back_up(self, to: Path) -> None:
        """A copy of the rows as they are now."""
        with closing(sqlite3.connect(self.folder / "store.sqlite")) as ours, closing(sqlite3.connect(to)) as copy:
            ours.backup(copy)

    def restore(self, copy: Path) -> None:
        """The rows as they were then. Nothing may run."""
        assert self._running is None
        for name in ("store.sqlite-wal", "store.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)
        (self.folder / "store.sqlite").write_bytes(copy.read_bytes())
