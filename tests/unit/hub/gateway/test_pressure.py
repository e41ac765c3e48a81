"""No receipt is given that could not be kept."""

import json

import pytest

from hifadhi.errors import Unavailable
from hifadhi.hub.gateway.forecast import FIRST_RATE, FRACTION
from hifadhi.hub.gateway.pressure import EVERY_S, Pressure
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PROGRESS, PROGRESS_KEY, SUBMISSIONS
from registry_place import Place

MAX_DELAY_S = 60


@pytest.fixture
def pressure(place: Place) -> Pressure:
    return Pressure(place.stream, lambda: MAX_DELAY_S, place.cast.clock)


async def test_a_quarter_of_the_promised_time_is_the_limit_and_only_what_waits_counts(
    place: Place, pressure: Pressure
) -> None:
    place.cast.clock.wait(days=3)
    await pressure.measure()
    pressure.check()
    await place.submit(place.cast.encounter("MZ-INAR"))
    place.cast.clock.wait(seconds=MAX_DELAY_S * FRACTION - 2)
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


async def test_a_flood_is_stopped_before_its_first_message_is_old(place: Place, pressure: Pressure) -> None:
    """At the rate first believed in, the last of so many would be late, though none waits for a second yet."""
    await pressure.measure()
    await place.stream.append(SUBMISSIONS, [Entry(b"", b"x")] * int(FIRST_RATE * MAX_DELAY_S * FRACTION + 1))
    await pressure.measure()
    with pytest.raises(Unavailable, match="behind"):
        pressure.check()


async def test_what_is_on_its_way_counts_until_it_is_stored_and_seen(pressure: Pressure) -> None:
    await pressure.measure()
    with pytest.raises(Unavailable):
        await taken_without_end(pressure)
    await pressure.measure()
    with pytest.raises(Unavailable):
        pressure.check()
    pressure.settle(int(FIRST_RATE * MAX_DELAY_S * FRACTION))
    await pressure.measure()
    pressure.check()


async def taken_without_end(pressure: Pressure) -> None:
    while True:
        pressure.check()
        pressure.take()


def test_the_shorter_the_promise_the_more_often_it_looks(place: Place) -> None:
    assert Pressure(place.stream, lambda: 60, place.cast.clock).every_s == EVERY_S
    assert Pressure(place.stream, lambda: 1, place.cast.clock).every_s < FRACTION / 2
