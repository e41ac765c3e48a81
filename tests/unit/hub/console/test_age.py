import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.hub.console.age import age, until

UNITS = {"day": 86_400_000, "days": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1000}


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-5, "0 s"),
        (999, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1 h"),
        (3_601_000, "1 h"),
        (86_400_000 + 7_200_000, "1 day 2 h"),
        (40 * 86_400_000, "40 days"),
    ],
)
def test_an_age_is_told_in_one_or_two_units(milliseconds: int, words: str) -> None:
    assert age(milliseconds) == words


@given(st.integers(0, 10**13))
def test_an_age_is_never_exaggerated_and_never_off_by_more_than_its_last_unit(milliseconds: int) -> None:
    words = age(milliseconds).split()
    said = sum(int(count) * UNITS[unit] for count, unit in zip(words[::2], words[1::2], strict=True))
    assert said <= milliseconds < said + UNITS[words[1]]


def test_what_is_due_is_told_from_now() -> None:
    assert until(5000, 0) == "in 5 s"
    assert until(0, 5000) == "5 s ago"
    assert until(0, 0) == "0 s ago"
