import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u
from hifadhi.evidence.jwk import Jwk, PrivateJwk

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_CURVES = ("Ed25519", "P-256")
_KEYS = {crv: PrivateJwk.generate(crv) for crv in _CURVES}

curves = pytest.mark.parametrize("crv", _CURVES)


def _ed25519(y: int, sign: int = 0) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": b64u.encode((y | sign << 255).to_bytes(32, "little"))}


def _refusal(obj: object) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        Jwk.parse(obj, pointer="/key")
    return refused.value.code, refused.value.faults[0].pointer


@curves
def test_a_public_key_survives_writing_and_reading(crv: str) -> None:
    key = _KEYS[crv].public
    again = Jwk.parse(json.loads(json.dumps(key.as_dict())))
    assert again == key
    assert hash(again) == hash(key)
    assert (again.kid, again.crv) == (key.kid, crv)


@curves
def test_a_private_key_survives_writing_and_reading(crv: str) -> None:
    key = PrivateJwk.parse(json.loads(json.dumps(_KEYS[crv].as_dict())))
    assert key.public == _KEYS[crv].public
    assert _KEYS[crv].public.verify(key.sign(b"data"), b"data")


@curves
def test_kid_is_the_hash_of_the_required_members_in_order(crv: str) -> None:
    members = json.dumps(_KEYS[crv].public.as_dict(), sort_keys=True, separators=(",", ":"))
    assert _KEYS[crv].kid == b64u.encode(sha256(members.encode()).digest())


def test_a_key_has_one_algorithm() -> None:
    assert [_KEYS[crv].public.alg for crv in _CURVES] == ["Ed25519", "ES256"]


@given(data=st.binary(max_size=100), crv=st.sampled_from(_CURVES))
def test_a_signature_verifies_under_its_key_only(data: bytes, crv: str) -> None:
    signature = _KEYS[crv].sign(data)
    assert len(signature) == 64
    assert _KEYS[crv].public.verify(signature, data)
    assert not _KEYS[crv].public.verify(signature, data + b"\0")
    assert not any(_KEYS[other].public.verify(signature, data) for other in _CURVES if other != crv)


@curves
def test_a_signature_with_any_bit_flipped_is_refused(crv: str) -> None:
    signature = _KEYS[crv].sign(b"data")
    for bit in range(512):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not _KEYS[crv].public.verify(bytes(flipped), b"data"), bit


@curves
@pytest.mark.parametrize("length", [0, 1, 63, 65, 72, 128])
def test_a_signature_of_another_length_is_refused(crv: str, length: int) -> None:
    signature = (_KEYS[crv].sign(b"data") * 2)[:length]
    assert not _KEYS[crv].public.verify(signature, b"data")


def test_a_zero_inserted_before_a_half_of_a_signature_is_refused() -> None:
    signature = _KEYS["P-256"].sign(b"data")
    assert not _KEYS["P-256"].public.verify(signature[:32] + b"\0" + signature[32:], b"data")


@curves
def test_repr_never_shows_the_private_part(crv: str) -> None:
    key = _KEYS[crv]
    shown = f"{key} {key!r} {[key]} {key.public!r}"
    assert key.as_dict()["d"] not in shown
    assert key.kid in shown


@curves
@pytest.mark.parametrize("more", [{"kid": "a"}, {"use": "sig"}, {"alg": "ES256"}, {"d": "AA"}, {"y": "AA", "z": ""}])
def test_other_members_are_refused(crv: str, more: dict[str, str]) -> None:
    assert _refusal({**_KEYS[crv].public.as_dict(), **more}) == ("SCHEMA", "/key")


def test_a_private_key_is_not_a_public_key() -> None:
    assert _refusal(_KEYS["P-256"].as_dict()) == ("SCHEMA", "/key")


@pytest.mark.parametrize(
    "obj",
    [
        None,
        [],
        "key",
        {},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "k": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "Ed25519", "x": "AA"},
        {"kty": ["EC"], "crv": {}, "x": "AA"},
    ],
)
def test_other_kinds_of_key_are_refused(obj: object) -> None:
    assert _refusal(obj) == ("SCHEMA", "/key")


