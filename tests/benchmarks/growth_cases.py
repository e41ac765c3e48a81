"""`growth_cases`: what a ruling costs must not depend on how many cases there are: with a thousand, and with a million.

Rows as the registry writes them, put straight into its tables: open cases, each with a clock that is not due for years.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import registry
from benchmarks.figure import Figure
from hifadhi.referral.case import Case
from hifadhi.referral.table import STALLED
from hifadhi.store.sqlite import SqliteStore

SMALL: Final = 1_000
LARGE: Final = 1_000_000
CHUNK: Final = 10_000
RUNS: Final = 3
FAR_MS: Final = 4_102_444_800_000
"""2100."""


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """Microseconds of the processor for each ruling, at both sizes, and their ratio; in turns."""
    took: dict[int, list[float]] = {SMALL: [], LARGE: []}
    for run in range(RUNS):
        for size, costs in took.items():
            place = folder / f"{size}-{run}"
            place.mkdir()
            costs.append(await _cost(place, size))
    small, large = median(took[SMALL]), median(took[LARGE])
    return [Figure("growth_cases", large, f"us/ruling, {LARGE} cases", large / small, f"at {SMALL}")]


async def _cost(place: Path, size: int) -> float:
    store = SqliteStore(place / "store.sqlite")
    await store.migrate()
    await store.close()
    await asyncio.to_thread(_fill, place / "store.sqlite", size)
    figures = await registry.on_store("sqlite", place, lambda where: SqliteStore(where / "store.sqlite"))
    return next(one.value for one in figures if one.unit == "us/ruling")


def _fill(path: Path, size: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    for first in range(0, size, CHUNK):
        numbers = range(first, min(first + CHUNK, size))
        with connection:
            connection.executemany("INSERT INTO registry_cases (id, head) VALUES (?, ?)", _heads(numbers))
            connection.executemany(
                'INSERT INTO registry_clocks ("case", subject, clock, due) VALUES (?, ?, ?, ?)', _clocks(numbers)
            )
    connection.close()


def _heads(numbers: range) -> Iterator[tuple[str, bytes]]:
    for number in numbers:
        case = Case(_id(number), 1, "MZ-INAR", frozenset({"MZ-INAR", "ZA-DHA"}), silent_due=FAR_MS)
        yield case.id, case.to_bytes()


def _clocks(numbers: range) -> Iterator[tuple[str, str, str, int]]:
    return ((_id(number), "MZ-INAR", STALLED, FAR_MS) for number in numbers)


def _id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012x}"
