"""The rules by their number. A leaf is ruled, and re-decided, by the rules in force at its index.

Released rules are never edited: an old ledger verifies for ever. `root.json` names the first number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Fault, Refused
from hifadhi.referral import decide as first
from hifadhi.referral import evolve as first_effects
from hifadhi.referral.case import Case, Clock, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.verdict import Known, Verdict


@dataclass(frozen=True, slots=True)
class Rules:
    """One release of the rules."""

    decide: Callable[[Header, Case | None, Known], Verdict]
    evolve: Callable[[Case | None, Header, int, Directory, Mapping[str, Sealed]], Case]
    joined: Callable[[Case, Header], Case]
    lapse: Callable[[Case, Clock, Directory], Case]


RELEASED: Final[Mapping[int, Rules]] = {
    1: Rules(first.decide, first_effects.evolve, first_effects.joined, first_effects.lapse),
}


def rules(number: int) -> Rules:
    """The rules of that number; `Refused` RULES_UNKNOWN if this program does not have them."""
    if number not in RELEASED:
        raise Refused(Fault("RULES_UNKNOWN", "/rules", f"this program knows rules {sorted(RELEASED)}; upgrade it"))
    return RELEASED[number]
