"""One exchange, agencies at work, and one death after another; at the end nothing that was promised may be broken."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults.checker import violations
from faults.desk import Desk
from faults.journal import Journal
from faults.place import Place
from faults.remains import opened
from faults.up_place import UpPlace
from hifadhi.crash_point import CRASH_AT, CRASH_AT_VISIT, POINTS
from hub_client import HubClient
from time_machine import CastInTime, Clock

TICKS: Final = tuple(point for point in POINTS if "tick" in point)
REFOLDS: Final = tuple(point for point in POINTS if "refold" in point)
HAPPENING: Final = tuple(point for point in POINTS if point not in {*TICKS, *REFOLDS})
"""The points that are passed at any time; the others need a deadline that is due, or an old backup."""


@dataclass
class Ordeal:
    """It runs, and `desk` works."""

    place: Place
    clock: Clock
    client: HubClient
    desk: Desk
    folder: Path

    async def dies_at(self, point: str, visit: int = 1) -> None:
        """A service is started so that it dies at the point, does, and is started again."""
        service = self.place.service_of(point)
        await self.place.start(service, **{CRASH_AT: point, CRASH_AT_VISIT: str(visit)})
        await self.place.gone(service)
        await self.runs_again(service)

    async def runs_again(self, service: str) -> None:
        """As an operator, or his machine, starts it."""
        await self.place.start(service)
        await self.place.ready()

    async def violations(self) -> list[str]:
        """What is broken, once everything has a receipt."""
        await self.desk.settle()
        return await violations(self.place, self.desk.journal, self.client, self.folder)


@asynccontextmanager
async def ordeal(place: Place, cast: CastInTime, folder: Path, dice: random.Random) -> AsyncIterator[Ordeal]:
    """An exchange that has just opened on this place."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(HubClient(cast, place.base_url))
        for service in place.services:
            await place.start(service)
        await place.ready()
        stream, _ = await stack.enter_async_context(opened(place))
        desk = Desk(client, Journal(cast), stream, dice)
        await desk.open()
        yield Ordeal(place, cast.clock, client, desk, folder)
        await place.end()


@asynccontextmanager
async def embedded_ordeal(folder: Path, seed: str) -> AsyncIterator[tuple[Ordeal, UpPlace]]:
    """The same on `hifadhi up`."""
    cast = CastInTime(folder / "exchange", Clock())
    dice = random.Random(seed)  # noqa: S311 (no secret)
    async with UpPlace(cast.folder) as place, ordeal(place, cast, folder, dice) as made:
        yield made, place
