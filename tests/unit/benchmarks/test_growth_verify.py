import pytest

from benchmarks.growth_verify import MOST_GROWN, Taken, check, compared

SMALL = Taken(decides_mb=100.0, reads_mb=50.0, leaf_us=80.0)
TOO_MUCH = MOST_GROWN + 0.01


@pytest.mark.parametrize(
    "large",
    [SMALL, Taken(100.0 * MOST_GROWN, 50.0 * MOST_GROWN, 80.0), Taken(90.0, 40.0, 8000.0)],
)
def test_a_long_ledger_that_takes_no_more_memory_is_well(large: Taken) -> None:
    check(list(compared(SMALL, large)))


@pytest.mark.parametrize("large", [Taken(100.0 * TOO_MUCH, 50.0, 80.0), Taken(100.0, 50.0 * TOO_MUCH, 80.0)])
def test_one_that_takes_more_fails_whichever_process_takes_it(large: Taken) -> None:
    with pytest.raises(AssertionError, match="has grown to"):
        check(list(compared(SMALL, large)))


def test_on_one_core_nobody_reads_beside_it() -> None:
    alone = Taken(100.0, 0.0, 80.0)
    assert [one.name for one in compared(alone, alone)] == ["verify_memory", "verify_growth"]
