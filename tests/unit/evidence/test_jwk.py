import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jwe
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import KINDS

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SIGNING = ("Ed25519", "P-256", "ML-DSA-44")
_READING = ("P-256", "X25519", "HPKE-9-KE")
_KINDS = tuple(KINDS)
_KEYS = {kind: PrivateJwk.generate(kind) for kind in _KINDS}

kinds = pytest.mark.parametrize("kind", _KINDS)
signing = pytest.mark.parametrize("kind", _SIGNING)


_WHERE = {"message": "m", "part": "content", "sender": "MZ-INAR"}


def _sealed(key: PrivateJwk) -> str:
    return jwe.seal(b"secret", **_WHERE, readers=[key.public])


def _ed25519(y: int, sign: int = 0) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": b64u.encode((y | sign << 255).to_bytes(32, "little"))}


def _refusal(obj: object) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        Jwk.parse(obj, pointer="/key")
    return refused.value.code, refused.value.faults[0].pointer


@kinds
def test_a_public_key_survives_writing_and_reading(kind: str) -> None:
    key = _KEYS[kind].public
    again = Jwk.parse(json.loads(json.dumps(key.as_dict())))
    assert again == key
    assert hash(again) == hash(key)
    assert (again.kid, again.kind) == (key.kid, kind)


@kinds
def test_a_private_key_survives_writing_and_reading(kind: str) -> None:
    key = PrivateJwk.parse(json.loads(json.dumps(_KEYS[kind].as_dict())))
    assert key.public == _KEYS[kind].public
    if kind in _SIGNING:
        assert _KEYS[kind].public.verify(key.sign(b"data"), b"data")
    if kind in _READING:
        assert jwe.open_sealed(_sealed(_KEYS[kind]), suite=KINDS[kind].suite, keys=(key,), **_WHERE) == b"secret"


@kinds
def test_kid_is_the_hash_of_the_required_members_in_order(kind: str) -> None:
    members = json.dumps(_KEYS[kind].public.as_dict(), sort_keys=True, separators=(",", ":"))
    assert _KEYS[kind].kid == b64u.encode(sha256(members.encode()).digest())


def test_a_key_has_one_algorithm_or_is_for_reading() -> None:
    assert [_KEYS[kind].public.alg for kind in _KINDS] == ["Ed25519", "ES256", "", "", "ML-DSA-44"]
    assert {kind for kind in _KINDS if KINDS[kind].suite} == set(_READING)


@pytest.mark.parametrize("kind", ["X25519", "HPKE-9-KE"])
def test_a_key_for_reading_signs_and_verifies_nothing(kind: str) -> None:
    with pytest.raises(Refused, match="ALGORITHM"):
        _KEYS[kind].sign(b"data")
    assert not any(_KEYS[kind].public.verify(bytes(length), b"data") for length in (0, 64, 2420))


@given(data=st.binary(max_size=100), kind=st.sampled_from(_SIGNING))
def test_a_signature_verifies_under_its_key_only(data: bytes, kind: str) -> None:
    signature = _KEYS[kind].sign(data)
    assert len(signature) == KINDS[kind].signature_bytes
    assert _KEYS[kind].public.verify(signature, data)
    assert not _KEYS[kind].public.verify(signature, data + b"\0")
    assert not any(_KEYS[other].public.verify(signature, data) for other in _KINDS if other != kind)


