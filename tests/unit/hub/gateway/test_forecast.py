"""Every receipt is kept as long as the registry does not fall below a half of what it was, whatever is posted."""

from collections.abc import Callable, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hifadhi.hub.gateway.forecast import FIRST_RATE, FRACTION, Forecast, Look, Rate
from unit.hub.gateway.flood import Gateway, Registry, flooded

FLOOD_S: Final = 25.0
DELAYS: Final = st.sampled_from([2, 4, 6, 20, 60])


def gateway(
    max_delay_s: int, posts: int, *, every: int = 5, lasts: int = 1, stores: int = 1, phase: int = 0
) -> Gateway:
    """It has looked once before it opens."""
    forecast = Forecast(max_delay_s)
    forecast.observe(Look(0.0, 0, 0, 0.0), 0)
    return Gateway(forecast, posts, every, lasts, stores, phase)


@st.composite
def groups(draw: st.DrawFn, max_delay_s: int) -> list[Gateway]:
    """One to four, alike or not: seldom or often looking, late to know, slow to store."""
    lot = st.builds(
        gateway,
        st.just(max_delay_s),
        st.sampled_from([1, 10, 50, 200]),
        every=st.integers(1, 8),
        lasts=st.integers(0, 6),
        stores=st.integers(0, 20),
        phase=st.integers(0, 7),
    )
    return draw(st.lists(lot, min_size=1, max_size=4))


def changing(most: float, parts: Sequence[float], lasts_s: float) -> Callable[[float], float]:
    """Each part of the most in turn, over and over."""
    return lambda now_s: most * parts[int(now_s / lasts_s) % len(parts)]


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    max_delay_s=DELAYS,
    most=st.floats(1.25 * FIRST_RATE, 3000),
    parts=st.lists(st.floats(0.5, 1), min_size=1, max_size=12),
    lasts_s=st.floats(0.1, 10),
)
@pytest.mark.slow
def test_every_receipt_is_kept_by_a_registry_that_stays_above_half_of_what_it_was(
    data: st.DataObject, max_delay_s: int, most: float, parts: list[float], lasts_s: float
) -> None:
    registry = Registry(changing(most, parts, lasts_s))
    gateways = data.draw(groups(max_delay_s))
    flooded(registry, gateways, FLOOD_S, and_then_s=2 * max_delay_s)
    assert not registry.queue
    assert sum(one.taken for one in gateways) == registry.position > 0
    assert registry.worst_s <= max_delay_s


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("max_delay_s", [6, 60])
def test_every_receipt_is_kept_by_a_registry_that_stands_still_for_half_the_time(max_delay_s: int, count: int) -> None:
    until_s = 10 + max_delay_s / 2
    registry = Registry(lambda now_s: 0 if 10 <= now_s < until_s else 500)
    gateways = [gateway(max_delay_s, 50, phase=number) for number in range(count)]
    flooded(registry, gateways, until_s + 5, and_then_s=2 * max_delay_s)
    assert not registry.queue
    assert max_delay_s / 2 < registry.worst_s <= max_delay_s


def test_nothing_more_is_taken_by_a_registry_that_stopped_though_few_wait() -> None:
    registry = Registry(lambda now_s: 1000 if now_s < 10 else 0)
    one = gateway(6, 1)
    flooded(registry, [one], 60)
    assert 0 < len(registry.queue) <= 6 * FRACTION * 20 + 20
    assert not one.forecast.allows(60)


def test_a_registry_that_became_slow_is_not_forgotten_while_it_has_what_little_it_may_have() -> None:
    registry = Registry(lambda now_s: max(30, 400 * 0.5 ** (now_s / 3)))
    flooded(registry, [gateway(6, 50)], 60, and_then_s=12)
    assert registry.worst_s <= 6


def test_a_registry_that_forever_gets_a_sixth_of_the_time_is_believed_to() -> None:
    registry = Registry(lambda now_s: 600 if now_s % 0.6 > 0.5 else 0)
    one = gateway(6, 50)
    flooded(registry, [one], 60, and_then_s=12)
    assert registry.worst_s <= 6
    assert one.taken > 60 * 100 * 0.8, "it was kept busy nevertheless"


