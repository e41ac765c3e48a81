"""Whose turn it is to seal."""

from hifadhi.hub.registry.lease import BEAT_S, SILENT_S, Lease
from registry_place import Place


class Watch:
    """A clock of this machine alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_first_takes_it_and_the_second_stands_by_while_it_beats(place: Place) -> None:
    watch = Watch()
    first, second = (Lease(place.store, name, now=watch) for name in ("first", "second"))
    assert await first.keep()
    for _ in range(10):
        watch.now += BEAT_S
        assert await first.keep()
        assert not await second.keep()


async def test_it_is_taken_from_one_that_is_silent_and_not_sooner(place: Place) -> None:
    theirs, ours = Watch(), Watch()
    first, second = Lease(place.store, "first", now=theirs), Lease(place.store, "second", now=ours)
    assert await first.keep()
    assert not await second.keep()
    ours.now += SILENT_S - 0.1
    assert not await second.keep()
    ours.now += 0.2
    assert await second.keep()


async def test_one_that_wakes_finds_out_at_its_next_beat(place: Place) -> None:
    theirs, ours = Watch(), Watch()
    first, second = Lease(place.store, "first", now=theirs), Lease(place.store, "second", now=ours)
    await first.keep()
    await second.keep()
    ours.now += SILENT_S
    assert await second.keep()
    assert await first.keep()  # it slept: by its own clock no second has passed, and only the swap keeps it safe
    theirs.now += BEAT_S
    assert not await first.keep()
    assert not first.held


async def test_a_restart_goes_on_at_once_with_what_it_held(place: Place) -> None:
    assert await Lease(place.store, "first").keep()
    assert await Lease(place.store, "first").keep()
    assert not await Lease(place.store, "second").keep()


async def test_what_is_released_is_taken_at_once(place: Place) -> None:
    first, second = Lease(place.store, "first"), Lease(place.store, "second")
    await first.keep()
    assert not await second.keep()
    await first.release()
    assert await second.keep()
    await first.release()  # no longer his
    assert await second.keep()


async def test_of_two_that_see_it_silent_one_takes_it(place: Place) -> None:
    watch = Watch()
    leases = [Lease(place.store, name, now=watch) for name in ("first", "second", "third")]
    await leases[0].keep()
    for one in leases[1:]:
        await one.keep()
    watch.now += SILENT_S
    assert [await one.keep() for one in leases[1:]] == [True, False]
