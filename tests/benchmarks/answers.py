"""The large message that is measured: `information.provided`, as large as its two parts may be, and what it answers.

No schema here admits a body of 100,000 bytes by its length in English: sixteen answers of a thousand characters in
each part are 98,000 bytes in Amharic, whose letters are three bytes each.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from benchmarks.acceptances import ACCEPTS, ASKS, requests
from cast import Body, Cast, payload_of
from hifadhi.agency.composing.compose import Draft
from hifadhi.evidence import strict_json

ANSWERS_OF_A_PART: Final = 16
CHARACTERS: Final = 1000
FIELDS: Final = {"content": "ACCOUNT", "sensitive": "HEALTH"}
_WORDS: Final = [
    "ሰው",
    "ቤት",
    "ውሃ",
    "መንገድ",
    "ከተማ",
    "ድንበር",
    "ልጅ",
    "እናት",
    "አባት",
    "ወንድም",
    "እህት",
    "ቀን",
    "ሌሊት",
    "ሐኪም",
    "ትምህርት",
    "ሥራ",
    "ሰላም",
    "ጉዞ",
    "ወረቀት",
    "ስም",
    "ቋንቋ",
    "ምግብ",
    "ተራራ",
    "ወንዝ",
]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be answered."""

    case: str
    referral: str
    id: str

    def draft(self) -> Draft:
        """Its answer."""
        facts = {"case": self.case, "referral": self.referral, "to": [ASKS], "in_reply_to": self.id}
        return Draft.of("information.provided", facts, bodies())


@cache
def bodies() -> dict[str, dict[str, Any]]:
    """The two parts' bodies."""
    return {
        part: {"values": [_value(f"{part} {one}", FIELDS[part]) for one in range(ANSWERS_OF_A_PART)]} for part in FIELDS
    }


def size() -> int:
    """The bytes of both bodies."""
    return sum(len(strict_json.dump(body)) for body in bodies().values())


def _value(seed: str, field: str) -> dict[str, Any]:
    chosen = random.Random(seed)  # noqa: S311 (the same text in every run)
    text = "፡".join(chosen.choice(_WORDS) for _ in range(CHARACTERS))
    return {"field": field, "value": {"text": text[: CHARACTERS - 1] + "።", "language": "amh"}}


def questions(cast: Cast, count: int) -> Iterator[tuple[Body, Question | None]]:
    """The messages that lead to `count` questions, in their order; beside each question what it makes answerable."""
    for request, asked in requests(cast, count):
        yield request, None
        if asked:
            facts = {"case": asked.case, "referral": asked.referral, "to": [ASKS]}
            question = cast.message("information.requested", ACCEPTS, **facts)
            yield question, Question(asked.case, asked.referral, payload_of(question)["id"])