@settings(max_examples=30, deadline=None)
@given(posts=st.integers(1, 45), count=st.integers(1, 4), rate=st.floats(1000, 4000))
def test_nobody_is_turned_away_by_a_registry_that_keeps_up(posts: int, count: int, rate: float) -> None:
    gateways = [gateway(60, posts // count, phase=number) for number in range(count)]
    flooded(Registry(lambda _: rate), gateways, FLOOD_S)
    assert sum(one.refused for one in gateways) == 0


def test_batches_of_500_are_taken_at_once_by_a_gateway_that_has_just_begun() -> None:
    one = Forecast(60)
    one.observe(Look(0.0, 0, 0, 0.0), 0)
    assert taken(one, 0.0, 1000) == 1000


def test_what_is_under_way_counts_until_a_look_has_seen_it_stored() -> None:
    one = Forecast(60)
    one.observe(Look(0.0, 0, 0, 0.0), 0)
    most = taken(one, 0.0, 10_000)
    assert most == 200 * 60 * FRACTION / 2
    one.observe(Look(0.25, 0, 0, 0.0), one.stored)
    assert not one.allows(0.25)
    one.settle(most)
    assert not one.allows(0.25)
    one.observe(Look(0.5, most, 0, 0.0), one.stored)
    assert one.allows(0.5)


def test_after_a_batch_that_took_too_long_one_is_taken_to_try_with_once_nothing_waits() -> None:
    one = Forecast(60)
    for at_s, position, pending in [(0.0, 0, 0), (0.25, 0, 20), (15.0, 0, 20), (25.0, 10, 10)]:
        one.observe(Look(at_s, position, pending, 0.0), 0)
    assert taken(one, 25.0, 10) == 0
    one.observe(Look(25.25, 20, 0, 0.0), 0)
    assert taken(one, 25.25, 10) > 1, "the next batch was quick"
    one = Forecast(60)
    for at_s, position, pending in [(0.0, 0, 0), (0.25, 0, 20), (25.0, 20, 0)]:
        one.observe(Look(at_s, position, pending, 0.0), 0)
    assert taken(one, 25.0, 10) == 1


def test_a_gateway_that_no_longer_sees_takes_no_more() -> None:
    one = Forecast(60)
    assert not one.allows(0.0)
    one.observe(Look(0.0, 0, 0, 0.0), 0)
    assert one.allows(60 * FRACTION)
    assert not one.allows(60 * FRACTION + 0.1)


def taken(one: Forecast, now_s: float, most: int) -> int:
    count = 0
    while count < most and one.allows(now_s):
        one.take()
        count += 1
    return count


def test_the_rate_is_that_of_a_registry_with_work() -> None:
    rate = Rate(15)
    for second in range(20):
        rate.observe(Look(second, 3000 * second, 100_000, 0.0))
    assert rate.per_s == pytest.approx(3000)
    rate.observe(Look(20.0, 60_000, 0, 0.0))
    for second in range(21, 29):
        rate.observe(Look(second, 60_000 + second, 0, 0.0))
    assert rate.per_s == pytest.approx(3000)


def test_a_rate_that_was_not_seen_for_long_is_forgotten() -> None:
    rate = Rate(15)
    for second in range(20):
        rate.observe(Look(second, 3000 * second, 100_000, 0.0))
    for second in range(20, 40):
        rate.observe(Look(second, 60_000, 0, 0.0))
    assert rate.per_s == FIRST_RATE


def test_a_registry_that_stood_still_is_believed_again_once_it_rules_what_little_there_is() -> None:
    rate = Rate(15)
    rate.observe(Look(0.0, 0, 200, 0.0))
    rate.observe(Look(100.0, 0, 200, 0.0))
    assert rate.per_s < 5
    rate.observe(Look(100.25, 200, 0, 0.0))
    for quarter in range(1, 20):
        rate.observe(Look(100.25 + quarter / 4, 200 + 5 * quarter, 0, 0.0))
    assert rate.per_s == pytest.approx(20)


def test_another_promise_counts_from_then_on() -> None:
    one = Forecast(60)
    one.observe(Look(0.0, 0, 1, 0.0), 0)
    assert one.allows(10.0)
    one.promise(20)
    assert one.limit_s == 20 * FRACTION
    assert not one.allows(10.0)
    one.promise(60)
    assert one.allows(10.0)
