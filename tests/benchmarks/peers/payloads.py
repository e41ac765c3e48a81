"""What is sent, in two sizes: our bodies, and for the peers an XML document of as many bytes."""

import random
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from benchmarks import acceptances, answers
from hifadhi.evidence import strict_json

SMALL: Final = "2 KB"
LARGE: Final = "100 KB"
_WORDS: Final = [
    "house",
    "road",
    "water",
    "town",
    "border",
    "child",
    "mother",
    "father",
    "doctor",
    "school",
    "work",
    "travel",
    "paper",
    "name",
    "food",
    "river",
]
_FRAME: Final = '<Body xmlns="urn:hifadhi:benchmark">{}</Body>'


@dataclass(frozen=True, slots=True)
class Payload:
    """`name`: as it is called in the table. `document`: what the peers send."""

    name: str
    document: bytes

    @property
    def is_large(self) -> bool:
        """Whether of ours it is the answer to a question, not an acceptance."""
        return self.name == LARGE


def small() -> Payload:
    """An acceptance of 2 KB; its JSON in an element for the peers."""
    return Payload(SMALL, document=_framed(strict_json.dump(acceptances.body()).decode()))


def large() -> Payload:
    """An answer of 98 KB; for the peers as many bytes of English words, which as4 does not write as references."""
    chosen = random.Random(7)  # noqa: S311 (the same text in every run)
    size = answers.size()
    return Payload(LARGE, document=_framed(" ".join(chosen.choice(_WORDS) for _ in range(size))[:size]))


def _framed(text: str) -> bytes:
    return _FRAME.format(escape(text)).encode()
