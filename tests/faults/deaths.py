"""The ways in which an exchange dies, or seems to: at a point, at an instant, asleep; and one of them by chance."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from faults.ordeal import HAPPENING, REFOLDS, TICKS, Ordeal
from faults.up_place import UpPlace

MOST_VISITS: Final = 6
LONGEST_S: Final = 0.8
LONGEST_SLEEP_S: Final = 5.0


class Death(Protocol):
    """`str` of it says what happens, so that it can be made to happen again."""

    async def befall(self, made: Ordeal) -> None:
        """Let it happen while agencies work; afterwards everything runs."""


@dataclass(frozen=True)
class AtPoint:
    """Exactly there."""

    point: str
    visit: int

    def __str__(self) -> str:
        return f"{self.point}, visit {self.visit}"

    async def befall(self, made: Ordeal) -> None:
        async with made.desk.working():
            await made.dies_at(self.point, self.visit)


@dataclass(frozen=True)
class AtInstant:
    """SIGKILL so long after the agencies have begun, and a second one so long after the start that follows."""

    service: str
    after_s: float
    again_s: float | None

    def __str__(self) -> str:
        again = "" if self.again_s is None else f" and {self.again_s:.3f} s after its start"
        return f"SIGKILL of {self.service} after {self.after_s:.3f} s{again}"

    async def befall(self, made: Ordeal) -> None:
        async with made.desk.working():
            await asyncio.sleep(self.after_s)  # the instant itself: there is nothing to wait for
            if self.again_s is not None:
                await made.place.start(self.service)
                await asyncio.sleep(self.again_s)  # as above
            await made.runs_again(self.service)


@dataclass(frozen=True)
class Asleep:
    """SIGSTOP, and SIGCONT so much later."""

    service: str
    for_s: float

    def __str__(self) -> str:
        return f"SIGSTOP of {self.service} for {self.for_s:.3f} s"

    async def befall(self, made: Ordeal) -> None:
        async with made.desk.working():
            made.place.pause(self.service)
            await asyncio.sleep(self.for_s)  # the sleep itself
            made.place.resume(self.service)
            await made.place.ready()


@dataclass(frozen=True)
class Overdue:
    """It is away until a deadline is due, and dies as it asks for the time."""

    point: str

    def __str__(self) -> str:
        return f"{self.point}, nine days later"

    async def befall(self, made: Ordeal) -> None:
        assert isinstance(made.place, UpPlace)
        await made.desk.refer()  # and nobody is there to answer
        await made.place.kill()
        made.clock.wait(days=9)
        made.place.ahead_ms = made.clock.ahead_ms
        await made.dies_at(self.point)


@dataclass(frozen=True)
class OldBackup:
    """Its database is as it was before the last leaves, and it dies as it takes these back from the topic."""

    point: str

    def __str__(self) -> str:
        return f"{self.point}, from an old backup"

    async def befall(self, made: Ordeal) -> None:
        assert isinstance(made.place, UpPlace)
        copy = made.folder / "backup.sqlite"
        made.place.back_up(copy)
        async with made.desk.working():
            await made.dies_at("registry: after noted", visit=9)
            await made.place.kill()
            made.place.restore(copy)
            await made.dies_at(self.point)


def by_chance(made: Ordeal, dice: random.Random) -> Death:
    """Any of them that can happen in this place."""
    place, kind = made.place, dice.random()
    if kind < 0.5:
        return AtPoint(dice.choice(HAPPENING), dice.randint(1, MOST_VISITS))
    if kind < 0.6 and isinstance(place, UpPlace):
        return Overdue(dice.choice(TICKS)) if dice.randrange(2) else OldBackup(dice.choice(REFOLDS))
    if kind < 0.7:
        return Asleep(dice.choice(place.services), dice.uniform(0.1, LONGEST_SLEEP_S))
    again = dice.uniform(0, LONGEST_S) if dice.randrange(2) else None
    victims: Sequence[str] = (*place.services, *place.beneath)
    return AtInstant(dice.choice(victims), dice.uniform(0, LONGEST_S), again)
