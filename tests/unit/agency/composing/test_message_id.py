import time

import pytest

from hifadhi.agency.composing.message_id import new_id
from hifadhi.referral.closed import is_uuid7


def test_ids_are_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert is_uuid7(made)
    assert before <= int(made.replace("-", "")[:12], 16) <= time.time_ns() // 1_000_000 + 1


def test_ids_rise_within_a_process() -> None:
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_ids_rise_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert first < new_id() < new_id()
