import asyncio
from collections.abc import Mapping

import pytest

from hifadhi.errors import Unavailable
from hifadhi.stream.arrivals import Arrivals


class _Polled:
    def __init__(self) -> None:
        self.ends: dict[int, int] = {}
        self.polls = 0

    async def __call__(self) -> Mapping[int, int]:
        self.polls += 1
        return self.ends


async def test_a_position_already_passed_is_not_waited_for() -> None:
    polled = _Polled()
    arrivals = Arrivals(polled)
    arrivals.rise({1: 5})
    async with asyncio.timeout(1):
        await arrivals.beyond(1, 4, 60)
    assert polled.polls == 0


async def test_waiters_of_a_partition_are_woken_and_no_others() -> None:
    arrivals = Arrivals(_Polled())
    first, second = (asyncio.create_task(arrivals.beyond(partition, 0, 60)) for partition in (1, 2))
    await asyncio.sleep(0)
    arrivals.rise({1: 1})
    await asyncio.wait_for(first, 1)
    assert not second.done()
    arrivals.rise({2: 1})
    await asyncio.wait_for(second, 1)
    await arrivals.close()


async def test_ends_only_rise() -> None:
    arrivals = Arrivals(_Polled())
    arrivals.rise({1: 5})
    arrivals.rise({1: 3})
    async with asyncio.timeout(1):
        await arrivals.beyond(1, 4, 60)


async def test_what_another_process_wrote_is_seen_by_the_poll() -> None:
    polled = _Polled()
    arrivals = Arrivals(polled)
    waiter = asyncio.create_task(arrivals.beyond(1, 0, 60))
    await asyncio.sleep(0)
    polled.ends = {1: 1}
    await asyncio.wait_for(waiter, 1)
    await arrivals.close()


async def test_many_waiters_share_one_poll_which_ends_with_them() -> None:
    polled = _Polled()
    arrivals = Arrivals(polled)
    await asyncio.gather(*(arrivals.beyond(partition, 0, 0.12) for partition in range(50)))
    assert 1 <= polled.polls <= 4
    [poll] = (task for task in asyncio.all_tasks() if task.get_name() == "stream-poll")
    await asyncio.wait_for(poll, 1)
    await arrivals.close()


async def test_a_poll_that_fails_once_is_made_again() -> None:
    failures = [Unavailable("locked")]

    async def poll() -> Mapping[int, int]:
        if failures:
            raise failures.pop()
        return {1: 1}

    arrivals = Arrivals(poll)
    async with asyncio.timeout(1):
        await arrivals.beyond(1, 0, 60)
    await arrivals.close()


async def test_close_wakes_who_waits_with_unavailable() -> None:
    arrivals = Arrivals(_Polled())
    waiter = asyncio.create_task(arrivals.beyond(1, 0, 60))
    await asyncio.sleep(0)
    await arrivals.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiter, 1)


async def test_nobody_begins_to_wait_once_closed() -> None:
    polled = _Polled()
    arrivals = Arrivals(polled)
    await arrivals.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(arrivals.beyond(1, 0, 60), 1)
    assert polled.polls == 0
