"""The stream of production: topics of Apache Kafka through aiokafka.

No consumer groups and no transactions: readers keep their positions in their own databases, and a record that is there
twice is known by whoever reads. `kafka_producer` and `kafka_readers` say how each of the client's traps is met.
"""

import asyncio
import logging
from collections.abc import Sequence
from zlib import crc32

from hifadhi.errors import Unavailable
from hifadhi.stream import kafka_topics
from hifadhi.stream.kafka_brokers import Brokers
from hifadhi.stream.kafka_producer import KafkaProducer
from hifadhi.stream.kafka_readers import KafkaReaders
from hifadhi.stream.port import Appended, Entry, Record, refuse_oversized
from hifadhi.stream.topics import Topic

__all__ = ["Brokers", "KafkaStream"]

# What goes wrong is said by our errors; without this the client's own words would be on stderr, between the JSON lines.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())


class KafkaStream:
    """The port `Stream` on these brokers. Must be made inside a running loop."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._producer, self._readers = KafkaProducer(brokers), KafkaReaders(brokers)
        self._topics: dict[str, Topic] = {}
        self._closed = False

    async def create(self, topics: Sequence[Topic]) -> None:
        """See the port."""
        if self._closed:
            raise Unavailable("the stream was closed")
        await kafka_topics.create(self._brokers, topics)
        self._topics |= {topic.name: topic for topic in topics}

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        """See the port."""
        partitions = self.partitions(topic)
        refuse_oversized(entries)
        if not entries:
            return []
        addressed = [(crc32(entry.key) % partitions, entry) for entry in entries]
        return await self._producer.append(self._brokers.prefix + topic, addressed, deadline_s)

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
        known = self._known(topic)
        return await self._readers.read(known, partition, position, limit=limit, max_bytes=max_bytes, wait_s=wait_s)

    async def ends(self, topic: str) -> list[int]:
        """See the port."""
        return await self._readers.ends(self._known(topic))

    async def end(self, topic: str, *, partition: int = 0) -> int:
        """See the port."""
        return await self._readers.end(self._known(topic), partition)

    async def oldest(self, topic: str, *, partition: int = 0) -> int:
        """See the port."""
        return await self._readers.oldest(self._known(topic), partition)

    def partitions(self, topic: str) -> int:
        """See the port."""
        return self._known(topic).partitions

    async def shortcomings(self) -> list[str]:
        """What of the topics on these brokers would lose records with a disk, in sentences."""
        return await kafka_topics.shortcomings(self._brokers)

    async def close(self) -> None:
        """See the port."""
        self._closed = True
        await asyncio.gather(self._producer.close(), self._readers.close())

    def _known(self, topic: str) -> Topic:
        try:
            return self._topics[topic]
        except KeyError:
            raise Unavailable(f"the topic {topic} is not known here: create it first", code="TOPIC_UNKNOWN") from None