@signing
def test_a_signature_with_any_bit_flipped_is_refused(kind: str) -> None:
    signature = _KEYS[kind].sign(b"data")
    for bit in range(0, 8 * len(signature), max(1, len(signature) // 64)):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not _KEYS[kind].public.verify(bytes(flipped), b"data"), bit


@signing
@pytest.mark.parametrize("length", [0, 1, 63, 65, 72, 128, 2419, 2421])
def test_a_signature_of_another_length_is_refused(kind: str, length: int) -> None:
    signature = (_KEYS[kind].sign(b"data") * 40)[:length]
    assert not _KEYS[kind].public.verify(signature, b"data")


def test_a_zero_inserted_before_a_half_of_a_signature_is_refused() -> None:
    signature = _KEYS["P-256"].sign(b"data")
    assert not _KEYS["P-256"].public.verify(signature[:32] + b"\0" + signature[32:], b"data")


@kinds
def test_repr_never_shows_the_private_part(kind: str) -> None:
    key = _KEYS[kind]
    shown = f"{key} {key!r} {[key]} {key.public!r}"
    assert key.as_dict()[KINDS[kind].private] not in shown
    assert repr(key.secret)[2:-1] not in shown
    assert key.kid in shown


@kinds
@pytest.mark.parametrize("more", [{"kid": "a"}, {"use": "sig"}, {"alg": "ES256"}, {"d": "AA"}, {"y": "AA", "z": ""}])
def test_other_members_are_refused(kind: str, more: dict[str, str]) -> None:
    assert _refusal({**_KEYS[kind].public.as_dict(), **more}) == ("SCHEMA", "/key")


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
        {"kty": "OKP", "crv": "X448", "x": "AA"},
        {"kty": "AKP", "alg": "HPKE-9", "pub": "AA"},
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "Ed25519", "x": "AA"},
        {"kty": ["EC"], "crv": {}, "x": "AA"},
    ],
)
def test_other_kinds_of_key_are_refused(obj: object) -> None:
    assert _refusal(obj) == ("SCHEMA", "/key")


@kinds
def test_a_member_of_another_length_or_spelling_is_refused(kind: str) -> None:
    obj, name = _KEYS[kind].public.as_dict(), KINDS[kind].first
    for x in (obj[name] + "AA", obj[name][:-3], obj[name] + "=", b64u.encode(b"\0" + b64u.decode(obj[name]))):
        assert _refusal({**obj, name: x}) == ("BAD_ENCODING", f"/key/{name}")
    assert _refusal({**obj, name: 5}) == ("SCHEMA", f"/key/{name}")


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


def _x25519(u: int) -> dict[str, str]:
    return {"kty": "OKP", "crv": "X25519", "x": b64u.encode(u.to_bytes(32, "little"))}


def _hybrid(**changed: bytes) -> dict[str, str]:
    public = _KEYS["HPKE-9-KE"].public.public
    halves = {"lattice": public[:1184], "curve": public[1184:], **changed}
    return {"kty": "AKP", "alg": "HPKE-9-KE", "pub": b64u.encode(halves["lattice"] + halves["curve"])}


def _montgomery_us_of_small_order() -> set[int]:
    """The u of the points above, and on the twist of -1 (order 4), all that X25519 takes to zero (RFC 7748 §4.1)."""
    on_curve = {(1 + y) * pow(1 - y, -1, _P) % _P for y in _small_order_ys() if y != 1}
    return on_curve | {0, _P - 1}


def test_what_everybody_can_agree_on_is_no_reading_key() -> None:
    us = _montgomery_us_of_small_order()
    assert len(us) == 5
    private = X25519PrivateKey.generate()
    for u in us:
        with pytest.raises(ValueError, match="shared key"):
            private.exchange(X25519PublicKey.from_public_bytes(u.to_bytes(32, "little")))
        assert _refusal(_x25519(u)) == ("SCHEMA", "/key/x")
        assert _refusal(_hybrid(curve=u.to_bytes(32, "little"))) == ("SCHEMA", "/key/pub")


@pytest.mark.parametrize("u", [*range(_P, 2**255), 2**255 + 9, 2**256 - 1])
def test_x25519_points_that_are_not_reduced_are_refused(u: int) -> None:
    assert _refusal(_x25519(u)) == ("SCHEMA", "/key/x")


def test_a_lattice_key_that_is_not_reduced_is_refused() -> None:
    assert Jwk.parse(_hybrid()) == _KEYS["HPKE-9-KE"].public
    lattice = _KEYS["HPKE-9-KE"].public.public[:1184]
    assert _refusal(_hybrid(lattice=b"\xff\xff\xff" + lattice[3:])) == ("SCHEMA", "/key/pub")


@kinds
def test_a_private_part_of_another_key_is_refused(kind: str) -> None:
    other, private = PrivateJwk.generate(kind).as_dict(), KINDS[kind].private
    with pytest.raises(Refused, match=f"SCHEMA at /{private}"):
        PrivateJwk.parse({**_KEYS[kind].as_dict(), private: other[private]})


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
