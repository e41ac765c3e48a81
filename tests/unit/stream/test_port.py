import pytest

from hifadhi.errors import Tampered
from hifadhi.stream.port import Entry, Record, refuse_beyond, refuse_gap, size_of


def _records(*positions: int) -> list[Record]:
    return [Record(position, 0, b"", b"", ()) for position in positions]


@pytest.mark.parametrize("positions", [(), (5,), (5, 6, 7)])
def test_records_without_a_hole_pass(positions: tuple[int, ...]) -> None:
    refuse_gap("record", 5, _records(*positions))


@pytest.mark.parametrize("positions", [(6,), (5, 7), (4, 5), (5, 6, 8)])
def test_a_hole_or_another_start_is_tampered(positions: tuple[int, ...]) -> None:
    with pytest.raises(Tampered, match="record"):
        refuse_gap("record", 5, _records(*positions))


def test_only_a_position_above_the_end_is_beyond_it() -> None:
    refuse_beyond("record", 5, 5)
    with pytest.raises(Tampered, match="ends at 4"):
        refuse_beyond("record", 5, 4)


def test_the_size_counts_key_value_and_headers() -> None:
    assert size_of(Entry(b"12", b"345", (("6", b"78"), ("9", b"")))) == 9
    assert size_of(Entry(b"12", None)) == 2
