"""The one writer of an embedded stream: a thread with a connection, and the appends that wait for it.

Group commit: whatever arrives while a transaction is being committed goes into the next one. No timer: alone, an
append is committed at once.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from hifadhi.errors import Tampered, Unavailable
from hifadhi.stream import sqlite_file, sqlite_records
from hifadhi.stream.port import Appended, size_of
from hifadhi.stream.sqlite_records import Addressed, Partition, Stored
from hifadhi.stream.topics import Topic

T = TypeVar("T")

_WAITING: Final = 1024
"""Appends under way at once; further callers wait for a place."""

_BATCH_BYTES: Final = 4 << 20
_ERASE_AGAIN_S: Final = 0.1
_CLOSE_S: Final = 4.5


@dataclass(eq=False, slots=True)
class _Call:
    entries: Addressed
    size: int
    done: asyncio.Future[list[Appended]]


class SqliteWriter:
    """Appends in the order of their arrival; `on_stored` hears, on the event loop, the new ends of each commit."""

    def __init__(self, path: Path, clock_ms: Callable[[], int], on_stored: Callable[[Mapping[int, int]], None]) -> None:
        self._connection = _Connection(path, clock_ms)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stream-writer")
        self._on_stored = on_stored
        self._places = asyncio.Semaphore(_WAITING)
        self._pending: dict[_Call, None] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def declare(self, topics: Sequence[Topic]) -> dict[str, tuple[Partition, ...]]:
        """The partitions of the topics, made where they do not exist."""
        self._refuse_when_closed()
        self._keep_running()
        return await self._on_thread(lambda: self._connection.declare(topics))

    async def append(self, entries: Addressed, deadline_s: float) -> list[Appended]:
        """Durable when it returns. `Unavailable` when the deadline passes first: the outcome is unknown."""
        try:
            async with asyncio.timeout(deadline_s), self._places:
                return await self._committed(entries)
        except TimeoutError:
            raise Unavailable(f"not stored within {deadline_s} s; the outcome is unknown") from None

    async def close(self) -> None:
        """Finish the transaction under way, fail what waits. Ends within 5 s even if the disk does not answer."""
        if self._closed:
            return
        self._closed = True
        self._fail(list(self._pending), Unavailable("the stream was closed"))
        self._pending.clear()
        self._arrived.set()
        closing = self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)
        waits = [asyncio.wrap_future(closing), *([self._task] if self._task else [])]
        await asyncio.wait(waits, timeout=_CLOSE_S)

    async def _committed(self, entries: Addressed) -> list[Appended]:
        self._refuse_when_closed()
        size = sum(size_of(entry) for _, entry in entries)
        call = _Call(entries, size, asyncio.get_running_loop().create_future())
        self._pending[call] = None
        self._arrived.set()
        self._keep_running()
        try:
            return await call.done
        finally:
            self._pending.pop(call, None)  # cancelled before it was taken: it leaves no trace

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unavailable("the stream is closed")

    def _keep_running(self) -> None:
        self._task = self._task or asyncio.create_task(self._run(), name="stream-writer")

    async def _run(self) -> None:
        while not self._closed:
            await self._something_to_do()
            while batch := self._take():
                await self._commit(batch)

    async def _something_to_do(self) -> None:
        try:
            async with asyncio.timeout(_ERASE_AGAIN_S if self._connection.unforgotten else None):
                await self._arrived.wait()
        except TimeoutError:
            if not self._closed:
                with suppress(Tampered):  # this is nobody's call: whoever appends next hears of it
                    await self._on_thread(self._connection.forget)
        self._arrived.clear()

    def _take(self) -> list[_Call]:
        batch: list[_Call] = []
        size = 0
        for call in self._pending:
            if batch and size + call.size > _BATCH_BYTES:
                break
            batch.append(call)
            size += call.size
        for call in batch:
            del self._pending[call]
        return batch

    async def _commit(self, batch: Sequence[_Call]) -> None:
        calls = [call.entries for call in batch]
        try:
            stored = await self._on_thread(lambda: self._connection.append(calls))
        except Exception as error:  # noqa: BLE001 - not swallowed: each caller gets it, and the writer goes on
            self._fail(batch, error)
            return
        self._on_stored(stored.ends)
        for call, answer in zip(batch, stored.answers, strict=True):
            if not call.done.done():
                call.done.set_result(answer)

    @staticmethod
    def _fail(calls: Sequence[_Call], error: Exception) -> None:
        for call in calls:
            if not call.done.done():
                call.done.set_exception(error)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _Connection:
    """The writing connection, used on the writer's thread only: opened when first needed, and anew after an error."""

    def __init__(self, path: Path, clock_ms: Callable[[], int]) -> None:
        self._path = path
        self._clock_ms = clock_ms
        self._opened: sqlite3.Connection | None = None
        self.unforgotten = False
        """Something was erased whose bytes may still be in the write-ahead log."""

    def declare(self, topics: Sequence[Topic]) -> dict[str, tuple[Partition, ...]]:
        declared = self._guarded(lambda connection: sqlite_records.declare(connection, topics))
        self.forget()  # what a process erased that was killed before it came to this
        return declared

    def append(self, calls: Sequence[Addressed]) -> Stored:
        stored = self._guarded(lambda connection: sqlite_records.append(connection, calls, self._clock_ms))
        erases = any(entry.value is None and partition.compact for call in calls for partition, entry in call)
        if erases or self.unforgotten:
            self.forget()
        return stored

    def forget(self) -> None:
        self.unforgotten = True
        with suppress(Unavailable):  # what was stored is stored; this is tried again until it succeeds
            self.unforgotten = not self._guarded(sqlite_file.forget_erased)

    def close(self) -> None:
        if self._opened:
            self._opened.close()
        self._opened = None

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with sqlite_file.contract(self._path):
            try:
                self._opened = self._opened or sqlite_file.open_to_write(self._path)
                return work(self._opened)
            except sqlite3.Error:
                self.close()  # in doubt about its state: the next call reads the file afresh
                raise
