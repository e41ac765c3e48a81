"""Bodies: unpacked no further than somebody reads, and together no larger than memory is meant for."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused, Unavailable
from hifadhi.hub.gateway.bodies import FREE, Bodies
from hifadhi.hub.gateway.coding import PIECE, unpacker

PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}


def unpacked(coding: str, pieces: list[bytes]) -> bytes:
    one = unpacker(coding)
    found = b"".join(part for piece in pieces for part in one.feed(piece))
    one.end()
    return found


@given(raw=st.binary(max_size=300), coding=st.sampled_from(sorted(PACK)), at=st.integers(0, 300))
def test_what_was_packed_comes_out_however_it_is_cut(raw: bytes, coding: str, at: int) -> None:
    packed = PACK[coding](raw)
    assert unpacked(coding, [packed[:at], packed[at:]]) == raw


@given(raw=st.binary(max_size=300), coding=st.sampled_from(("gzip", "deflate")), end=st.integers(0, 300))
def test_a_stream_that_ends_early_or_goes_on_is_refused(raw: bytes, coding: str, end: int) -> None:
    packed = PACK[coding](raw)
    for bad in (packed[: min(end, len(packed) - 1)], packed + b"x", packed + packed):
        with pytest.raises(Refused):
            unpacked(coding, [bad])


def test_a_bomb_comes_in_small_pieces() -> None:
    pieces = unpacker("gzip").feed(gzip.compress(bytes(64 << 20)))
    assert all(len(next(pieces)) <= PIECE for _ in range(20))


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "zstd", "compress", "gzip;q=1"])
def test_another_coding_is_refused(coding: str) -> None:
    with pytest.raises(Refused, match="MEDIA_TYPE"):
        unpacker(coding)


def test_a_large_body_waits_while_others_hold_the_room_and_a_small_one_does_not() -> None:
    bodies = Bodies(most=FREE)
    with bodies.one() as first:
        bodies.take(first, bytes(2 * FREE), 1 << 20)
        with bodies.one() as small:
            bodies.take(small, bytes(FREE), 1 << 20)
        with bodies.one() as large, pytest.raises(Unavailable):
            bodies.take(large, bytes(FREE + 1), 1 << 20)
    with bodies.one() as again:
        bodies.take(again, bytes(2 * FREE), 1 << 20)
    assert bodies.held == 0


def test_a_body_beyond_its_bound_is_refused_and_gives_its_room_back() -> None:
    bodies = Bodies()
    with pytest.raises(Refused, match="TOO_LARGE"), bodies.one() as body:
        bodies.take(body, bytes(1001), 1000)
    assert bodies.held == 0
