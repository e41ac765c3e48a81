"""No receipt is given that could not be kept."""

import json

import pytest

from hifadhi.errors import Unavailable
from hifadhi.hub.gateway.pressure import Pressure
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PROGRESS, PROGRESS_KEY
from registry_place import Place

MAX_DELAY_S = 60


@pytest.fixture
def pressure(place: Place) -> Pressure:
    return Pressure(place.stream, MAX_DELAY_S, place.cast.clock)


async def test_half_of_the_promised_time_is_the_limit_and_only_what_waits_counts(
    place: Place, pressure: Pressure
) -> None:
    place.cast.clock.wait(days=3)
    await pressure.measure()
    pressure.check()
    await place.submit(place.cast.encounter("MZ-INAR"))
    place.cast.clock.wait(seconds=MAX_DELAY_S / 2 - 2)
    await pressure.measure()
    pressure.check()
    place.cast.clock.wait(seconds=3)
    await pressure.measure()
    with pytest.raises(Unavailable) as refused:
        pressure.check()
    assert (refused.value.code, refused.value.retry_after_s) == ("OVERLOADED", 5)


async def test_a_registry_that_caught_up_lifts_it_even_if_it_made_no_leaf(place: Place, pressure: Pressure) -> None:
    await place.submit(b"nothing")
    place.cast.clock.wait(hours=1)
    await pressure.measure()
    with pytest.raises(Unavailable):
        pressure.check()
    async with place.running():
        await place.ruled()
    await pressure.measure()
    pressure.check()


async def test_progress_told_late_by_a_paused_registry_takes_nothing_back(place: Place, pressure: Pressure) -> None:
    await pressure.measure()
    late = json.dumps({"position": 3, "size": 3}).encode()
    await place.stream.append(PROGRESS, [Entry(PROGRESS_KEY, late)])
    place.cast.clock.wait(hours=1)
    await pressure.measure()
    pressure.check()
