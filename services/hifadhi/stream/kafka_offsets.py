"""Where partitions begin and end, as the brokers say now."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hifadhi.errors import Unavailable
from hifadhi.stream.kafka_brokers import Brokers

ANSWER_S: Final = 8.0
"""How long the brokers may take to say so."""

STOP_S: Final = 1.0


class KafkaOffsets:
    """One client for all partitions, made at the first question, and made anew when an answer did not come."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._client: AIOKafkaConsumer | None = None
        self._making = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def oldest(self, of: TopicPartition) -> int:
        """A position below which there is no record."""
        return (await self._answer([of], lambda client: client.beginning_offsets))[0]

    async def end(self, of: TopicPartition) -> int:
        """The position that the next record will get."""
        return (await self.ends([of]))[0]

    async def ends(self, of: Sequence[TopicPartition]) -> list[int]:
        """The same of several partitions, by one question."""
        return await self._answer(of, lambda client: client.end_offsets)

    async def close(self) -> None:
        """Let go, within a second. Idempotent."""
        self._closed = True
        if self._client:
            self._throw_away(self._client)
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=STOP_S)

    async def _answer(self, of: Sequence[TopicPartition], question: Callable[[AIOKafkaConsumer], Any]) -> list[int]:
        async with asyncio.timeout(ANSWER_S):
            client = await self._ready()
            try:
                offsets: dict[TopicPartition, int] = await question(client)(of)
            except (KafkaError, OSError):
                self._throw_away(client)
                raise
        return [offsets[one] for one in of]

    async def _ready(self) -> AIOKafkaConsumer:
        async with self._making:
            if self._closed:
                raise Unavailable("the stream was closed")
            if self._client is None:
                client = AIOKafkaConsumer(**self._brokers.client(), enable_auto_commit=False)
                try:
                    await client.start()
                except BaseException:
                    self._leave(client)
                    raise
                self._client = client
            return self._client

    def _throw_away(self, client: AIOKafkaConsumer) -> None:
        if self._client is client:
            self._client = None
            self._leave(client)

    def _leave(self, client: AIOKafkaConsumer) -> None:
        leaving = asyncio.create_task(client.stop(), name="kafka-offsets-leaves")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
