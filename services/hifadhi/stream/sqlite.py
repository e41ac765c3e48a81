"""The embedded stream: one SQLite file (write-ahead log, synchronous=FULL), shared by any number of processes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from zlib import crc32

from hifadhi.errors import Unavailable
from hifadhi.stream import sqlite_records
from hifadhi.stream.arrivals import Arrivals
from hifadhi.stream.port import Appended, Entry, Record, refuse_oversized
from hifadhi.stream.sqlite_readers import SqliteReaders
from hifadhi.stream.sqlite_records import Partition
from hifadhi.stream.sqlite_writer import SqliteWriter
from hifadhi.stream.topics import Topic


def wall_clock_ms() -> int:
    """Milliseconds since 1970, UTC, as this machine believes."""
    return time.time_ns() // 1_000_000


class SqliteStream:
    """The port `Stream` on the file at `path`, which is made when it is not there; its folder must be.

    An append is one transaction: all of its entries or none. A compact topic holds the newest record of each key and
    no other. A tombstone's append also empties the write-ahead log, so that what it erased is in no file; a reader
    in the way delays that until it has ended. Tombstones stay.
    """

    def __init__(self, path: Path, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._readers = SqliteReaders(path)
        self._arrivals = Arrivals(partial(self._readers.run, sqlite_records.all_ends))
        self._writer = SqliteWriter(path, clock_ms, self._arrivals.rise)
        self._topics: dict[str, tuple[Partition, ...]] = {}

    async def create(self, topics: Sequence[Topic]) -> None:
        """See the port."""
        self._topics |= await self._writer.declare(topics)

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        """See the port."""
        partitions = self._known(topic)
        refuse_oversized(entries)
        if not entries:
            return []
        addressed = [(partitions[crc32(entry.key) % len(partitions)], entry) for entry in entries]
        return await self._writer.append(addressed, deadline_s)

    async def read(
        self,
        topic: str,
        position: int,
        *,
        partition: int = 0,
        limit: int = 500,
        max_bytes: int = 8 << 20,
        wait_s: float = 0.0,
    ) -> list[Record]:
        """See the port."""
        of = self._known(topic)[partition]
        work = partial(sqlite_records.read, partition=of, position=position, limit=limit, max_bytes=max_bytes)
        until = asyncio.get_running_loop().time() + wait_s
        while True:
            records = await self._readers.run(work)
            left_s = until - asyncio.get_running_loop().time()
            if records or left_s <= 0:
                return records
            await self._arrivals.beyond(of.id, position, left_s)

    async def ends(self, topic: str) -> list[int]:
        """See the port."""
        ids = [partition.id for partition in self._known(topic)]
        return await self._readers.run(lambda connection: [sqlite_records.end(connection, one) for one in ids])

    async def end(self, topic: str, *, partition: int = 0) -> int:
        """See the port."""
        return await self._readers.run(partial(sqlite_records.end, partition_id=self._known(topic)[partition].id))

    async def oldest(self, topic: str, *, partition: int = 0) -> int:
        """See the port."""
        return await self._readers.run(partial(sqlite_records.oldest, partition_id=self._known(topic)[partition].id))

    def partitions(self, topic: str) -> int:
        """See the port."""
        return len(self._known(topic))

    async def close(self) -> None:
        """See the port."""
        await asyncio.gather(self._arrivals.close(), self._writer.close(), self._readers.close())

    def _known(self, topic: str) -> tuple[Partition, ...]:
        try:
            return self._topics[topic]
        except KeyError:
            raise Unavailable(f"the topic {topic} is not known here: create it first", code="TOPIC_UNKNOWN") from None
