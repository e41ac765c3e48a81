"""The scenarios of `domain.md` §9, with invented people. Each ends with a ledger that verifies."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.demo.scenarios import (
    s1_girl_alone,
    s2_trafficked,
    s4_pushed_back,
    s5_declaration,
    s6_silence,
    s8_mass_return,
)
from hifadhi.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` gives the case whose story is told at the end. `needs_time`: it lasts for weeks that a clock must skip."""

    title: str
    agencies: tuple[str, ...]
    play: Callable[[Stage], Awaitable[str]]
    needs_time: bool = False


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "S1": Scenario(s1_girl_alone.TITLE, s1_girl_alone.AGENCIES, s1_girl_alone.play),
    "S2": Scenario(s2_trafficked.TITLE, s2_trafficked.AGENCIES, s2_trafficked.play),
    "S4": Scenario(s4_pushed_back.TITLE, s4_pushed_back.AGENCIES, s4_pushed_back.play),
    "S5": Scenario(s5_declaration.TITLE, s5_declaration.AGENCIES, s5_declaration.play),
    "S6": Scenario(s6_silence.TITLE, s6_silence.AGENCIES, s6_silence.play, needs_time=True),
    "S8": Scenario(s8_mass_return.TITLE, s8_mass_return.AGENCIES, s8_mass_return.play),
}
