"""What only a real broker shows: it goes away and comes back, and the client neither hangs nor lies meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

import kafka_programs
from contract.places import brokers
from contract.processes import until
from hifadhi.errors import Unavailable
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import RECORD, topics
from kafka_cluster import KafkaCluster
from servers import needed

ONE = [Entry(b"k", b"v")]


@pytest.fixture(scope="module", autouse=True)
def _needs_a_broker() -> None:
    needed(kafka_programs.missing())


@asynccontextmanager
async def opened(where: Brokers) -> AsyncIterator[KafkaStream]:
    stream = KafkaStream(where)
    try:
        await stream.create(topics(1))
        yield stream
    finally:
        await stream.close()


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[KafkaCluster]:
    async with KafkaCluster(tmp_path) as made:
        yield made


async def appends(stream: KafkaStream) -> bool:
    try:
        await stream.append(RECORD, ONE, deadline_s=2)
    except Unavailable:
        return False
    return True


async def reads(stream: KafkaStream) -> bool:
    try:
        return bool(await stream.read(RECORD, 0))
    except Unavailable:
        return False


async def test_a_broker_that_hangs_is_unavailable_in_time_and_goes_on_without_a_restart_of_ours(
    cluster: KafkaCluster,
) -> None:
    async with opened(brokers(cluster.bootstrap, "a.")) as stream:
        [first] = await stream.append(RECORD, ONE)
        cluster.pause_node(1)
        for use in (stream.append(RECORD, ONE, deadline_s=2), stream.end(RECORD), stream.read(RECORD, 1, wait_s=1)):
            began = time.monotonic()
            with pytest.raises(Unavailable, match="the broker"):
                await use
            assert time.monotonic() - began < 10
        cluster.resume_node(1)
        await until(lambda: appends(stream))
        [last] = await stream.append(RECORD, ONE)
        records = await stream.read(RECORD, first.position)
        assert [record.position for record in records] == list(range(first.position, last.position + 1))


async def test_what_was_acknowledged_is_there_after_kill_9_of_the_broker(cluster: KafkaCluster) -> None:
    async with opened(brokers(cluster.bootstrap, "b.")) as stream:
        stored = [await stream.append(RECORD, [Entry(b"k", b"%d" % n)]) for n in range(50)]
        await cluster.kill_node(1)
        with pytest.raises(Unavailable):
            await stream.append(RECORD, ONE, deadline_s=1)
        with pytest.raises(Unavailable):
            await stream.read(RECORD, 0)
        await cluster.start_node(1)
        await until(lambda: reads(stream))
        records = await stream.read(RECORD, 0)
        assert [record.value for record in records][:50] == [b"%d" % n for n in range(50)]
        assert [record.position for record in records][:50] == [one.position for [one] in stored]
        await until(lambda: appends(stream))


@pytest.mark.parametrize("how", ["paused", "killed"])
async def test_a_stream_closes_within_five_seconds_with_its_broker_gone(cluster: KafkaCluster, how: str) -> None:
    stream = KafkaStream(brokers(cluster.bootstrap, "c."))
    await stream.create(topics(1))
    await stream.append(RECORD, ONE)
    await stream.read(RECORD, 0)
    waiting = asyncio.create_task(stream.read(RECORD, 1, wait_s=60))
    await asyncio.sleep(0)
    if how == "paused":
        cluster.pause_node(1)
    else:
        await cluster.kill_node(1)
    appending = asyncio.create_task(stream.append(RECORD, ONE, deadline_s=60))
    await asyncio.wait((appending,), timeout=0.5)
    began = time.monotonic()
    await stream.close()
    assert time.monotonic() - began < 5
    for task in (waiting, appending):
        with pytest.raises(Unavailable):
            await task


async def test_of_three_brokers_one_may_die_and_not_two(tmp_path: Path) -> None:
    async with (
        KafkaCluster(tmp_path, nodes=3) as cluster,
        opened(Brokers(cluster.bootstrap, prefix=f"{uuid4().hex}.")) as stream,
    ):
        assert await stream.shortcomings() == []
        [first] = await stream.append(RECORD, ONE)
        await cluster.kill_node(1)
        await until(lambda: appends(stream), within_s=60)
        await cluster.kill_node(2)
        with pytest.raises(Unavailable):
            await stream.append(RECORD, ONE, deadline_s=3)
        await cluster.start_node(1)
        await cluster.start_node(2)
        await until(lambda: appends(stream), within_s=60)
        records = await stream.read(RECORD, first.position)
        assert [record.position for record in records] == list(range(len(records)))
