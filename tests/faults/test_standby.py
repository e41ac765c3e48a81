"""A registry hangs while its standby works, wakes, and believes that it is still its turn."""

import asyncio
import random
from pathlib import Path

import pytest

from faults.kafka_place import STANDBY, KafkaPlace
from faults.ordeal import ordeal
from hifadhi.crash_point import CRASH_AT, CRASH_BY
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer
from time_machine import CastInTime, Clock

# Within a commit it holds the row's lock, until the server ends a transaction that has been idle for 10 s.
TAKEN_OVER_S = 30.0
HANGS = ("registry: before commit", "registry: in commit", "registry: after record")


@pytest.mark.timeout(400)
async def test_a_registry_that_wakes_beside_its_standby_adds_nothing_and_takes_nothing_back(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    cast, dice = CastInTime(tmp_path / "exchange", Clock()), random.Random("standby")  # noqa: S311 (no secret)
    broken = {}
    async with (
        KafkaPlace(cast.folder, kafka, postgres, standby=True) as place,
        ordeal(place, cast, tmp_path, dice) as made,
    ):
        for point in HANGS:
            await place.kill(STANDBY)
            async with made.desk.working():
                await place.start("registry", **{CRASH_AT: point, CRASH_BY: "SIGSTOP"})
                await place.stopped("registry")
                await place.start(STANDBY)
                async with asyncio.timeout(TAKEN_OVER_S):
                    await made.desk.find()
                place.resume("registry")
                for _ in range(5):
                    await made.desk.find()
                await place.ready()  # who woke stands by: it has not stopped either
            broken[point] = await made.violations()
    assert broken == {point: [] for point in HANGS}
