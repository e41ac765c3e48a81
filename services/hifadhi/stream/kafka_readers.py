"""The readers of all partitions: a few cursors each, so that those who read in order go on where they were."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from hifadhi.errors import Tampered, Unavailable
from hifadhi.stream.kafka_brokers import Brokers
from hifadhi.stream.kafka_cursor import KafkaCursor
from hifadhi.stream.kafka_errors import contract
from hifadhi.stream.kafka_offsets import KafkaOffsets
from hifadhi.stream.port import Record, refuse_beyond, refuse_gap
from hifadhi.stream.topics import Topic

MOST_CURSORS: Final = 2
"""Of a kind that rest on one partition. More may read at once; who rests longest is closed."""

ANSWER_S: Final = 8.0
"""How long the brokers may take to give what they say is there."""

SLICE_S: Final = 0.1
CLOSE_S: Final = 3.0


class KafkaReaders:
    """Reads by position. A cursor that does not get what the brokers say is there is thrown away.

    So is one whose place is gone while it rests there: the next read asks what may be read, and says `Tampered`.
    """

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._offsets = KafkaOffsets(brokers)
        self._resting: dict[TopicPartition, list[KafkaCursor]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()

    async def read(
        self, topic: Topic, partition: int, position: int, *, limit: int, max_bytes: int, wait_s: float
    ) -> list[Record]:
        """See the port."""
        of = self._of(topic, partition)
        with contract(f"reading {of.topic}"):
            async with self._cursor(of, position, peeks=limit == 1) as cursor:
                if cursor.position != position:
                    position = await self._allowed(topic, of, position)
                    cursor.go(position)
                records = await self._page(cursor, of, limit, max_bytes, wait_s)
        if topic.cleanup == "forever":
            refuse_gap(topic.name, position, records)
        return records

    async def oldest(self, topic: Topic, partition: int) -> int:
        """See the port."""
        with contract(f"asking for the oldest of {topic.name}"):
            return await self._offsets.oldest(self._of(topic, partition))

    async def ends(self, topic: Topic) -> list[int]:
        """See the port."""
        with contract(f"asking for the ends of {topic.name}"):
            return await self._offsets.ends([self._of(topic, number) for number in range(topic.partitions)])

    async def end(self, topic: Topic, partition: int) -> int:
        """See the port."""
        with contract(f"asking for the end of {topic.name}"):
            return await self._offsets.end(self._of(topic, partition))

    async def close(self) -> None:
        """Fail who waits, let go of all, within three seconds. Idempotent."""
        self._closed.set()
        await asyncio.sleep(0)  # who waits hears of it, and gives up his cursor
        for cursor in [one for resting in self._resting.values() for one in resting]:
            self._leave(cursor)
        self._resting.clear()
        await self._offsets.close()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=CLOSE_S)

    def _of(self, topic: Topic, partition: int) -> TopicPartition:
        return TopicPartition(self._brokers.prefix + topic.name, partition)

    async def _page(
        self, cursor: KafkaCursor, of: TopicPartition, limit: int, max_bytes: int, wait_s: float
    ) -> list[Record]:
        """What is there now, or comes within `wait_s`."""
        records = await self._until_closed(cursor.page(limit, max_bytes, wait_s))
        until = asyncio.get_running_loop().time() + ANSWER_S
        # Asked each time: brokers that are away must be noticed, and a fetch takes longer than no time at all.
        while not records and await self._offsets.end(of) > await cursor.passed():
            if asyncio.get_running_loop().time() > until:
                raise Unavailable(f"reading {of.topic}: the brokers do not give what they say is there", code="STUCK")
            records = await self._until_closed(cursor.page(limit, max_bytes, SLICE_S))
        return records

    async def _allowed(self, topic: Topic, of: TopicPartition, position: int) -> int:
        """Where to read from; `Tampered` where nothing may be read."""
        oldest, end = await asyncio.gather(self._offsets.oldest(of), self._offsets.end(of))
        refuse_beyond(topic.name, position, end)
        if position < oldest and topic.cleanup == "forever":
            raise Tampered(f"{topic.name}: records from position {position} on are missing")
        return max(position, oldest)

    @asynccontextmanager
    async def _cursor(self, of: TopicPartition, position: int, *, peeks: bool) -> AsyncIterator[KafkaCursor]:
        cursor = self._resting_at(of, position, peeks=peeks) or await self._made(of, peeks=peeks)
        try:
            yield cursor
        except (KafkaError, OSError, Unavailable):
            cursor.position = None
            raise
        finally:
            self._rest(of, cursor)

    def _resting_at(self, of: TopicPartition, position: int, *, peeks: bool) -> KafkaCursor | None:
        """The cursor that stands there. One that peeks is at hand anywhere."""
        resting = self._resting.get(of, [])
        for cursor in resting:
            if cursor.peeks == peeks and (peeks or cursor.position == position):
                resting.remove(cursor)
                return cursor
        return None

    async def _made(self, of: TopicPartition, *, peeks: bool) -> KafkaCursor:
        if self._closed.is_set():
            raise Unavailable("the stream was closed")
        cursor = KafkaCursor(self._brokers, of, peeks=peeks)
        try:
            async with asyncio.timeout(ANSWER_S):
                await cursor.start()
        except BaseException:
            self._leave(cursor)
            raise
        return cursor

    def _rest(self, of: TopicPartition, cursor: KafkaCursor) -> None:
        if self._closed.is_set() or cursor.position is None:
            self._leave(cursor)
            return
        resting = self._resting.setdefault(of, [])
        resting.append(cursor)
        alike = [one for one in resting if one.peeks == cursor.peeks]
        if len(alike) > MOST_CURSORS:
            resting.remove(alike[0])
            self._leave(alike[0])

    def _leave(self, cursor: KafkaCursor) -> None:
        leaving = asyncio.create_task(cursor.close(), name="kafka-cursor-leaves")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

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
