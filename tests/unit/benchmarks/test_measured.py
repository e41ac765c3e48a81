import pytest

from benchmarks.peers.measured import Measured, Saturated, Steady, ratios
from benchmarks.peers.payloads import LARGE, SMALL


def _measured(system: str, payload: str, *per_s: float) -> Measured:
    saturated = [Saturated(one, 60.0, f", way {number}") for number, one in enumerate(per_s)]
    return Measured(system, payload, saturated, Steady(1.0, 2.0), {"posted": 10.0, "fetched": 5.0})


def test_every_way_of_ours_is_told_against_the_peer_and_against_what_is_wanted() -> None:
    found = list(ratios(_measured("ours", SMALL, 400.0, 200.0), _measured("as4", SMALL, 50.0)))
    assert [(one.value, one.ratio, one.of) for one in found] == [(8.0, 1.0, "the 8 wanted"), (4.0, 0.5, "the 8 wanted")]


def test_of_the_large_payload_nothing_is_wanted() -> None:
    (found,) = ratios(_measured("ours", LARGE, 20.0), _measured("phase4", LARGE, 40.0))
    assert (found.value, found.ratio, found.of) == (0.5, None, None)


def test_the_legs_of_the_wire_add_up() -> None:
    figures = {one.name: one.value for one in _measured("ours", SMALL, 1.0).figures()}
    assert figures["ours 2 KB, on the wire"] == 15.0


@pytest.mark.parametrize(("delays", "p50", "p99"), [([3.0, 1.0, 2.0], 2.0, 3.0), (list(range(1000)), 499.5, 990)])
def test_half_and_ninety_nine_of_a_hundred_are_sooner(delays: list[float], p50: float, p99: float) -> None:
    assert Steady.of(delays) == Steady(p50, p99)
