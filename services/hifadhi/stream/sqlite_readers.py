"""Reading connections of an embedded stream, on threads of their own: no reader holds up the writer or the loop."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from hifadhi.errors import Unavailable
from hifadhi.stream import sqlite_file

T = TypeVar("T")

_THREADS: Final = 2
_CLOSE_S: Final = 4.5


class SqliteReaders:
    """A connection for each thread at most; what asks while all threads are busy waits its turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="stream-reader")
        self._idle: deque[sqlite3.Connection] = deque()
        self._under_way: set[Future[Any]] = set()
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` answers, run on one of the connections."""
        if self._closed:
            raise Unavailable("the stream is closed")
        future = self._threads.submit(self._guarded, work)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Let the reads under way end, for 5 s at most, then close the connections."""
        self._closed = True
        self._threads.shutdown(wait=False)
        if under_way := [asyncio.wrap_future(future) for future in list(self._under_way)]:
            await asyncio.wait(under_way, timeout=_CLOSE_S)
        while self._idle:
            self._idle.pop().close()

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with sqlite_file.contract(self._path):
            connection = self._idle.pop() if self._idle else sqlite_file.open_to_read(self._path)
            try:
                answer = work(connection)
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)
            return answer

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)
