"""Where partitions begin and end, as the brokers say now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hifadhi.errors import Unavailable
from hifadhi.stream.kafka_brokers import Brokers

ANSWER_S: Final = 8.0
"""How long the brokers may take to say so."""


class KafkaOffsets:
    """One client for all partitions, made at the first question, and made anew when one went wrong."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._client: AIOKafkaConsumer | None = None
        self._making = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def bounds(self, of: TopicPartition) -> tuple[int, int]:
        """The oldest position and the end."""

        async def ask(client: AIOKafkaConsumer) -> tuple[int, int]:
            oldest, end = await asyncio.gather(client.beginning_offsets([of]), client.end_offsets([of]))
            return oldest[of], end[of]

        return await self._asked(ask)

    async def end(self, of: TopicPartition) -> int:
        """The position that the next record will get."""

        async def ask(client: AIOKafkaConsumer) -> int:
            end: int = (await client.end_offsets([of]))[of]
            return end

        return await self._asked(ask)

    async def close(self) -> None:
        """Let go. Idempotent."""
        self._closed = True
        self._throw_away(self._client)
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _asked[T](self, ask: Callable[[AIOKafkaConsumer], Awaitable[T]]) -> T:
        async with asyncio.timeout(ANSWER_S):
            client = self._client or await self._made()
            try:
                return await ask(client)
            except (KafkaError, OSError, asyncio.CancelledError):
                self._throw_away(client)
                raise
