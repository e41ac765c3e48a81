"""A process that starts a broker and waits to be killed: `python -m live.kafka_starter FOLDER`."""

import asyncio
import sys
from pathlib import Path

# Run on its own it has not what pytest adds to the path.
sys.path.append(str(Path(__file__).parents[2] / "deploy/local"))

from kafka_cluster import KafkaCluster


async def _main(folder: Path) -> None:
    async with KafkaCluster(folder):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
