"""Topics on the real broker: their exact settings, the broker's own clock, and bytes that go when they should."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import RecordMetadata, TopicPartition

from contract.places import brokers
from contract.processes import until
from hifadhi.errors import Refused, Unavailable
from hifadhi.stream import kafka_producer
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PARTS, RECORD, SUBMISSIONS, topics
from kafka_cluster import KafkaCluster


@pytest.fixture
async def where(kafka: KafkaCluster) -> Brokers:
    return brokers(kafka.bootstrap, f"{uuid4().hex}.")


@pytest.fixture
async def stream(where: Brokers) -> AsyncIterator[KafkaStream]:
    opened = KafkaStream(where)
    yield opened
    await opened.close()


@pytest.fixture
async def admin(kafka: KafkaCluster) -> AsyncIterator[AIOKafkaAdminClient]:
    opened = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await opened.start()
    yield opened
    await opened.close()


async def kept(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_topics_are_made_with_their_exact_settings(
    where: Brokers, stream: KafkaStream, admin: AIOKafkaAdminClient
) -> None:
    await stream.create(topics(4))
    common = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(2 << 20), "flush.messages": "1"}
    common |= {"min.insync.replicas": "1", "unclean.leader.election.enable": "false"}
    forever = common | {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
    compact = common | {"cleanup.policy": "compact", "min.compaction.lag.ms": "0"}
    for topic in topics(4):
        wanted = forever if topic.cleanup == "forever" else compact
        found = await kept(admin, where.prefix + topic.name)
        assert {name: found[name] for name in wanted} == wanted, topic.name
        [described] = await admin.describe_topics([where.prefix + topic.name])
        assert len(described["partitions"]) == topic.partitions


def test_in_production_an_acknowledgement_means_two_disks_and_an_erasure_a_day() -> None:
    parts, record = (next(topic for topic in topics(4) if topic.name == name) for name in (PARTS, RECORD))
    made = Brokers("x").properties(parts)
    assert (made["min.insync.replicas"], made["max.compaction.lag.ms"]) == ("2", str(12 * 3600 * 1000))
    assert made["delete.retention.ms"] == made["segment.ms"] == str(12 * 3600 * 1000)
    assert "flush.messages" not in made
    assert Brokers("x", replication=1, single_broker=True).properties(record)["flush.messages"] == "1"


async def test_a_topic_with_the_clock_of_its_clients_is_refused(
    where: Brokers, stream: KafkaStream, admin: AIOKafkaAdminClient
) -> None:
    await admin.create_topics([NewTopic(where.prefix + RECORD, 1, 1)])
    with pytest.raises(Refused, match=r"TOPIC_DIFFERS.*message\.timestamp\.type"):
        await stream.create(topics(1))


async def test_too_few_replicas_are_told_of_whoever_does_not_choose_them(where: Brokers, stream: KafkaStream) -> None:
    await stream.create(topics(1))
    assert await stream.shortcomings() == []  # a single broker, and said so
    strict = KafkaStream(replace(where, replication=3, single_broker=False))
    found = await strict.shortcomings()
    await strict.close()
    assert f"the topic {where.prefix}{RECORD} has 1 replicas; give it 3" in found
    assert f"the topic {where.prefix}{RECORD} has min.insync.replicas 1; set it to 2" in found


async def test_the_time_of_a_record_is_the_brokers_whatever_a_client_says(where: Brokers, stream: KafkaStream) -> None:
    await stream.create(topics(1))
    liar = AIOKafkaProducer(bootstrap_servers=where.bootstrap)
    await liar.start()
    await liar.send_and_wait(where.prefix + SUBMISSIONS, b"v", b"k", 0, timestamp_ms=1)
    await liar.stop()
    [record] = await stream.read(SUBMISSIONS, 0)
    assert abs(record.time_ms - time.time() * 1000) < 5000


async def test_an_erased_parts_bytes_are_on_no_disk_in_the_end(
    kafka: KafkaCluster, where: Brokers, stream: KafkaStream
) -> None:
    await stream.create(topics(1))
    secret = b"bytes of a person " + uuid4().hex.encode()
    await stream.append(PARTS, [Entry(b"erased", secret), Entry(b"kept", b"others")])
    folder = kafka.nodes[0].folder / "data" / f"{where.prefix}{PARTS}-0"

    def on_disk() -> bool:
        return any(
            secret in path.read_bytes() for path in list(folder.iterdir()) if path.suffix in {".log", ".deleted"}
        )

    assert on_disk()
    await stream.append(PARTS, [Entry(b"erased", None)])

    async def gone() -> bool:
        await stream.append(PARTS, [Entry(b"filler", b"")])  # a broker compacts what newer records have closed
        return not await asyncio.to_thread(_quietly, on_disk)

    await until(gone, within_s=60)
    values = {record.key: record.value for record in await stream.read(PARTS, 0)}
    assert values[b"kept"] == b"others"
    assert values.get(b"erased") is None


def _quietly(look: object) -> bool:
    try:
        return bool(look())  # type: ignore[operator]
    except FileNotFoundError:  # a segment that went while it was looked for
        return True


async def test_an_acknowledgement_without_a_position_is_an_unknown_outcome(
    stream: KafkaStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So aiokafka answers a duplicate sequence number: with success, and without saying where."""
    await stream.create(topics(1))

    class Lost(kafka_producer.AIOKafkaProducer):  # type: ignore[misc] (it is not typed)
        async def send(self, *said: object, **more: object) -> asyncio.Future[RecordMetadata]:
            await super().send(*said, **more)
            answer: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
            partition = TopicPartition("t", 0)
            answer.set_result(RecordMetadata("t", 0, partition, -1, None, None, -1))
            return answer

    monkeypatch.setattr(kafka_producer, "AIOKafkaProducer", Lost)
    with pytest.raises(Unavailable, match="outcome is unknown"):
        await stream.append(RECORD, [Entry(b"k", b"v")])
    monkeypatch.undo()
    [stored] = await stream.append(RECORD, [Entry(b"k", b"v")])  # by a producer of its own: the other was thrown away
    assert [record.position for record in await stream.read(RECORD, 0)][-1] == stored.position
