"""The same where each service is its own process, on a real broker and a real database."""

import random
from pathlib import Path

import pytest

from faults.kafka_place import KafkaPlace
from faults.ordeal import ordeal
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer
from time_machine import CastInTime, Clock

SELECTION = (
    "gateway: before submissions",
    "gateway: after submissions",
    "registry: in commit",
    "registry: after commit",
    "registry: after record",
    "registry: after progress",
    "delivery: in inbox rows",
    "delivery: after deliveries",
)


@pytest.mark.timeout(400)
async def test_each_service_dies_by_itself_and_nothing_promised_is_lost(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    cast, dice = CastInTime(tmp_path / "exchange", Clock()), random.Random("services")  # noqa: S311 (no secret)
    async with KafkaPlace(cast.folder, kafka, postgres) as place, ordeal(place, cast, tmp_path, dice) as made:
        for point in SELECTION:
            async with made.desk.working():
                await made.dies_at(point)
        async with made.desk.working():
            for service in place.services:
                await made.runs_again(service)  # SIGKILL, wherever it is
        assert await made.violations() == []
