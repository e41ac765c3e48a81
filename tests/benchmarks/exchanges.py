"""The end-to-end benchmarks, each on an exchange of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import end_to_end
from benchmarks.figure import Figure
from benchmarks.ground import Ground
from benchmarks.hub import Hub, embedded, on_kafka
from benchmarks.load import Load
from cast import Cast
from hub_client import HubClient


class Counts(NamedTuple):
    """How many messages are sent one by one, and how many in batches."""

    singles: int
    batches: int


LATENCIES: Final = 1500
EMBEDDED: Final = Counts(singles=6000, batches=6000)
# More than a minute behind the warm-up, at what two cores reach.
KAFKA: Final = Counts(singles=18_000, batches=36_000)


async def measure_embedded(folder: Path, _raw: float) -> list[Figure]:
    """`end_to_end_embedded`, and the latency on it."""
    cast = Cast(folder / "data")
    ground = Ground(cast, folder / "homes")
    async with embedded(cast) as hub:
        return await _all("embedded", hub, cast, ground, EMBEDDED)


async def measure_kafka(folder: Path, _raw: float) -> list[Figure]:
    """`end_to_end_kafka`, the same in batches, and the latency: each service its own process."""
    cast = Cast(folder / "data")
    ground = Ground(cast, folder / "homes")
    async with on_kafka(cast, folder) as hub:
        return await _all("kafka", hub, cast, ground, KAFKA)


async def _all(name: str, hub: Hub, cast: Cast, ground: Ground, counts: Counts) -> list[Figure]:
    """Latency first, on a small ledger; then singles, then batches."""
    found: list[Figure] = []
    load = Load(home="", root=str(cast.folder / "root.json"), url=hub.url, log="", count=LATENCIES, faces=hub.faces)
    folder = ground.work.parent
    async with HubClient(cast, hub.url) as client:
        await client.admit_everybody()
        await ground.ask(client, LATENCIES)
        found += await end_to_end.latency(name, hub, ground, folder, load)
        await ground.ask(client, counts.singles)
        singles = replace(load, first=LATENCIES, count=counts.singles)
        found += await end_to_end.throughput(f"end_to_end_{name}", hub, ground, folder, singles)
        await ground.ask(client, counts.batches)
        first = LATENCIES + counts.singles
        batches = replace(singles, first=first, count=counts.batches, lines=100, connections=3)
        found += await end_to_end.throughput(f"end_to_end_{name}_batch", hub, ground, folder, batches)
    return found
