"""Who comes alone hardly waits, nobody waits long, and behind many nobody waits."""

from hifadhi.hub.gathering import MANY, MOST_S, wait_s


def test_who_comes_alone_hardly_waits() -> None:
    assert 0 < wait_s(1) <= 0.01


def test_the_wait_grows_with_the_batch_is_bounded_and_none_behind_many() -> None:
    waits = [wait_s(count) for count in range(MANY)]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_S
    assert wait_s(MANY) == wait_s(500) == 0


def test_a_steady_rate_below_a_hundred_a_second_gathers_a_few() -> None:
    """A step of 20 ms at 75 messages a second: the batches settle, they do not grow to the longest wait."""
    batch = 50.0
    for _ in range(100):
        batch = max(1.0, 75 * (0.02 + wait_s(round(batch))))
    assert batch < 3
