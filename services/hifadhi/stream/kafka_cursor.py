"""One reader's place in one partition: a consumer with an explicit position, and no group.

It fetches ahead by one fetch at most. What a page had no room for waits here for the next page. One that only peeks
fetches when it is asked and never ahead: it moves about, and a fetch that waits at the end would hold up the next.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from hifadhi.stream.kafka_brokers import Brokers
from hifadhi.stream.port import Record, size_of

FETCH_BYTES: Final = 1 << 20
# Of a peek at one record: the broker then answers with one batch.
PEEK_BYTES: Final = 1
WAIT_MS: Final = 500
PEEK_WAIT_MS: Final = 20
STOP_S: Final = 1.0


class KafkaCursor:
    """`position`: of the next record that `page` gives; None if it is not known, and `go` has to be called."""

    def __init__(self, brokers: Brokers, partition: TopicPartition, *, peeks: bool) -> None:
        self.peeks = peeks
        self.position: int | None = None
        self._partition = partition
        self._ahead: deque[Record] = deque()
        self._consumer = AIOKafkaConsumer(
            **brokers.client(),
            enable_auto_commit=False,
            auto_offset_reset="none",  # never skip in silence
            max_partition_fetch_bytes=PEEK_BYTES if peeks else FETCH_BYTES,
            fetch_max_wait_ms=PEEK_WAIT_MS if peeks else WAIT_MS,
        )

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        self._consumer.assign([self._partition])

    def go(self, position: int) -> None:
        """Read on from there."""
        self._ahead.clear()
        self._consumer.seek(self._partition, position)
        self.position = position

    async def page(self, limit: int, max_bytes: int, wait_s: float) -> list[Record]:
        """The next records within these bounds, one at least if one comes in time."""
        position, self.position = self.position, None  # until it is known again: this may be cancelled
        if not self._ahead:
            self._ahead.extend(await self._fetched(limit, wait_s))
        records = list(_within(self._ahead, limit, max_bytes))
        self.position = records[-1].position + 1 if records else position
        return records

    async def passed(self) -> int:
        """The position that the consumer has come to: there is no record between `position` and there."""
        reached: int = await self._consumer.position(self._partition)
        return reached

    async def close(self) -> None:
        """Let go, whatever hangs."""
        stopping = asyncio.create_task(self._consumer.stop())
        await asyncio.wait((stopping,), timeout=STOP_S)
        if not stopping.done():
            stopping.cancel()
            inside: Any = self._consumer
            await asyncio.wait((asyncio.create_task(inside._client.close()),), timeout=STOP_S)  # noqa: SLF001 (by force)

    async def _fetched(self, limit: int, wait_s: float) -> list[Record]:
        if self.peeks:
            self._consumer.resume(self._partition)
        got = await self._consumer.getmany(self._partition, timeout_ms=int(wait_s * 1000), max_records=limit)
        if self.peeks:
            self._consumer.pause(self._partition)
        return [_record(one) for one in got.get(self._partition, ())]


def _record(one: ConsumerRecord) -> Record:
    return Record(one.offset, one.timestamp, one.key or b"", one.value, tuple(one.headers))


def _within(ahead: deque[Record], limit: int, max_bytes: int) -> Iterable[Record]:
    total = 0
    for count in range(limit):
        if not ahead:
            return
        total += size_of(ahead[0])
        if count and total > max_bytes:
            return
        yield ahead.popleft()
