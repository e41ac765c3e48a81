import json
from hashlib import sha256
from math import floor, log2
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, plaintext

_SALT = bytes(range(32))
_SCHEMA = "referral.requested.content/1"
_BODY = {"reasons": "Her aunt lives in Musina.", "count": 1}

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
_BODIES = st.dictionaries(st.text(max_size=10), _VALUES, max_size=4)


def _wrap(body: dict[str, Any] = _BODY, size: int = 1024, salt: bytes = _SALT) -> bytes:
    return plaintext.wrap(body, schema=_SCHEMA, floor=size, salt=salt)


def _unwrap(raw: bytes, schema: str = _SCHEMA) -> dict[str, Any]:
    return plaintext.unwrap(raw, schema=schema, commitment=plaintext.commitment(raw))


def _code(raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        _unwrap(raw)
    return refused.value.code


def _written(**changes: Any) -> bytes:
    """A plaintext as another writer might make it, padded to 1024 bytes."""
    value = {"salt": b64u.encode(_SALT), "schema": _SCHEMA, "body": _BODY, "pad": "", **changes}
    bare = json.dumps(value).encode()
    if value["pad"] == "":
        value["pad"] = " " * (1024 - len(bare))
    return json.dumps(value).encode()


@given(_BODIES, st.sampled_from([0, 1024, 4096]))
def test_what_is_wrapped_unwraps_to_the_same_body(body: dict[str, Any], size: int) -> None:
    assert _unwrap(_wrap(body, size)) == body


@given(st.text(alphabet="aé", max_size=3000), st.sampled_from([0, 700, 1024, 4096]))
def test_the_length_is_padmes_and_at_least_the_floor(text: str, size: int) -> None:
    wrapped = _wrap({"t": text}, size)
    assert len(wrapped) >= size
    assert len(wrapped) == plaintext.padme(len(wrapped))


def test_texts_of_different_length_look_alike() -> None:
    assert {len(_wrap({"t": "a" * count})) for count in range(800)} == {1024}
    assert len({len(_wrap({"t": "a" * count})) for count in range(1000, 4000)}) < 35


def test_a_salt_gives_one_plaintext_and_another_salt_another() -> None:
    assert _wrap() == _wrap()
    assert plaintext.commitment(_wrap()) != plaintext.commitment(_wrap(salt=bytes(32)))


def test_the_plaintext_is_the_written_format() -> None:
    wrapped = _wrap()
    body = '{"reasons":"Her aunt lives in Musina.","count":1}'
    start = f'{{"salt":"{b64u.encode(_SALT)}","schema":"{_SCHEMA}","body":{body},"pad":"'
    assert wrapped.decode() == start + "0" * (1024 - len(start) - 2) + '"}'
    assert plaintext.commitment(wrapped) == b64u.encode(sha256(wrapped).digest())


def test_another_writers_plaintext_unwraps() -> None:
    assert _unwrap(_written()) == _BODY


def test_another_text_than_the_committed_one_is_refused() -> None:
    wrapped = _wrap()
    for place in range(0, len(wrapped), 7):
        changed = bytearray(wrapped)
        changed[place] ^= 1
        with pytest.raises(Refused, match="COMMITMENT"):
            plaintext.unwrap(bytes(changed), schema=_SCHEMA, commitment=plaintext.commitment(wrapped))


def test_another_schema_than_the_named_one_is_refused() -> None:
    with pytest.raises(Refused, match="SCHEMA at /schema"):
        _unwrap(_wrap(), "referral.requested.content/2")


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": None},
        {"schema": None},
        {"body": None},
        {"body": [_BODY]},
        {"pad": 5},
        {"more": 1},
        {"pad": "too short"},
    ],
)
def test_a_plaintext_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    assert _code(_written(**changes)) == "SCHEMA"


def test_padding_with_white_space_around_the_text_does_not_replace_the_pad() -> None:
    for pad in (5, None, ["0"]):
        assert _code(_written(pad=pad).ljust(1024)) == "SCHEMA"


@pytest.mark.parametrize("salt", ["", "AA", b64u.encode(bytes(31)), b64u.encode(bytes(33)), b64u.encode(_SALT) + "="])
def test_a_salt_of_another_length_is_refused(salt: str) -> None:
    assert _code(_written(salt=salt)) == "BAD_ENCODING"


def test_a_plaintext_is_strict_json() -> None:
    assert _code(b"\xff" * 1024) == "BAD_ENCODING"
    assert _code(b"x" * 1024) == "NOT_JSON"
    assert _code(_written(body={"a": 0.5})) == "NOT_JSON"
    assert _code(_written().replace(b'"count"', b'"reasons"')) == "DUPLICATE_KEY"


@pytest.mark.parametrize(
    "body", [{"a": 0.5}, {"a": 1e300}, {"a": float("inf")}, {"a": 2**53}, {"a": "\ud800"}, {"a": b""}]
)
def test_a_body_that_could_not_be_read_back_is_not_wrapped(body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        _wrap(body)
    assert refused.value.code == "NOT_JSON"


def test_a_body_nested_too_deep_is_not_wrapped() -> None:
    body: dict[str, Any] = {}
    for _ in range(15):
        body = {"a": body}
    with pytest.raises(Refused, match="TOO_DEEP"):
        _wrap(body)
    assert _unwrap(_wrap(body["a"])) == body["a"]


def test_a_salt_of_another_length_is_not_used() -> None:
    with pytest.raises(Refused, match="BAD_ENCODING at /salt"):
        _wrap(salt=bytes(16))


def test_a_part_has_a_largest_size() -> None:
    with pytest.raises(Refused, match="TOO_LARGE"):
        _wrap({"t": "a" * plaintext.MAX_PLAINTEXT})
    assert _code(b" " * (plaintext.MAX_PLAINTEXT + 1)) == "TOO_LARGE"
    assert len(_wrap({"t": "a" * (plaintext.MAX_PLAINTEXT - 200)})) == plaintext.MAX_PLAINTEXT


@given(st.integers(2, 2**40))
@example(9)
@example(2**20)
def test_padme_is_the_published_function(length: int) -> None:
    exponent = floor(log2(length))
    last_bits = exponent - (floor(log2(exponent)) + 1 if exponent else 0)
    mask = 2**last_bits - 1
    assert plaintext.padme(length) == (length + mask) // 2**last_bits * 2**last_bits


@given(st.integers(0, 2**40))
def test_padme_adds_at_most_twelve_percent_and_never_twice(length: int) -> None:
    padded = plaintext.padme(length)
    assert length <= padded <= length * 1.12
    assert plaintext.padme(padded) == padded
