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

from exchange_processes import ExchangeProcesses
from hifadhi import diagnostics
from hifadhi.demo.narrator import say
from hifadhi.demo.run import play
from hifadhi.demo.stage import Running
from hifadhi.errors import HifadhiError
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer

FOLDER: Final = Path(".demo-kafka")


@asynccontextmanager
async def processes(data: Path, folder: Path, brokers: int) -> AsyncIterator[Running]:
    """Broker, database and the four services, until the block is left."""
    async with KafkaCluster(folder / "kafka", nodes=brokers) as kafka, PostgresServer(folder / "postgres") as postgres:
        say(f"Apache Kafka runs at {kafka.bootstrap}, PostgreSQL beneath.")
        environment = {
            "HIFADHI_STREAM": f"kafka://{kafka.bootstrap}",
            "HIFADHI_SINGLE_BROKER": str(brokers == 1).lower(),
            "HIFADHI_STORE": postgres.url,
            "HIFADHI_LOG_LEVEL": "WARNING",
        }
        async with ExchangeProcesses(data, folder / "services", environment) as running:
            say(f"The exchange answers at {running.base_url}; each service is a process of its own:")
            for name, process in running.processes.items():
                say(f"     {name:9} {running.url(name)}  process {process.pid}")
            yield running


def main() -> None:
    """Play it, in a folder that is made anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--scenario", default="S1,S8", help="one or several of S1, S2, S4, S5, S8, as S1,S8")
    parser.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C")
    asked = parser.parse_args()
    diagnostics.configure("WARNING")
    shutil.rmtree(FOLDER, ignore_errors=True)
    run = partial(processes, folder=FOLDER.absolute(), brokers=asked.brokers)
    try:
        asyncio.run(play(FOLDER, run, asked.scenario.split(","), keep=asked.keep))
    except HifadhiError as error:
        sys.exit(f"{type(error).__name__.lower()}: {error}")


if __name__ == "__main__":
    main()
