"""Topics on the brokers: made with their exact properties, and compared with what is there."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.stream.kafka_brokers import ERASED_WITHIN_MS, MAX_RECORD_BYTES, Brokers
from hifadhi.stream.kafka_errors import contract
from hifadhi.stream.topics import Topic

DEADLINE_S: Final = 20.0
ENOUGH_REPLICAS: Final = 3
ENOUGH_INSYNC: Final = 2
# What may not differ from what this release would make.
_FIXED: Final = ("cleanup.policy", "message.timestamp.type", "retention.ms", "retention.bytes")


async def create(brokers: Brokers, topics: Sequence[Topic]) -> None:
    """Make those that are not there. `Refused` TOPIC_DIFFERS if one is there and is not the same."""
    async with _admin(brokers) as admin:
        there = set(await admin.list_topics())
        missing = [topic for topic in topics if brokers.prefix + topic.name not in there]
        if missing:
            await _make(admin, brokers, missing)
        await _compare(admin, brokers, topics)


async def shortcomings(brokers: Brokers) -> list[str]:
    """What of the topics there would lose records with a disk, refuse large ones or keep erased ones, in sentences."""
    async with _admin(brokers) as admin:
        ours = [name for name in await admin.list_topics() if name.startswith(brokers.prefix)]
        if not ours:
            return []
        described, kept = await admin.describe_topics(ours), await _properties(admin, ours)
    found = [said for name in ours for said in _short(name, kept[name])]
    if not brokers.single_broker:
        for topic in described:
            fewest = min(len(partition["replicas"]) for partition in topic["partitions"])
            found += _alone(topic["topic"], fewest, int(kept[topic["topic"]]["min.insync.replicas"]))
    return sorted(found)


def _alone(name: str, replicas: int, insync: int) -> Iterator[str]:
    if replicas < ENOUGH_REPLICAS:
        yield f"the topic {name} has {replicas} replicas; give it {ENOUGH_REPLICAS}"
    if insync < ENOUGH_INSYNC:
        yield f"the topic {name} has min.insync.replicas {insync}; set it to {ENOUGH_INSYNC}"


def _short(name: str, kept: Mapping[str, str]) -> Iterator[str]:
    if int(kept["max.message.bytes"]) < MAX_RECORD_BYTES:
        yield f"the topic {name} has max.message.bytes {kept['max.message.bytes']}; set it to {MAX_RECORD_BYTES}"
    lag_ms = ERASED_WITHIN_MS // 2
    if kept["cleanup.policy"] == "compact" and int(kept["max.compaction.lag.ms"]) > lag_ms:
        yield f"the topic {name} keeps what was erased too long; set its max.compaction.lag.ms to {lag_ms}"


async def _make(admin: AIOKafkaAdminClient, brokers: Brokers, missing: Sequence[Topic]) -> None:
    new = [
        NewTopic(brokers.prefix + t.name, t.partitions, brokers.replication, topic_configs=brokers.properties(t))
        for t in missing
    ]
    answer = await admin.create_topics(new)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another process may have been quicker
            raise Unavailable(f"the topic {name} could not be made: {error.__name__}")


async def _compare(admin: AIOKafkaAdminClient, brokers: Brokers, topics: Sequence[Topic]) -> None:
    names = [brokers.prefix + topic.name for topic in topics]
    described = await _led(admin, names)
    kept = await _properties(admin, names)
    for topic in topics:
        name, wanted = brokers.prefix + topic.name, brokers.properties(topic)
        if len(described[name]["partitions"]) != topic.partitions:
            raise _differs(topic, f"it has {len(described[name]['partitions'])} partitions, not {topic.partitions}")
        for key in _FIXED:
            if key in wanted and kept[name][key] != wanted[key]:
                raise _differs(topic, f"its {key} is {kept[name][key]}, not {wanted[key]}")


async def _led(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Any]:
    """What the brokers say of the topics, as soon as each partition has a leader."""
    while True:
        described = {topic["topic"]: topic for topic in await admin.describe_topics(names)}
        if all(
            not topic["error_code"] and topic["partitions"] and all(p["leader"] >= 0 for p in topic["partitions"])
            for topic in described.values()
        ):
            return described
        await asyncio.sleep(0.05)


async def _properties(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Mapping[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, Mapping[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(name)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


@asynccontextmanager
async def _admin(brokers: Brokers) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**brokers.client())
    with contract("asking for the topics"):
        try:
            async with asyncio.timeout(DEADLINE_S):
                await admin.start()
                yield admin
        finally:
            await admin.close()


def _differs(topic: Topic, why: str) -> Refused:
    return Refused(Fault("TOPIC_DIFFERS", f"/{topic.name}", f"{why}: records would be lost, moved or backdated"))
