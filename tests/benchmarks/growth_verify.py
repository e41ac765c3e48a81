"""`growth_verify`: the memory of `hifadhi verify` must not depend on how long the ledger is; nor may what a leaf costs.

HIFADHI_BENCH_LEAVES=10000000 for ten million, which need twenty gigabytes of disk and two hours.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks import long_ledger
from benchmarks.figure import Figure
from benchmarks.process_cost import peak_mb

LOOK_S: Final = 0.2
SMALL: Final = 100_000
LARGE: Final = int(os.environ.get("HIFADHI_BENCH_LEAVES", "1000000"))


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """Peak megabytes of its largest process, which decides, and microseconds a leaf by the clock, with their ratios."""
    small_mb, small_us = _verified(folder / "small", SMALL)
    large_mb, large_us = _verified(folder / "large", LARGE)
    return [
        Figure("verify_memory", large_mb, f"MB, {LARGE} leaves", large_mb / small_mb, f"at {SMALL}"),
        Figure("verify_growth", large_us, f"us/leaf, {LARGE} leaves", large_us / small_us, f"at {SMALL}"),
    ]


def _verified(folder: Path, leaves: int) -> tuple[float, float]:
    long_ledger.write(folder, leaves)
    hifadhi = str(Path(sys.executable).with_name("hifadhi"))
    command = [hifadhi, "verify", str(folder / "copy"), "--root", str(folder / "root.json"), "--json"]
    began, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        # Asked for again and again: what the kernel says at the end is no less than what this process had at the start.
        while running.poll() is None:
            peak = max(peak, peak_mb(running.pid))
            time.sleep(LOOK_S)
        assert running.stdout
        said = json.loads(running.stdout.read())
    took = time.perf_counter() - began
    assert said["verified"], said
    return peak, took / said["leaves"] * 1e6
