"""The readers of all partitions: a few cursors each, so that those who read in order go on where they were."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from hifadhi.errors import Tampered, Unavailable
from hifadhi.stream.kafka_brokers import Brokers
from hifadhi.stream.kafka_cursor import KafkaCursor
from hifadhi.stream.kafka_errors import contract
from hifadhi.stream.port import Record, refuse_beyond, refuse_gap
from hifadhi.stream.topics import Topic

MOST_CURSORS: Final = 4
"""That rest on one partition. More may read at once; they are closed when they have."""

ANSWER_S: Final = 8.0
"""How long the broker may take to say where a partition ends, or to give what it says is there."""


class KafkaReaders:
    """Reads by position. A record that the broker says is there and does not give makes the cursor anew."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._resting: dict[TopicPartition, list[KafkaCursor]] = {}
        self._busy: set[KafkaCursor] = set()
        self._asker: AIOKafkaConsumer | None = None
        self._making = asyncio.Lock()
        self._closed = asyncio.Event()

    async def read(
        self, topic: Topic, partition: int, position: int, *, limit: int, max_bytes: int, wait_s: float
    ) -> list[Record]:
        """See the port."""
        of = TopicPartition(self._brokers.prefix + topic.name, partition)
        with contract():
            async with self._cursor(of, position, peeks=limit == 1) as cursor:
                if cursor.position != position:
                    position = await self._allowed(topic, of, position)
                    cursor.go(position)
                try:
                    records = await self._page(cursor, of, position, limit, max_bytes, wait_s)
                except OffsetOutOfRangeError:
                    position = await self._allowed(topic, of, position)
                    raise Unavailable("the partition has moved; read again") from None
        if topic.cleanup == "forever":
            refuse_gap(topic.name, position, records)
        return records

    async def bounds(self, of: TopicPartition) -> tuple[int, int]:
        """The oldest position and the end."""
        with contract():
            async with asyncio.timeout(ANSWER_S):
                asker = await self._asking()
                oldest, end = await asyncio.gather(asker.beginning_offsets([of]), asker.end_offsets([of]))
                return oldest[of], end[of]

    async def end(self, of: TopicPartition) -> int:
        """The position that the next record will get."""
        with contract():
            async with asyncio.timeout(ANSWER_S):
                end: int = (await (await self._asking()).end_offsets([of]))[of]
                return end

    async def close(self) -> None:
        """Let go of all, within two seconds."""
        self._closed.set()
        cursors = [*self._busy, *(one for resting in self._resting.values() for one in resting)]
        self._resting.clear()
        leaving = [asyncio.create_task(one.close()) for one in cursors]
        if self._asker:
            leaving.append(asyncio.create_task(self._asker.stop()))
        if leaving:
            await asyncio.wait(leaving, timeout=3.0)

    async def _page(
        self, cursor: KafkaCursor, of: TopicPartition, position: int, limit: int, max_bytes: int, wait_s: float
    ) -> list[Record]:
        """What is there now, or comes within `wait_s`."""
        records = await self._until_closed(cursor.page(limit, max_bytes, wait_s))
        if records or await self.end(of) <= position:  # asked each time: a broker that is away must be noticed
            return records
        records = await self._until_closed(cursor.page(limit, max_bytes, ANSWER_S))
        if not records and await self.end(of) > position:
            cursor.position = None
            raise Unavailable("the broker does not give what it says is there", code="STUCK")
        return records

    async def _allowed(self, topic: Topic, of: TopicPartition, position: int) -> int:
        """Where to read from; `Tampered` where nothing may be read."""
        oldest, end = await self.bounds(of)
        refuse_beyond(topic.name, position, end)
        if position < oldest and topic.cleanup == "forever":
            raise Tampered(f"{topic.name}: records from position {position} on are missing")
        return max(position, oldest)

    @asynccontextmanager
    async def _cursor(self, of: TopicPartition, position: int, *, peeks: bool) -> AsyncIterator[KafkaCursor]:
        cursor = self._resting_at(of, position, peeks=peeks)
        if cursor is None:
            cursor = await self._made(of, peeks=peeks)
        self._busy.add(cursor)
        try:
            yield cursor
        except (KafkaError, OSError, Unavailable):
            cursor.position = None
            raise
        finally:
            self._busy.discard(cursor)
            await self._rest(of, cursor)

    def _resting_at(self, of: TopicPartition, position: int, *, peeks: bool) -> KafkaCursor | None:
        """The cursor that stands there; else the one that rests longest, if there are enough."""
        fit = [one for one in self._resting.get(of, ()) if one.peeks == peeks]
        there = [one for one in fit if one.position == position]
        if not there and len(fit) >= MOST_CURSORS // 2:
            there = fit
        if there:
            self._resting[of].remove(there[0])
            return there[0]
        return None

    async def _made(self, of: TopicPartition, *, peeks: bool) -> KafkaCursor:
        if self._closed.is_set():
            raise Unavailable("the stream was closed")
        cursor = KafkaCursor(self._brokers, of, peeks=peeks)
        try:
            async with asyncio.timeout(ANSWER_S):
                await cursor.start()
        except BaseException:
            await cursor.close()
            raise
        return cursor

    async def _rest(self, of: TopicPartition, cursor: KafkaCursor) -> None:
        resting = self._resting.setdefault(of, [])
        if self._closed.is_set() or cursor.position is None or len(resting) >= MOST_CURSORS:
            await cursor.close()
        else:
            resting.append(cursor)

    async def _asking(self) -> AIOKafkaConsumer:
        async with self._making:
            if self._closed.is_set():
                raise Unavailable("the stream was closed")
            if self._asker is None:
                asker = AIOKafkaConsumer(**self._brokers.client(), enable_auto_commit=False)
                try:
                    await asker.start()
                except BaseException:
                    await asker.stop()
                    raise
                self._asker = asker
            return self._asker

    async def _until_closed(self, reading: Coroutine[None, None, list[Record]]) -> list[Record]:
        """What is read, or `Unavailable` as soon as the stream is closed."""
        page = asyncio.ensure_future(reading)
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((page, closing), return_when=asyncio.FIRST_COMPLETED)
            if not page.done():
                raise Unavailable("the stream was closed")
            return page.result()
        finally:
            page.cancel()
            closing.cancel()