@curves
def test_a_coordinate_of_another_length_or_spelling_is_refused(crv: str) -> None:
    obj = _KEYS[crv].public.as_dict()
    for x in (obj["x"] + "AA", obj["x"][:-3], obj["x"] + "=", b64u.encode(b"\0" + b64u.decode(obj["x"]))):
        assert _refusal({**obj, "x": x}) == ("BAD_ENCODING", "/key/x")
    assert _refusal({**obj, "x": 5}) == ("SCHEMA", "/key/x")


def test_a_point_off_its_curve_is_refused() -> None:
    obj = _KEYS["P-256"].public.as_dict()
    assert _refusal({**obj, "y": obj["x"]}) == ("SCHEMA", "/key/x")
    assert _refusal({**obj, "x": b64u.encode(bytes(32)), "y": b64u.encode(bytes(32))}) == ("SCHEMA", "/key/x")
    assert _refusal({**obj, "x": b64u.encode(b"\xff" * 32)}) == ("SCHEMA", "/key/x")


def test_half_of_all_ed25519_encodings_are_no_points_and_refused() -> None:
    for y in range(2, 60):
        on_curve = pow((y * y - 1) * pow(_D * y * y + 1, -1, _P), (_P - 1) // 2, _P) == 1
        if on_curve:
            assert Jwk.parse(_ed25519(y)).alg == "Ed25519"
        else:
            assert _refusal(_ed25519(y)) == ("SCHEMA", "/key/x")


def _root(square: int) -> int | None:
    """A square root modulo 2^255 - 19 (RFC 8032 §5.1.3)."""
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square % _P:
        root = root * pow(2, (_P - 1) // 4, _P) % _P
    return root if root * root % _P == square % _P else None


def _double(x: int, y: int) -> tuple[int, int]:
    k = _D * x * x * y * y
    return 2 * x * y * pow(1 + k, -1, _P) % _P, (y * y + x * x) * pow(1 - k, -1, _P) % _P


def _small_order_ys() -> set[int]:
    """The y of all points that three doublings bring to the neutral element, found by the curve's own equations.

    Order 1, 2, 4: y is 1, -1, 0. Order 8: the double has y = 0, so x^2 + y^2 = 0 and d y^4 + 2 y^2 - 1 = 0.
    """
    root = _root(1 + _D)
    assert root is not None
    squares = ((sign * root - 1) * pow(_D, -1, _P) % _P for sign in (1, -1))
    ys = {y for square in squares if (y := _root(square)) is not None}
    return {0, 1, _P - 1} | ys | {_P - y for y in ys}


def test_points_of_small_order_are_refused_in_every_encoding() -> None:
    ys = _small_order_ys()
    assert len(ys) == 5
    for y in ys:
        x = _root((y * y - 1) * pow(_D * y * y + 1, -1, _P))
        assert x is not None
        assert _double(*_double(*_double(x, y))) == (0, 1)
        for encoded in {y, y + _P} if y + _P < 2**255 else {y}:
            for sign in (0, 1):
                assert _refusal(_ed25519(encoded, sign)) == ("SCHEMA", "/key/x")


@pytest.mark.parametrize("y", range(_P, 2**255))
def test_ed25519_points_that_are_not_reduced_are_refused(y: int) -> None:
    assert _refusal(_ed25519(y)) == ("SCHEMA", "/key/x")


@curves
def test_a_private_part_of_another_key_is_refused(crv: str) -> None:
    other = PrivateJwk.generate(crv).as_dict()
    with pytest.raises(Refused, match="SCHEMA at /d"):
        PrivateJwk.parse({**_KEYS[crv].as_dict(), "d": other["d"]})


def _without(obj: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in obj.items() if key != name}


@pytest.mark.parametrize(
    "obj",
    [
        None,
        _without(_KEYS["P-256"].as_dict(), "d"),
        {**_KEYS["P-256"].as_dict(), "d": b64u.encode(bytes(32))},
        {**_KEYS["P-256"].as_dict(), "d": b64u.encode(b"\xff" * 32)},
        {**_KEYS["P-256"].as_dict(), "d": "AA"},
        {**_KEYS["Ed25519"].as_dict(), "d": "AA"},
        {**_KEYS["Ed25519"].as_dict(), "kid": "a"},
    ],
)
def test_a_broken_private_key_is_refused(obj: Any) -> None:
    with pytest.raises(Refused) as refused:
        PrivateJwk.parse(obj)
    assert refused.value.code in {"SCHEMA", "BAD_ENCODING"}


def test_a_key_of_another_curve_is_not_generated() -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        PrivateJwk.generate("P-384")
