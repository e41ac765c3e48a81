"""A broker that hangs in the middle of an append: what is promised then, and to whom."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

import kafka_programs
from contract.places import brokers
from contract.processes import until
from contract.records import numbered
from hifadhi.errors import Unavailable
from hifadhi.stream.kafka import KafkaStream
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import RECORD, topics
from kafka_cluster import KafkaCluster
from servers import needed


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker of this module alone; each test lets it go on before it ends."""
    needed(kafka_programs.missing())
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka"))
    with asyncio.Runner() as runner:
        try:
            runner.run(cluster.start())
            yield cluster
        finally:
            runner.run(cluster.stop())


@pytest.fixture
async def stream(hanging: KafkaCluster) -> AsyncIterator[KafkaStream]:
    """It has appended one record, so that its connections are there."""
    opened = KafkaStream(brokers(hanging.bootstrap, f"{uuid4().hex}."))
    try:
        await opened.create(topics(1))
        await opened.append(RECORD, [Entry(b"k", b"first")])
        yield opened
    finally:
        hanging.resume_node(1)
        await opened.close()


async def values(stream: KafkaStream) -> list[bytes | None]:
    return [record.value for record in await stream.read(RECORD, 0)]


async def test_what_was_given_up_is_stored_after_all_and_its_repeat_is_a_second_record(
    hanging: KafkaCluster, stream: KafkaStream
) -> None:
    async def stored() -> bool:
        return await stream.end(RECORD) == 2

    hanging.pause_node(1)
    with pytest.raises(Unavailable):
        await stream.append(RECORD, [Entry(b"k", b"again")], deadline_s=1)
    hanging.resume_node(1)
    await until(stored)
    [repeat] = await stream.append(RECORD, [Entry(b"k", b"again")])
    assert repeat.position == 2
    assert await values(stream) == [b"first", b"again", b"again"]


async def test_an_append_that_outlasts_the_pause_is_stored_once(hanging: KafkaCluster, stream: KafkaStream) -> None:
    hanging.pause_node(1)
    appending = [asyncio.create_task(stream.append(RECORD, [entry], deadline_s=30)) for entry in numbered(20)]
    await asyncio.wait(appending, timeout=2)
    hanging.resume_node(1)
    stored = await asyncio.gather(*appending)
    assert sorted(one.position for [one] in stored) == list(range(1, 21))
    assert await stream.end(RECORD) == 21


async def test_who_waits_beside_one_whose_time_is_over_hears_so_at_once(
    hanging: KafkaCluster, stream: KafkaStream
) -> None:
    hanging.pause_node(1)
    began = time.monotonic()
    outcomes = await asyncio.gather(
        stream.append(RECORD, numbered(3), deadline_s=60),
        stream.append(RECORD, numbered(3), deadline_s=1),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert time.monotonic() - began < 1.5
    hanging.resume_node(1)
    await stream.append(RECORD, numbered(1))


async def test_a_cancelled_append_leaves_the_one_beside_it_alone(hanging: KafkaCluster, stream: KafkaStream) -> None:
    hanging.pause_node(1)
    cancelled, beside = (asyncio.create_task(stream.append(RECORD, [entry], deadline_s=30)) for entry in numbered(2))
    await asyncio.wait((cancelled, beside), timeout=0.5)
    cancelled.cancel()
    await asyncio.wait((cancelled,))
    hanging.resume_node(1)
    [stored] = await beside
    assert cancelled.cancelled()
    assert (await stream.read(RECORD, stored.position))[0].value == b"1"


async def test_a_cancelled_read_does_not_spoil_the_next(stream: KafkaStream) -> None:
    reading = asyncio.create_task(stream.read(RECORD, 1, wait_s=60))
    await stream.read(RECORD, 0)
    reading.cancel()
    began = time.monotonic()
    await asyncio.wait((reading,))
    assert time.monotonic() - began < 0.5
    await stream.append(RECORD, numbered(5))
    assert await values(stream) == [b"first", *(entry.value for entry in numbered(5))]
