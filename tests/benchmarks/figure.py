"""What a benchmark finds: one figure each, as a table for people and as JSON for whoever compares runs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its unit; `ratio` is to the figure named `of`, or to what `of` says."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    of: str | None = None


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    return "\n".join(_line(one) for one in figures)


def write(figures: Sequence[Figure], path: Path) -> None:
    """The figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n", encoding="utf-8")


def middle(measure: Callable[[], float], runs: int = 3) -> float:
    """The median of several runs."""
    return median(measure() for _ in range(runs))


def _line(one: Figure) -> str:
    ratio = "" if one.ratio is None else f"{one.ratio:9.3f} of {one.of}"
    return f"{one.name:42} {one.value:12,.2f} {one.unit:22} {ratio}".rstrip()
