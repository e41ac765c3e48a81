"""What a long run came to: `faults.json`, and the same in words, `faults.md`. Runs add up until they are removed."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """One death, and what was broken after it."""

    seed: str
    place: str
    death: str
    seconds: float
    violations: list[str]

    def __str__(self) -> str:
        said = f"{len(self.violations)} broken: {self.violations[0]}" if self.violations else "nothing broken"
        return f"{self.place:8} {self.seconds:6.1f} s  {self.death}: {said}  [{self.seed}]"


def write(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Add these to what earlier runs have left in the folder."""
    folder.mkdir(exist_ok=True)
    found = folder / "faults.json"
    before = [Outcome(**one) for one in json.loads(found.read_text())] if found.exists() else []
    every = [*before, *outcomes]
    found.write_text(json.dumps([asdict(one) for one in every], indent=1) + "\n")
    (folder / "faults.md").write_text(_summary(every))


def _summary(outcomes: Sequence[Outcome]) -> str:
    runs = Counter((one.place, _kind(one)) for one in outcomes)
    broken = Counter((one.place, _kind(one)) for one in outcomes if one.violations)
    rows = [f"| {place} | {kind} | {count} | {broken[place, kind]} |" for (place, kind), count in sorted(runs.items())]
    said = [f"* `{one.seed}`, {one.place}, {one.death}: {what}" for one in outcomes for what in one.violations]
    head = f"# Deaths by chance\n\n{len(outcomes)} runs, {sum(broken.values())} with something broken.\n\n"
    table = "\n".join(["| place | death | runs | broken |", "|---|---|---:|---:|", *rows])
    return head + table + "\n\n## Broken\n\n" + ("\n".join(said) or "Nothing.") + "\n"


def _kind(one: Outcome) -> str:
    """Without its visit and its instant."""
    if one.death.startswith("SIG"):
        return one.death.partition(" after ")[0].partition(" for ")[0]
    return one.death.partition(", visit")[0]
