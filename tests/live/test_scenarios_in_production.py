"""The scenarios as the exchange is run: each service its own process, on a real broker and a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from exchange_processes import ExchangeProcesses
from hifadhi.demo.run import play
from hifadhi.demo.scenarios import SCENARIOS
from hifadhi.demo.stage import Running
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer

NOW = [name for name, scenario in SCENARIOS.items() if not scenario.needs_time]
"""A broker stamps records by its own clock: what lasts for weeks is played on the embedded exchange."""


async def test_the_scenarios_one_after_the_other(tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer) -> None:
    environment = {
        "HIFADHI_STREAM": f"kafka://{kafka.bootstrap}",
        "HIFADHI_STREAM_PREFIX": f"{uuid4().hex}.",
        "HIFADHI_SINGLE_BROKER": "true",
        "HIFADHI_STORE": await postgres.create_database(f"exchange_{uuid4().hex}"),
        "HIFADHI_LOG_LEVEL": "WARNING",
    }

    @asynccontextmanager
    async def processes(data: Path) -> AsyncIterator[Running]:
        async with ExchangeProcesses(data, tmp_path / "services", environment) as running:
            yield running

    await play(tmp_path, processes, NOW, keep=False)  # `Tampered`, if anything is not as it should be
