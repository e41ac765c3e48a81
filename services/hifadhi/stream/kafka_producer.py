"""What appends: one idempotent producer, thrown away and made anew after anything that leaves a doubt.

aiokafka's own waiting knows no end when the broker is away, and neither does its `stop`: so each append has a deadline
of its own, and a producer that is thrown away is closed by force, behind the back of whoever waits.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from hifadhi.errors import Unavailable
from hifadhi.stream.kafka_brokers import MAX_RECORD_BYTES, Brokers
from hifadhi.stream.kafka_errors import contract
from hifadhi.stream.port import Appended, Entry

STOP_S: Final = 1.0
_LOG_APPEND_TIME: Final = 1


@dataclass(eq=False, slots=True)
class _Line:
    """A producer, and the deadlines of those who wait for what it sends."""

    producer: AIOKafkaProducer
    waiting: set[asyncio.Timeout] = field(default_factory=set)


class KafkaProducer:
    """`append` may be called by many at once: their entries share batches while the one before is under way."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._line: _Line | None = None
        self._making = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def append(self, topic: str, addressed: Sequence[tuple[int, Entry]], deadline_s: float) -> list[Appended]:
        """Store entries in their partitions. `Unavailable`: some, all or none of them may be there."""
        with contract(f"appending to {topic}"):
            async with asyncio.timeout(deadline_s) as until:
                line = await self._ready()
                line.waiting.add(until)
                try:
                    return await _stored(line.producer, topic, addressed)
                except asyncio.CancelledError:
                    if until.expired():  # who is cancelled by his own caller leaves the others' producer alone
                        self._throw_away(line)
                    raise
                except (KafkaError, OSError, Unavailable):
                    self._throw_away(line)
                    raise
                finally:
                    line.waiting.discard(until)

    async def close(self) -> None:
        """Finish what is on its way, fail what waits, and let go, within two seconds. Idempotent."""
        self._closed = True
        if line := self._line:
            self._line = None
            with suppress(TimeoutError):
                await asyncio.wait_for(line.producer.flush(), STOP_S)
            self._throw_away(line)
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _ready(self) -> _Line:
        if self._line:
            return self._line
        async with self._making:
            if self._closed:
                raise Unavailable("the stream was closed")
            if not self._line:
                self._line = _Line(await self._made())
            return self._line

    async def _made(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._brokers.client(),
            enable_idempotence=True,  # and so acks=all
            max_batch_size=MAX_RECORD_BYTES // 2,
            max_request_size=MAX_RECORD_BYTES,
        )
        try:
            await producer.start()
        except BaseException:
            self._leave(producer)
            raise
        return producer

    def _throw_away(self, line: _Line) -> None:
        """Nobody uses it from here on; who waits for it hears so at once."""
        if self._line is line:
            self._line = None
        now = asyncio.get_running_loop().time()
        for until in line.waiting:
            if not until.expired():
                until.reschedule(now)
        self._leave(line.producer)

    def _leave(self, producer: AIOKafkaProducer) -> None:
        leaving = asyncio.create_task(_forced(producer), name="kafka-producer-leaves")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _stored(producer: AIOKafkaProducer, topic: str, addressed: Sequence[tuple[int, Entry]]) -> list[Appended]:
    sent: list[asyncio.Future[RecordMetadata]] = []
    try:
        for partition, entry in addressed:
            sent.append(await producer.send(topic, entry.value, entry.key, partition, headers=list(entry.headers)))
        return [_appended(said) for said in await asyncio.gather(*sent)]
    finally:
        for one in sent:
            one.cancel()  # of those that are not done nobody asks for the outcome any more


def _appended(said: RecordMetadata) -> Appended:
    if said.offset is None or said.offset < 0:  # aiokafka takes a duplicate sequence number for success
        raise Unavailable("the outcome is unknown: the broker gave no position")
    if said.timestamp_type != _LOG_APPEND_TIME or said.timestamp is None:
        raise Unavailable("the topic does not keep the broker's time; set message.timestamp.type=LogAppendTime")
    return Appended(said.offset, said.timestamp)


async def _forced(producer: AIOKafkaProducer) -> None:
    """Close it without its `stop`, which waits for a broker that may be away for ever."""
    inside: Any = producer
    inside._closed = True  # noqa: SLF001 (there is no public way)
    ending = {asyncio.create_task(producer.client.close())}
    if sender := inside._sender.sender_task:  # noqa: SLF001 (the same)
        sender.cancel()
        ending.add(sender)
    await asyncio.wait(ending, timeout=STOP_S)
