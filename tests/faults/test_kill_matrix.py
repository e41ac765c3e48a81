"""Wherever the exchange dies between two writes, nothing that was promised is lost or doubled."""

import random
from pathlib import Path

import pytest

from faults.ordeal import HAPPENING, REFOLDS, TICKS, embedded_ordeal


@pytest.mark.timeout(400)
@pytest.mark.parametrize("service", ["gateway", "registry", "delivery"])
async def test_a_service_dies_at_each_of_its_points_and_nothing_promised_is_lost(service: str, tmp_path: Path) -> None:
    points = [point for point in HAPPENING if point.startswith(f"{service}:")]
    dice = random.Random(service)  # noqa: S311 (no secret)
    broken = {}
    async with embedded_ordeal(tmp_path, service) as (made, _):
        for point in points:
            async with made.desk.working():
                await made.dies_at(point, visit=dice.randint(1, 3))
            broken[point] = await made.violations()
    assert broken == {point: [] for point in points}


@pytest.mark.parametrize("point", TICKS)
async def test_it_dies_as_it_asks_for_the_time_and_every_deadline_lapses_once(point: str, tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, point) as (made, place):
        await made.desk.refer()  # and nobody is there to answer
        await place.kill()
        made.clock.wait(days=9)
        place.ahead_ms = made.clock.ahead_ms
        await made.dies_at(point)
        assert await made.violations() == []


@pytest.mark.parametrize("point", REFOLDS)
async def test_it_dies_as_it_takes_back_what_an_old_backup_has_lost(point: str, tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, point) as (made, place):
        place.back_up(tmp_path / "backup.sqlite")
        async with made.desk.working():
            await made.dies_at("registry: after noted", visit=9)
            await place.kill()
            place.restore(tmp_path / "backup.sqlite")
            await made.dies_at(point)
        assert await made.violations() == []
