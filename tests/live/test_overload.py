"""A minute of more than the registry can rule: no receipt is given that is not kept in time."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cast import Body, Cast, payload_of
from hifadhi.referral import instant
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.topics import RECORD, topics
from hub_client import HubClient
from hub_ledger import audit
from kafka_cluster import KafkaCluster
from live.production import Production, opened_receipt, production
from postgres_server import PostgresServer
from topic_order import index_of

pytestmark = pytest.mark.alone

MAX_DELAY_S = 6
FLOOD_S = 60.0
LINES = 40
# The registry works so much of the time, as on a machine with too much to do.
WORKS_S, RESTS_S = 0.1, 0.5


async def slowed(made: Production) -> None:
    """A registry that gets a sixth of the time, until it is cancelled."""
    try:
        while True:
            made.processes.pause("registry")
            await asyncio.sleep(RESTS_S)
            made.processes.resume("registry")
            await asyncio.sleep(WORKS_S)
    finally:
        made.processes.resume("registry")


async def flood(client: HubClient, bodies: list[Body]) -> tuple[list[Any], int]:
    """Post without end for a minute; what the receipts say, and how many were turned away."""
    receipts: list[Any] = []
    turned_away, until = 0, time.monotonic() + FLOOD_S
    while time.monotonic() < until and bodies:
        batch, bodies = bodies[:LINES], bodies[LINES:]
        *lines, last = await client.post_lines(batch)
        again = [body for body, line in zip(batch, lines, strict=True) if line["status"] == 503]
        turned_away, bodies = turned_away + len(again), bodies + again
        accepted = opened_receipt(client.cast, last["receipt"])
        assert isinstance(accepted, list)
        receipts += accepted
    return receipts, turned_away


async def taken(made: Production) -> None:
    """Once the registry has the machine again, everything is taken in, and sealed."""
    last = made.cast.encounter("MZ-INAR")
    async with asyncio.timeout(30):
        while (await made.client.post(last)).status == 503:
            await asyncio.sleep(0.2)
    await made.client.ruling(payload_of(last)["id"], "MZ-INAR")


def made_beforehand(cast: Cast, count: int) -> list[Body]:
    return [cast.encounter("MZ-INAR") for _ in range(count)]


@pytest.mark.timeout(300)
async def test_overloaded_for_a_minute_every_receipt_has_its_leaf_in_time(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, max_delay_s=MAX_DELAY_S) as made:
        bodies = await asyncio.to_thread(made_beforehand, made.cast, 20_000)
        slowing = asyncio.create_task(slowed(made))
        try:
            receipts, turned_away = await flood(made.client, bodies)
        finally:
            slowing.cancel()
            await asyncio.wait((slowing,))
        await taken(made)
        published = await published_ms(made)
        index_of_digest = (await audit(made.client)).index_of()
    assert turned_away > 0, "it was not overloaded"
    assert len(receipts) > 100
    after_ms = [published[index_of_digest[one["digest"]]] - instant.parse(one["stored_at"]) for one in receipts]
    assert max(after_ms) <= MAX_DELAY_S * 1000, sorted(after_ms)[-20:]


async def published_ms(made: Production) -> dict[int, int]:
    """When each leaf was published, by the broker's clock, in ms."""
    environment = made.environment
    stream = KafkaStream(
        Brokers(
            environment["HIFADHI_STREAM"].removeprefix("kafka://"),
            prefix=environment["HIFADHI_STREAM_PREFIX"],
            replication=1,
            single_broker=True,
        )
    )
    try:
        await stream.create(topics(4))
        found: dict[int, int] = {}
        position = 0
        while records := await stream.read(RECORD, position):
            for record in records:
                found.setdefault(index_of(record), record.time_ms)
            position = records[-1].position + 1
        return found
    finally:
        await stream.close()


async def test_overload_is_told_with_when_to_come_back(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, max_delay_s=MAX_DELAY_S) as made:
        made.processes.pause("registry")
        try:
            async with asyncio.timeout(20):
                while (answer := await made.client.post(made.cast.encounter("MZ-INAR"))).status == 202:
                    await asyncio.sleep(0.1)
        finally:
            made.processes.resume("registry")
        assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (503, "OVERLOADED", "5")
