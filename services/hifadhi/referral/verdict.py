"""What comes of a message: recorded, regular or not, or refused with a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.directory import Directory


@dataclass(frozen=True, slots=True)
class Verdict:
    """Recorded, regular or not; or refused with a code."""

    code: str | None = None
    irregular: bool = False


RECORDED: Final = Verdict()
IRREGULAR: Final = Verdict(irregular=True)


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier leaves left behind: messages and cases by id, as far as this message names them; the directory."""

    past: Mapping[str, Sealed]
    cases: Mapping[str, Case]
    directory: Directory

    def in_case(self, message: str, case: str) -> Sealed | None:
        """The recorded message of this id, if it is one of this case."""
        found = self.past.get(message)
        return found if found and found.recorded and found.case == case else None
