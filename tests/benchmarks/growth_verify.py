"""`growth_verify`: the memory of `hifadhi verify` must not depend on how long the ledger is; nor may what a leaf costs.

HIFADHI_BENCH_LEAVES=10000000 for ten million, which need twenty gigabytes of disk and two hours (there the process that
decides had 146 MB at most, a reader 63). It fails, if a process takes more memory for the long ledger than for the
short one.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import long_ledger
from benchmarks.figure import Figure
from benchmarks.process_cost import family, peak_mb

LOOK_S: Final = 0.2
SMALL: Final = 100_000
"""Three times what is held in memory at most: it has its full size there."""
LARGE: Final = int(os.environ.get("HIFADHI_BENCH_LEAVES", "1000000"))
MOST_GROWN: Final = 1.25
"""Megabytes for the long ledger, to those for the short one. What grew with the leaves would be ten times as much."""


@dataclass(frozen=True, slots=True)
class Taken:
    """By one run: megabytes at most of the process that decides, and of the largest that reads; microseconds a leaf."""

    decides_mb: float
    reads_mb: float
    leaf_us: float


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """Peak megabytes of a process, and microseconds a leaf by the clock, with their ratios; or AssertionError."""
    figures = list(compared(_verified(folder / "small", SMALL), _verified(folder / "large", LARGE)))
    check(figures)
    return figures


def compared(small: Taken, large: Taken) -> Iterator[Figure]:
    """What the long ledger took, to what the short one did."""
    of, long = f"at {SMALL}", f"{LARGE} leaves"
    yield Figure("verify_memory", large.decides_mb, f"MB, {long}", large.decides_mb / small.decides_mb, of)
    if small.reads_mb:  # on one core there are none
        yield Figure("verify_memory, a reader", large.reads_mb, f"MB, {long}", large.reads_mb / small.reads_mb, of)
    yield Figure("verify_growth", large.leaf_us, f"us/leaf, {long}", large.leaf_us / small.leaf_us, of)


def check(figures: list[Figure]) -> None:
    """AssertionError, if memory has grown with the ledger. Of time it says nothing: others may use the machine."""
    for one in figures:
        if one.name.startswith("verify_memory"):
            assert one.ratio and one.ratio <= MOST_GROWN, f"{one.name} has grown to {one.ratio:.2f} times"


def _verified(folder: Path, leaves: int) -> Taken:
    long_ledger.write(folder, leaves)
    hifadhi = str(Path(sys.executable).with_name("hifadhi"))
    command = [hifadhi, "verify", str(folder / "copy"), "--root", str(folder / "root.json"), "--json"]
    began, peaks = time.perf_counter(), dict[int, float]()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        # Asked for again and again: what the kernel says at the end is no less than what this process had at the start.
        while running.poll() is None:
            for pid in family(running.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), peak_mb(pid))
            time.sleep(LOOK_S)
        assert running.stdout
        said = json.loads(running.stdout.read())
    took = time.perf_counter() - began
    assert said["verified"], said
    return Taken(peaks.pop(running.pid), max(peaks.values(), default=0.0), took / said["leaves"] * 1e6)
