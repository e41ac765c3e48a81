import json
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import strict_json

_SECONDS = 3.0  # far above what a refusal takes, far below what an unbounded one would

_SPIKY = st.text(alphabet='[]{}"\\,:a\n\u00e9\U0001f600', max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers(-strict_json.MAX_INTEGER, strict_json.MAX_INTEGER) | _SPIKY
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SPIKY, inner, max_size=3),
    max_leaves=20,
)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _code(raw: bytes, max_depth: int = 16) -> str:
    with pytest.raises(Refused) as refused:
        strict_json.parse(raw, max_depth=max_depth)
    return refused.value.code


@given(_VALUES)
def test_what_is_dumped_parses_to_the_same_value(value: Any) -> None:
    assert strict_json.parse(strict_json.dump(value), max_depth=100) == value


@given(_VALUES)
def test_escapes_of_other_writers_are_read_alike(value: Any) -> None:
    assert strict_json.parse(json.dumps(value, ensure_ascii=True, indent=1).encode(), max_depth=100) == value


@given(_VALUES, st.integers(0, 4), st.booleans())
@example({"\u00e9": "[["}, 1, True)  # noqa: FBT003 (drawn by position)
def test_a_value_is_too_deep_exactly_when_it_nests_deeper_than_allowed(
    value: Any, max_depth: int, escapes: bool
) -> None:
    raw = json.dumps(value, ensure_ascii=True).encode() if escapes else strict_json.dump(value)
    if _depth(value) > max_depth:
        assert _code(raw, max_depth=max_depth) == "TOO_DEEP"
    else:
        assert strict_json.parse(raw, max_depth=max_depth) == value


@given(st.binary(max_size=40) | st.text(alphabet='[]{}"\\,:01-.eEu \n', max_size=40).map(str.encode))
@example(b"\xef\xbb\xbf{}")
@example(b'"\\ud800"')
def test_any_bytes_give_a_value_that_json_knows_or_a_refusal(raw: bytes) -> None:
    try:
        value = strict_json.parse(raw)
    except Refused as refused:
        assert refused.code in {"BAD_ENCODING", "NOT_JSON", "DUPLICATE_KEY", "TOO_DEEP"}  # noqa: PT017 - either outcome is right
    else:
        assert value == json.loads(raw)


def test_dumped_json_has_no_white_space_keeps_order_and_writes_letters_as_they_are() -> None:
    assert strict_json.dump({"b": [1, None], "a": "Ñandú ሰላም"}) == '{"b":[1,null],"a":"Ñandú ሰላም"}'.encode()


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, float("nan"), "\ud800", {(): 1}])
def test_what_json_cannot_say_is_not_dumped(value: object) -> None:
    with pytest.raises(Refused, match="NOT_JSON"):
        strict_json.dump(value)


def test_a_value_that_holds_itself_is_not_dumped() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(Refused, match="NOT_JSON"):
        strict_json.dump(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff",
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        '{"a":1}'.encode("utf-16"),
        rb'"\ud800"',
        rb'{"\uDFFF":1}',
        rb'["\udc00\ud800"]',
    ],
)
def test_text_that_is_not_utf8_is_refused(raw: bytes) -> None:
    assert _code(raw) == "BAD_ENCODING"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.parse(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a":1,"a":1}', ""),
        (b'{"a":1,"\\u0061":2}', ""),
        (b'{"a":[0,{"b~/":{"c":1,"c":2}}]}', "/a/1/b~0~1"),
        (b'[{"a":1,"a":1},', ""),
        (b'{"' + b"a" * 300 + b'":{"b":1,"b":1}}', ""),
    ],
)
def test_a_key_twice_is_refused_where_it_stands(raw: bytes, pointer: str) -> None:
    with pytest.raises(Refused) as refused:
        strict_json.parse(raw, pointer="/header")
    assert refused.value.code == "DUPLICATE_KEY"
    assert refused.value.faults[0].pointer == "/header" + pointer


@pytest.mark.parametrize("number", ["1.0", "1e3", "1E400", "-0.0", "NaN", "Infinity", "-Infinity", "1.5"])
def test_numbers_are_whole(number: str) -> None:
    with pytest.raises(Refused, match="numbers are whole") as refused:
        strict_json.parse(b'{"a":%s}' % number.encode())
    assert refused.value.code == "NOT_JSON"


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1, 0])
def test_numbers_that_every_library_reads_exactly_pass(number: int) -> None:
    assert strict_json.parse(str(number).encode()) == number


@pytest.mark.parametrize("number", [b"9007199254740992", b"-9007199254740992", b"12345678901234567", b"9" * 10_000])
def test_larger_numbers_are_refused(number: bytes) -> None:
    assert _code(number) == "NOT_JSON"


def test_a_long_number_is_refused_before_it_is_converted() -> None:
    for number in (b"-" + b"1" * 17, b"9" * 4000):
        with pytest.raises(Refused, match="at most 16 digits"):
            strict_json.parse(number)


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b'{"a"}', b"[1,]", b"01", b"+1", b"'a'", b"[1]]", b"\xef\xbb\xbf1", b'"\n"', b"//\n1", b"nul"],
)
def test_what_is_not_one_json_text_is_refused(raw: bytes) -> None:
    assert _code(raw) == "NOT_JSON"


def test_brackets_inside_strings_do_not_nest() -> None:
    value = {"a\\": '\\"[[[[' * 100, "b": ["]{{{" * 100]}
    assert strict_json.parse(strict_json.dump(value), max_depth=2) == value


_HEAVY: list[Callable[[], bytes]] = [
    lambda: b"[" * 10_000,
    lambda: b"[" * 500_000,
    lambda: b"[" * 500_000 + b"]" * 500_000,
    lambda: b'{"a":' * 200_000,
    lambda: b'"' + rb"\"" * 500_000,
    lambda: b'["' + rb"\"[" * 300_000,
    lambda: b'"' * 1_000_001,
    lambda: b"\\" * 1_000_000,
    lambda: b"7" * 1_000_000,
    lambda: b"[" + b"[]," * 300_000,
    lambda: b'{"a":1,' * 17 + b'"a":1,' * 100_000,
]


@pytest.mark.parametrize("make", _HEAVY)
def test_heavy_input_is_refused_soon(make: Callable[[], bytes]) -> None:
    raw = make()
    start = process_time()
    assert _code(raw) in {"TOO_DEEP", "NOT_JSON", "DUPLICATE_KEY"}
    assert process_time() - start < _SECONDS


@pytest.mark.parametrize("value", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {}, [], None, "ab", ["a", "b"]])
def test_an_object_has_exactly_its_members(value: object) -> None:
    assert strict_json.members({"b": 1, "a": 2}, ("a", "b")) == {"a": 2, "b": 1}
    with pytest.raises(Refused, match="SCHEMA at /here"):
        strict_json.members(value, ("a", "b"), pointer="/here")
