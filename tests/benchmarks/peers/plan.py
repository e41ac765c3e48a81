"""What a peer's sending program is told, in a JSON file, whatever language it is written in.

It sends saturated for `warm_up_s`, prints `ready`, waits for a line, sends for `seconds` more, at `rate` a second or,
if that is 0, as fast as its `connections` bring receipts; and writes to `log` a line for each of these messages: the
instant (CLOCK_MONOTONIC, ns) at which it began to build it and that at which its receipt was verified. Worker n posts
to the n-th of `urls`, over and over.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`keys`: the folder that `keys.make` filled. `payload`: the file with the document."""

    urls: Sequence[str]
    keys: str
    payload: str
    log: str
    connections: int
    warm_up_s: float
    seconds: float
    rate: float = 0.0

    def write(self, path: Path) -> Path:
        """For a program's command line."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    def instants(self) -> list[tuple[int, int]]:
        """What the program has written: of each message when it began and when it was done."""
        lines = Path(self.log).read_text(encoding="utf-8").splitlines()
        return [(int(began), int(done)) for began, done in (line.split() for line in lines)]
