"""The scenarios as the exchange is run: each service its own process, on a real broker and a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import kafka_programs
import moved_clock
from exchange_processes import ExchangeProcesses
from hifadhi.demo.run import play
from hifadhi.demo.scenarios import SCENARIOS
from hifadhi.demo.stage import Running
from kafka_cluster import KafkaCluster
from live.production import standing_on
from moved_clock import MovedClock
from postgres_server import PostgresServer
from servers import needed

LASTING = [name for name, scenario in SCENARIOS.items() if scenario.needs_time]


@pytest.mark.timeout(300)
async def test_the_scenarios_one_after_the_other(tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer) -> None:
    await _played(tmp_path, [name for name in SCENARIOS if name not in LASTING], kafka, postgres, None)


@pytest.mark.timeout(300)
async def test_those_that_last_for_weeks_by_a_clock_that_broker_and_services_share(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    needed(kafka_programs.missing() or moved_clock.missing())
    clock = MovedClock(tmp_path / "clock")
    async with KafkaCluster(tmp_path / "kafka", environment=clock.environment) as broker:
        await _played(tmp_path, LASTING, broker, postgres, clock)


async def _played(
    folder: Path, scenarios: list[str], broker: KafkaCluster, postgres: PostgresServer, clock: MovedClock | None
) -> None:
    """`Tampered`, if anything is not as it should be."""
    quiet = {"HIFADHI_LOG_LEVEL": "WARNING"}
    environment = await standing_on(broker, postgres) | quiet | dict(clock.environment if clock else {})

    @asynccontextmanager
    async def processes(data: Path) -> AsyncIterator[Running]:
        async with ExchangeProcesses(data, folder / "services", environment) as running:
            yield running

    await play(folder, processes, scenarios, keep=False, clock=clock)
