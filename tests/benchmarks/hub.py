"""An exchange under load: where it is, and which processes it is made of."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.process_cost import children
from benchmarks.program import first_line, running
from cast import Cast
from exchange_processes import ExchangeProcesses
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer


@dataclass(frozen=True, slots=True)
class Hub:
    """`pids`: by the name under which their costs are reported. `faces`: see `Transport`."""

    url: str
    pids: Mapping[str, int]
    faces: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def embedded(cast: Cast) -> AsyncIterator[Hub]:
    """`hifadhi up`: everything in one process, on two SQLite files."""
    hifadhi = shutil.which("hifadhi", path=str(Path(sys.executable).parent)) or "hifadhi"
    command = [hifadhi, "up", "--data", str(cast.folder), "--port", "0"]
    async with running(command, {"HIFADHI_LOG_LEVEL": "WARNING"}) as process:
        yield Hub(await first_line(process), {"hub": process.pid})


FACES: Final = {
    "/v1/messages": "gateway",
    "/v1/messages/": "delivery",
    "/v1/inbox": "delivery",
    "/v1/cases/": "delivery",
    "/v1/directory": "registry",
    "/v1/proofs/": "registry",
    "/ledger/": "registry",
}
"""What the front does for those who have one base URL; a load program goes to each service by itself."""


SERVICES: Final = ("registry", "delivery", "gateway")
"""Those that a message goes through."""


@asynccontextmanager
async def on_kafka(cast: Cast, folder: Path) -> AsyncIterator[Hub]:
    """Each service as its own process, on a broker and a database of their own, all on this machine."""
    async with KafkaCluster(folder / "kafka") as kafka:
        (broker,) = children(os.getpid())
        async with PostgresServer(folder / "postgres") as postgres:
            (database,) = (pid for pid in children(os.getpid()) if pid != broker)
            environment = {
                "HIFADHI_STREAM": f"kafka://{kafka.bootstrap}",
                "HIFADHI_SINGLE_BROKER": "true",
                "HIFADHI_STORE": postgres.url,
            }
            async with processes(cast, environment, {"broker": broker, "database": database}) as hub:
                yield hub


@asynccontextmanager
async def processes(cast: Cast, environment: Mapping[str, str], beneath: Mapping[str, int]) -> AsyncIterator[Hub]:
    """Each service as its own process; `beneath`: the processes of broker and database."""
    environment = {"HIFADHI_LOG_LEVEL": "WARNING", **environment}
    async with ExchangeProcesses(cast.folder, cast.folder / "services", environment, SERVICES) as exchange:
        pids = {name: process.pid for name, process in exchange.processes.items()}
        faces = {path: exchange.url(service) for path, service in FACES.items()}
        yield Hub(exchange.base_url, {**pids, **beneath}, faces)
