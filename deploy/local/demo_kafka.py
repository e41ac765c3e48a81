"""The story of `make demo` as the exchange is run: every service its own process, on a real broker and a real database.

`python deploy/local/demo_kafka.py [--brokers 3] [--scenario S2] [--keep]`
"""

import argparse
import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import moved_clock
from exchange_processes import ExchangeProcesses
from hifadhi import diagnostics
from hifadhi.demo.narrator import say
from hifadhi.demo.run import play
from hifadhi.demo.scenarios import SCENARIOS
from hifadhi.demo.stage import Running
from hifadhi.errors import HifadhiError
from kafka_cluster import KafkaCluster
from moved_clock import MovedClock
from postgres_server import PostgresServer

FOLDER: Final = Path(".demo-kafka")


@asynccontextmanager
async def processes(data: Path, folder: Path, brokers: int, clock: MovedClock | None) -> AsyncIterator[Running]:
    """Broker, database and the four services, until the block is left; `clock`: by which broker and services live."""
    moved = dict(clock.environment) if clock else {}
    cluster = KafkaCluster(folder / "kafka", nodes=brokers, environment=moved)
    async with cluster as kafka, PostgresServer(folder / "postgres") as postgres:
        say(f"Apache Kafka runs at {kafka.bootstrap}, PostgreSQL beneath.")
        environment = {
            "HIFADHI_STREAM": f"kafka://{kafka.bootstrap}",
            "HIFADHI_SINGLE_BROKER": str(brokers == 1).lower(),
            "HIFADHI_STORE": postgres.url,
            "HIFADHI_LOG_LEVEL": "WARNING",
        }
        async with ExchangeProcesses(data, folder / "services", environment | moved) as running:
            say(f"The exchange answers at {running.base_url}; each service is a process of its own:")
            for name, process in running.processes.items():
                say(f"     {name:9} {running.url(name)}  process {process.pid}")
            yield running


def main() -> None:
    """Play it, in a folder that is made anew."""
    asked, chosen = _asked()
    diagnostics.configure("WARNING")
    shutil.rmtree(FOLDER, ignore_errors=True)
    folder = FOLDER.absolute()
    lasting = any(SCENARIOS[name].needs_time for name in chosen)
    clock = MovedClock(folder / "clock") if lasting else None
    run = partial(processes, folder=folder, brokers=asked.brokers, clock=clock)
    try:
        asyncio.run(play(FOLDER, run, chosen, keep=asked.keep, clock=clock))
    except HifadhiError as error:
        sys.exit(f"{type(error).__name__.lower()}: {error}")


def _asked() -> tuple[argparse.Namespace, list[str]]:
    """The arguments, and the scenarios among them."""
    there = ", ".join(SCENARIOS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--scenario", default="S1,S8", help=f"one or several of {there}, as S1,S8")
    parser.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C")
    asked = parser.parse_args()
    chosen = asked.scenario.split(",")
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        parser.error(f"no scenario {unknown[0]}; there are {there}")
    lasting = [name for name in chosen if SCENARIOS[name].needs_time]
    if lasting and (lacking := moved_clock.missing()):
        parser.error(f"{lasting[0]} lasts for weeks, which needs a clock that can be moved: {lacking}")
    return asked, chosen


if __name__ == "__main__":
    main()
