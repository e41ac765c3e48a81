"""Who comes alone hardly waits, and nobody waits long."""

from hypothesis import given
from hypothesis import strategies as st

from hifadhi.hub.gathering import MOST_S, wait_s


def test_who_comes_alone_hardly_waits() -> None:
    assert 0 < wait_s(1, 100) <= 0.005


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_the_wait_grows_with_the_batch_is_bounded_and_none_behind_a_full_one(count: int, many: int) -> None:
    waits = [wait_s(one, many) for one in range(count + 1)]
    assert waits[:many] == sorted(waits[:many])
    assert max(waits) <= MOST_S
    assert wait_s(max(count, many), many) == 0


def test_a_steady_rate_below_a_hundred_a_second_gathers_a_few() -> None:
    """A step of 20 ms at 75 messages a second: the batches settle, they do not grow to the longest wait."""
    batch = 50.0
    for _ in range(100):
        batch = max(1.0, 75 * (0.02 + wait_s(round(batch), 100)))
    assert batch < 3
