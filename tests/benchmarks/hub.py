"""An exchange under load: where it is, and which processes it is made of."""

import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.program import first_line, running
from cast import Cast
from exchange_processes import ExchangeProcesses


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


@asynccontextmanager
async def processes(cast: Cast, environment: Mapping[str, str], beneath: Mapping[str, int]) -> AsyncIterator[Hub]:
    """Each service as its own process; `beneath`: the processes of broker and database."""
    environment = {"HIFADHI_LOG_LEVEL": "WARNING", **environment}
    async with ExchangeProcesses(cast.folder, cast.folder / "services", environment) as exchange:
        pids = {name: process.pid for name, process in exchange.processes.items()}
        faces = {path: exchange.url(service) for path, service in FACES.items()}
        yield Hub(exchange.base_url, {**pids, **beneath}, faces)
