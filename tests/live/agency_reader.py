"""An agency as the broker sees it: a client with its own password, on the listener for agencies."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest

from inbox_reader import InboxReader

FETCH_BYTES = 1 << 20


@dataclass(frozen=True)
class Agency:
    """`authority`: PEM file of who signs the broker's certificate; without it nothing is encrypted."""

    bootstrap: str
    user: str
    password: str
    authority: Path | None = None

    @asynccontextmanager
    async def consumer(self, **more: Any) -> AsyncIterator[AIOKafkaConsumer]:
        made = AIOKafkaConsumer(**self._client(), auto_offset_reset="earliest", enable_auto_commit=False, **more)
        try:
            await made.start()
            yield made
        finally:
            await made.stop()

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        made = AIOKafkaProducer(**self._client())
        try:
            await made.start()
            yield made
        finally:
            await made.stop()

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        made = AIOKafkaAdminClient(**self._client())
        try:
            await made.start()
            yield made
        finally:
            await made.close()

    async def reads(self, topic: str) -> bytes:
        """What a broker gives of a topic from its beginning, without asking first where and whether it is."""
        async with self.admin() as admin:
            inside: Any = admin._client  # noqa: SLF001 (a consumer would wait for ever to be told of the topic)
            request = FetchRequest(500, 1, FETCH_BYTES, 0, [(topic, [(0, 0, FETCH_BYTES)])])
            response = await inside.send(inside.get_random_node(), request)
        [[_, [[_, code, *_, records]]]] = response.topics
        if code:
            raise for_code(code)
        return bytes(records)

    async def joins(self, group: str, topic: str) -> bytes:
        """The first record's value, read as a member of a group."""
        async with self.consumer(group_id=group) as consumer:
            consumer.subscribe([topic])
            record = await consumer.getone()
            return bytes(record.value or b"")

    async def follow(self, topic: str, group: str, until: int) -> InboxReader:
        """Its inbox up to an index, in a group that keeps its place."""
        reader = InboxReader()
        async with self.consumer(group_id=group) as consumer:
            consumer.subscribe([topic])
            while reader.last < until:
                record = await consumer.getone()
                reader.take(record.key, record.value, dict(record.headers))
            await consumer.commit()
        return reader

    def _client(self) -> dict[str, Any]:
        encrypted = ssl.create_default_context(cafile=self.authority) if self.authority else None
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_SSL" if encrypted else "SASL_PLAINTEXT",
            "ssl_context": encrypted,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
            "request_timeout_ms": 5000,
        }
