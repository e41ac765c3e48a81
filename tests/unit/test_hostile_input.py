"""Whatever comes from outside: taken for what it says, or refused in our words; in bounded time and memory."""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.mutation import mutated
from fuzz.targets import TARGETS

MOST_S: Final = 30.0
"""Of processor time, for the largest input that a parser is shown: it takes 2 s on a slow machine. What grows with the
square takes minutes; how fast a parser is, is the benchmarks' to say."""
MEMORY_OF: Final = 64 * 1024
MOST_TIMES: Final = 100
"""Memory per byte of input: an empty list has about 70 in Python, and each surplus member is a fault at first."""
HEAVY: Final[Sequence[Callable[[int], bytes]]] = (
    lambda size: b"[" * size,
    lambda size: b'{"a":' * (size // 5),
    lambda size: b"[" + b"[]," * (size // 3 - 1) + b"[]]",
    lambda size: b"[" + b'"",' * (size // 3 - 1) + b'""]',
    lambda size: b'{"header":"' + b"A" * (size - 13) + b'"}',
    lambda size: b'{"header":' + b"{}," * (size // 3) + b"}",
    lambda size: b"{" + b",".join(b'"%d":0' % number for number in range(size // 10)) + b"}",
    lambda size: b"1" * size,
    lambda size: b'"' * size,
    lambda size: b"\\" * size,
    lambda size: b'"' + b"\\u0041" * (size // 6 - 1) + b'"',
    lambda size: b"\n" * size,
    lambda size: b"{}\n" * (size // 3),
    lambda size: b"hub.example/ledger\n" + b"\xe2\x80\x94 a AAAAAAAA\n" * (size // 15),
    lambda size: b"a\n\n" + "\u2014 a AAAAAAAA\n".encode() * (size // 16),
    lambda size: b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"AAAA\n" * (size // 5),
    lambda size: b"hifadhi/leaf/1\n{" + b'"a":0,' * (size // 6) + b"}\n",
    lambda size: b"tile/0/" + b"x000/" * (size // 5),
    lambda size: b"Bearer " + b"." * (size - 7),
    lambda size: b"wait=1&" * (size // 7),
    lambda size: b"%00" * (size // 3),
    lambda size: b"\xff" * size,
    bytes,
)

names = pytest.mark.parametrize("name", TARGETS)


@names
def test_the_seeds_are_taken(name: str) -> None:
    """Else what is made of them would never get past the first check."""
    for seed in TARGETS[name].seeds:
        TARGETS[name].read(seed)


@names
@settings(max_examples=300)
@given(number=st.integers(0, 2**32))
def test_a_changed_input_is_taken_for_what_it_says_or_refused(name: str, number: int) -> None:
    TARGETS[name].meet(mutated(TARGETS[name].seeds, Random(number)))  # noqa: S311 (no secret)


@names
@settings(max_examples=30)
@given(raw=st.binary(max_size=200))
def test_any_bytes(name: str, raw: bytes) -> None:
    TARGETS[name].meet(raw)


@pytest.mark.slow
@names
def test_the_largest_inputs_take_bounded_time(name: str) -> None:
    target = TARGETS[name]
    for make in HEAVY:
        raw = make(target.at_most)[: target.at_most]
        began = time.process_time()
        target.meet(raw)
        took = time.process_time() - began
        assert took < MOST_S, (took, raw[:40])


@pytest.mark.slow
@names
def test_large_inputs_take_bounded_memory(name: str) -> None:
    target = TARGETS[name]
    size = min(MEMORY_OF, target.at_most)
    tracemalloc.start()
    try:
        for make in HEAVY:
            raw = make(size)[:size]
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            target.meet(raw)
            _, peak = tracemalloc.get_traced_memory()
            assert peak - before < MOST_TIMES * len(raw) + MEMORY_OF, (peak - before, raw[:40])
    finally:
        tracemalloc.stop()
