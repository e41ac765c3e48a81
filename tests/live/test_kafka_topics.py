"""How topics are kept on a real broker: their exact settings, the broker's own clock, what is lost, what is erased."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contract.processes import until
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.port import MAX_ENTRY_BYTES, Entry
from hifadhi.stream.topics import PARTS, RECORD, topics
from kafka_cluster import KafkaCluster

IMPATIENT: Final = {
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
}
_ALL: Final = topics(1)
_RECORD: Final = next(topic for topic in _ALL if topic.name == RECORD)


@pytest.fixture
def where(kafka: KafkaCluster) -> Brokers:
    return Brokers(kafka.bootstrap, prefix=f"{uuid4().hex}.", replication=1, single_broker=True)


@asynccontextmanager
async def opened(where: Brokers) -> AsyncIterator[KafkaStream]:
    stream = KafkaStream(where)
    try:
        await stream.create(_ALL)
        yield stream
    finally:
        await stream.close()


@asynccontextmanager
async def administered(where: Brokers) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=where.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def set_on_topic(where: Brokers, topic: str) -> dict[str, str]:
    """What was set on the topic itself: a broker's own default is not a promise."""
    dynamic_topic_config = 1
    async with administered(where) as admin:
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, where.prefix + topic)])
    [(*_, entries)] = answers[0].resources
    return {name: value for name, value, _, source, *_ in entries if source == dynamic_topic_config}


async def test_a_topic_kept_for_ever_has_exactly_these_settings(where: Brokers) -> None:
    async with opened(where):
        assert await set_on_topic(where, RECORD) == {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": "2097152",
            "min.insync.replicas": "1",
            "unclean.leader.election.enable": "false",
            "flush.messages": "1",
        }


async def test_a_compact_topic_has_settings_that_erase_within_a_day(where: Brokers) -> None:
    async with opened(where):
        assert await set_on_topic(where, PARTS) == {
            "cleanup.policy": "compact",
            "segment.ms": "43200000",
            "min.compaction.lag.ms": "0",
            "max.compaction.lag.ms": "43200000",
            "delete.retention.ms": "43200000",
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": "2097152",
            "min.insync.replicas": "1",
            "unclean.leader.election.enable": "false",
            "flush.messages": "1",
        }


def test_three_replicas_need_two_in_step_and_do_not_wait_for_the_disk() -> None:
    kept = Brokers("127.0.0.1:1").properties(_RECORD)
    assert kept["min.insync.replicas"] == "2"
    assert "flush.messages" not in kept


