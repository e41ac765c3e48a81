"""`PYTHONPATH=../deploy/local python -m benchmarks [NAME…]`, from `tests/`: prints a table, writes build/bench.json.

Without names everything. Nothing else should run meanwhile: all but the figures per core are by the clock.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks import (
    decide,
    exchanges,
    figure,
    gateway,
    growth,
    growth_cases,
    growth_up,
    growth_verify,
    registry,
    suites,
    verify_offline,
    verify_raw,
    wire_bytes,
)
from benchmarks.figure import Figure

BUILD: Final = Path(__file__).parent.parent.parent / "build" / "bench.json"

Benchmark = Callable[[Path, float], Awaitable[list[Figure]]]
BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "decide": decide.measure,
    "gateway": gateway.measure,
    "registry": registry.measure,
    "registry_postgresql": registry.measure_postgres,
    "verify_offline": verify_offline.measure,
    "wire_bytes": wire_bytes.measure,
    "suites": suites.measure,
    "growth": growth.measure,
    "growth_cases": growth_cases.measure,
    "growth_up": growth_up.measure,
    "growth_verify": growth_verify.measure,
    "embedded": exchanges.measure_embedded,
    "kafka": exchanges.measure_kafka,
}


async def main(names: Sequence[str]) -> None:
    """Run the benchmarks of these names, each in a new folder."""
    found = verify_raw.measure()
    raw = found[0].value
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix=f"hifadhi-{name}-") as folder:
            found += await BENCHMARKS[name](Path(folder), raw)
    sys.stdout.write(figure.table(found) + "\n")
    figure.write(found, BUILD)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
