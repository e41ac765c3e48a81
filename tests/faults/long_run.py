"""Deaths by chance, as many as there is time for: `python -m faults.long_run RUNS [--place embedded|kafka] [--seed S]`.

A run is one death and all promises read again. Writes `build/faults.json` and `build/faults.md`; exit code 1 if one
was broken. A run's seed and its words say what happened; its exchange is kept where something broke.
"""

import argparse
import asyncio
import logging
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from faults.deaths import by_chance
from faults.kafka_place import KafkaPlace
from faults.ordeal import Ordeal, embedded_ordeal, ordeal
from faults.report import Outcome, write
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer
from time_machine import CastInTime, Clock

BUILD: Final = Path(__file__).parent.parent.parent / "build"
PER_EXCHANGE: Final = 12
LONGEST_S: Final = 300.0
Opened = Callable[[Path, str], AbstractAsyncContextManager[Ordeal]]


@asynccontextmanager
async def embedded(folder: Path, seed: str) -> AsyncIterator[Ordeal]:
    """All services in one process."""
    async with embedded_ordeal(folder, seed) as (made, _):
        yield made


@asynccontextmanager
async def on_kafka(kafka: KafkaCluster, postgres: PostgresServer, folder: Path, seed: str) -> AsyncIterator[Ordeal]:
    """Each service a process."""
    cast, dice = CastInTime(folder / "exchange", Clock()), random.Random(seed)  # noqa: S311 (no secret)
    async with KafkaPlace(cast.folder, kafka, postgres) as place, ordeal(place, cast, folder, dice) as made:
        yield made


async def series(opened: Opened, folder: Path, seed: str, runs: int, keep: list[Outcome]) -> None:
    """So many deaths of one exchange, or fewer: it ends with what first breaks."""
    dice, made = random.Random(seed), None  # noqa: S311 (no secret)
    try:
        async with opened(folder, seed) as made:
            for number in range(runs):
                keep.append(await _run(made, dice, f"{seed}/{number}"))
                sys.stdout.write(f"{keep[-1]}\n")
                sys.stdout.flush()
                if keep[-1].violations:
                    return
    except (AssertionError, OSError, RuntimeError, TimeoutError, ExceptionGroup) as error:
        name = made.place.name if made else "?"
        keep.append(Outcome(seed, name, "start or end of the exchange", 0.0, [_told(error)]))
        sys.stdout.write(f"{keep[-1]}\n")
    if not keep[-1].violations:
        shutil.rmtree(folder)


async def _run(made: Ordeal, dice: random.Random, seed: str) -> Outcome:
    death, began = by_chance(made, dice), time.monotonic()
    try:
        async with asyncio.timeout(LONGEST_S):
            await death.befall(made)
            found = await made.violations()
    except (AssertionError, OSError, RuntimeError, TimeoutError, ExceptionGroup) as error:
        found = [_told(error)]
    return Outcome(seed, made.place.name, str(death), time.monotonic() - began, found)


def _told(error: BaseException) -> str:
    """The first cause within a group says more than that there was one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


async def main() -> int:
    """All series; the exit code."""
    asked = _asked()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder, outcomes = Path(tempfile.mkdtemp(prefix="hifadhi-faults-")), list[Outcome]()
    async with AsyncExitStack() as stack:
        opened: Opened = embedded
        if asked.place == "kafka":
            kafka = await stack.enter_async_context(KafkaCluster(folder / "kafka"))
            postgres = await stack.enter_async_context(PostgresServer(folder / "postgres"))
            opened = _on(kafka, postgres)
        while len(outcomes) < asked.runs:
            seed, runs = f"{asked.seed}/{len(outcomes)}", min(PER_EXCHANGE, asked.runs - len(outcomes))
            known = len(outcomes)
            await series(opened, folder / str(known), seed, runs, outcomes)
            write(outcomes[known:], BUILD)
    return int(any(outcome.violations for outcome in outcomes))


def _on(kafka: KafkaCluster, postgres: PostgresServer) -> Opened:
    return lambda folder, seed: on_kafka(kafka, postgres, folder, seed)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--place", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--seed", default=str(secrets.randbits(32)))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
