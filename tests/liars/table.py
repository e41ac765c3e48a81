"""The table of `services/LIARS.md`, read: what is written there is what the tests hold."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = (Path(__file__).parents[2] / "services" / "LIARS.md").read_text(encoding="utf-8")
_ROW: Final = re.compile(r"^\| ([^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `(test_\w+)` \|$", re.MULTILINE)

REFUSE: Final = "refuse"
COMPARE: Final = "compare"
ACCEPT: Final = "accept"
NOTHING: Final = "nothing"
VERDICTS: Final = (REFUSE, COMPARE, ACCEPT, NOTHING)
"""What programs say that know the tree and not its leaves; `LIARS.md` explains each."""

LEDGER: Final = "ledger"
RECEIPT: Final = "receipt"
CHECKPOINTS: Final = "checkpoints"
LEAF: Final = "leaf"
NONE: Final = "none"
"""What proves the lie to somebody else; `LIARS.md` explains each."""


@dataclass(frozen=True, slots=True)
class Row:
    """An attack; `attack` is empty where it is the row above's.

    `proof`: its kind, and behind a colon why there is none; `others`: a verdict, and behind a colon its ground.
    """

    attack: str
    caught_by: str
    how: str
    proof: str
    others: str
    test: str

    @property
    def proven_by(self) -> str:
        """The kind of proof."""
        return self.proof.partition(":")[0]

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        return self.others.partition(":")[0]

    @property
    def ground(self) -> str:
        """What they refuse it by, or why they cannot."""
        return self.others.partition(":")[2].strip()


ROWS: Final = tuple(Row(*cells) for cells in _ROW.findall(PAGE.replace("| | ", "|  | ")))
