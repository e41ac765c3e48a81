"""What a load program is told: who it is, where the exchange is, what to send or to expect."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self, TextIO

from benchmarks.acceptances import Asked
from benchmarks.answers import Question
from hifadhi.referral import root as roots
from hifadhi.referral.root import Root


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`work`: the file of requests and questions, of which those from `first` on are answered, `count` of them.

    `lines`: messages of one post. `rate`: messages a second, whatever becomes of them; 0: as fast as the receiver
    opens them. `log`: the file to which each message's id is written with its instant (CLOCK_MONOTONIC, ns).
    `faces`: see `Transport`.
    """

    home: str
    root: str
    url: str
    log: str
    count: int
    work: str = ""
    first: int = 0
    lines: int = 1
    connections: int = 16
    rate: float = 0.0
    faces: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Self:
        """From a file that `write` made."""
        return cls(**json.loads(Path(path).read_bytes()))

    def write(self, path: Path) -> Path:
        """For a program's command line."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    def root_of_trust(self) -> Root:
        """As handed over."""
        return roots.parse(Path(self.root).read_bytes())

    def log_file(self) -> TextIO:
        """Where the instants go; to be closed."""
        return Path(self.log).open("w", encoding="utf-8")

    def asked(self) -> list[Asked | Question]:
        """The requests to accept, the questions to answer."""
        lines = Path(self.work).read_text(encoding="utf-8").splitlines()[self.first : self.first + self.count]
        return [_asked(*line.split()) for line in lines]


def _asked(case: str, referral: str, question: str | None = None) -> Asked | Question:
    return Question(case, referral, question) if question else Asked(case, referral)


def instants(log: Path) -> dict[str, int]:
    """What a program wrote of each message."""
    pairs = (line.split() for line in log.read_text(encoding="utf-8").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs}
