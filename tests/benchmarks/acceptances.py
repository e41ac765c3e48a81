"""The message that is measured: `referral.accepted` with a body of 2 KB in its one part, and what must come before it.

Acceptances count only where something was asked, so there are cases, each with a few requests for a service, each of
which one acceptance answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cast import Body, Cast, now_ms, payload_of
from hifadhi.agency.composing.compose import Draft, Message, seal
from hifadhi.evidence import b64u, strict_json
from hifadhi.referral import directory_changes, message
from hifadhi.referral.directory import Directory

ASKS: Final = "MZ-INAR"
ACCEPTS: Final = "ZA-DHA"
REQUESTS_OF_A_CASE: Final = 3
BODY_BYTES: Final = 2048
NOTES: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be accepted."""

    case: str
    referral: str

    def draft(self) -> Draft:
        """Its acceptance."""
        facts = {"case": self.case, "referral": self.referral, "to": [ASKS], "seen": 1}
        return Draft.of("referral.accepted", facts, {"content": body()})

    def accepted(self, cast: Cast, directory: Directory, number: int) -> Message:
        """Its acceptance, sealed and signed."""
        made = seal(self.draft(), sender=ACCEPTS, directory=directory)
        return made.sign(number=number, now_ms=now_ms(), keys=[cast.players[ACCEPTS].sign])


def body() -> dict[str, Any]:
    """A body of 2 KB: on which conditions, and what awaits the person."""
    missing = BODY_BYTES - len(strict_json.dump(_body([""] * NOTES)))
    share = missing // NOTES
    text = "The person is met at the desk, and a place is kept for fourteen days. " * 8
    return _body([text[:share]] * (NOTES - 1) + [text[: missing - share * (NOTES - 1)]])


def _body(texts: Sequence[str]) -> dict[str, Any]:
    return {
        "basis": ["CRC:10", "CRC:22"],
        "conditions": [{"text": text, "language": "eng"} for text in texts],
        "reception": {"place": {"country": "ZAF", "subdivision": "ZA-GP"}, "care": "KINSHIP"},
        "contact": {"role": "RECEPTION", "agency": "ZA-DSD", "phone": "+27115550100"},
        "valid_until": "2027-05-31",
    }


def requests(cast: Cast, count: int) -> Iterator[tuple[Body, Asked | None]]:
    """The messages that lead to `count` requests, in their order; beside each request what it makes acceptable."""
    for first in range(0, count, REQUESTS_OF_A_CASE):
        encounter = cast.encounter(ASKS)
        yield encounter, None
        case = payload_of(encounter)["id"]
        for seen in range(1, min(REQUESTS_OF_A_CASE, count - first) + 1):
            asked = cast.request(ASKS, ACCEPTS, case, seen, kind="service")
            yield asked, Asked(case, payload_of(asked)["id"])


def directory_of(cast: Cast, statements: Sequence[Body]) -> Directory:
    """The directory after these posted statements."""
    directory = Directory.of(cast.root)
    for posted in statements:
        directory = directory_changes.evolve(directory, message.parse(b64u.decode(posted["header"]["payload"])))
    return directory