@pytest.mark.parametrize(
    ("partitions", "kept"),
    [
        (2, {"message.timestamp.type": "LogAppendTime"}),
        (1, {"message.timestamp.type": "CreateTime"}),
        (1, {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact"}),
        (1, {"message.timestamp.type": "LogAppendTime", "retention.ms": "604800000"}),
        (1, {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1", "retention.bytes": "1000000"}),
    ],
)
async def test_a_topic_that_somebody_else_made_otherwise_is_refused(
    where: Brokers, partitions: int, kept: dict[str, str]
) -> None:
    async with administered(where) as admin:
        await admin.create_topics([NewTopic(where.prefix + RECORD, partitions, 1, topic_configs=kept)])
    stream = KafkaStream(where)
    with pytest.raises(Refused, match="TOPIC_DIFFERS"):
        await stream.create([_RECORD])
    await stream.close()


async def test_a_lone_broker_that_nobody_chose_has_shortcomings_said_topic_by_topic(where: Brokers) -> None:
    async with opened(where) as chosen:
        assert await chosen.shortcomings() == []
        stream = KafkaStream(replace(where, single_broker=False))
        said = await stream.shortcomings()
        await stream.close()
    assert len(said) == 2 * len(_ALL)
    assert f"the topic {where.prefix}{RECORD} has 1 replicas; give it 3" in said


async def test_records_that_the_broker_lost_are_tampered_and_not_skipped(where: Brokers) -> None:
    async with opened(where) as stream:
        await stream.append(RECORD, [Entry(b"k", b"%d" % number) for number in range(10)])
        assert len(await stream.read(RECORD, 0, limit=4)) == 4
        async with administered(where) as admin:
            await admin.delete_records({TopicPartition(where.prefix + RECORD, 0): RecordsToDelete(before_offset=6)})
        assert await stream.oldest(RECORD) == 6
        with pytest.raises(Tampered):
            await stream.read(RECORD, 0)
        assert [record.position for record in await stream.read(RECORD, 6)] == [6, 7, 8, 9]


async def test_a_topic_that_was_made_anew_is_tampered_for_whoever_has_read_further(where: Brokers) -> None:
    async with opened(where) as stream, administered(where) as admin:
        await stream.append(RECORD, [Entry(b"k", b"v")] * 3)
        assert len(await stream.read(RECORD, 0)) == 3
        await admin.delete_topics([where.prefix + RECORD])
        await until(lambda: _gone(admin, where.prefix + RECORD))
        await stream.create(_ALL)

        async def tampered() -> bool:
            try:
                assert await stream.read(RECORD, 3, wait_s=0.1) == []
            except Unavailable:  # until the client knows the topic again
                return False
            except Tampered:
                return True
            return False

        await until(tampered)


async def _gone(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name not in await admin.list_topics()


async def test_an_erased_part_is_gone_from_the_brokers_disk(kafka: KafkaCluster, where: Brokers) -> None:
    secret = uuid4().hex.encode() * 40
    impatient = replace(where, compaction=IMPATIENT)
    folder = kafka.nodes[0].folder / "data" / f"{where.prefix}{PARTS}-0"
    async with opened(impatient) as stream:
        await stream.append(PARTS, [Entry(b"digest", secret), Entry(b"other", b"stays")])
        assert on_disk(folder, secret)
        await stream.append(PARTS, [Entry(b"digest", None)])

        async def erased() -> bool:
            await stream.append(PARTS, [Entry(b"filler", b"")])  # what is newest is in a segment that is not closed
            return not on_disk(folder, secret)

        await until(erased)
        assert (b"other", b"stays") in [(record.key, record.value) for record in await stream.read(PARTS, 0)]


def on_disk(folder: Path, value: bytes) -> bool:
    """Whether any file of the partition has these bytes, also one that the broker is about to delete."""
    found = False
    for file in folder.iterdir():
        try:
            found = found or value in file.read_bytes()
        except FileNotFoundError:  # deleted meanwhile
            continue
    return found


async def test_a_read_from_an_erased_place_gives_at_once_what_is_left_after_it(where: Brokers) -> None:
    async with opened(replace(where, compaction=IMPATIENT)) as stream:
        for value in (b"part", None):
            stored = await stream.append(PARTS, [Entry(b"%d" % number, value) for number in range(5)])

        async def erased() -> bool:
            await stream.append(PARTS, [Entry(b"filler", b"")])
            return (await stream.read(PARTS, 0))[0].position > stored[-1].position

        await until(erased)
        began = time.monotonic()
        for limit in (1, 500):
            assert (await stream.read(PARTS, 2, limit=limit))[0].key == b"filler"
        assert time.monotonic() - began < 1


async def test_topics_that_take_no_large_entry_or_keep_erased_ones_are_shortcomings(where: Brokers) -> None:
    stingy = {"max.message.bytes": "1000000", "message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact"}
    async with administered(where) as admin:
        await admin.create_topics([NewTopic(where.prefix + PARTS, 1, 1, topic_configs=stingy)])
    stream = KafkaStream(where)
    said = await stream.shortcomings()
    await stream.close()
    assert [sentence.rpartition("; ")[2] for sentence in said] == [
        "set it to 2097152",
        "set its max.compaction.lag.ms to 43200000",
    ]


async def test_the_largest_entry_with_many_headers_fits(where: Brokers) -> None:
    headers = tuple((f"h{number}", b"x" * 10) for number in range(1000))
    room = MAX_ENTRY_BYTES - sum(len(name) + len(value) for name, value in headers)
    async with opened(where) as stream:
        [stored] = await stream.append(RECORD, [Entry(b"", bytes(room), headers)])
        [record] = await stream.read(RECORD, stored.position)
        assert record.headers == headers
