"""The examples of draft-ietf-jose-hpke-pq-pqt: made by another program, our code opens them."""

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jwe, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import HPKE_9_KE
from hifadhi.evidence.sealing_suites import SUITES
from vectors.published import published

_WHERE = {"message": "m", "part": "content", "sender": "A"}
_Json = dict[str, Any]


def _example(name: str) -> str:
    return published(f"jose-hpke-pq/{name}").read_text(encoding="utf-8").strip()


def _jwk(**without: None) -> _Json:
    """The example's key with the members that our profile has."""
    return {name: value for name, value in json.loads(_example("HPKE-9-KE-jwk.json")).items() if name not in without}


def _key() -> PrivateJwk:
    return PrivateJwk.parse(_jwk(kid=None))


def _flattened() -> list[_Json]:
    every = [one for one in json.loads(_example("jose-vectors.json")) if one["alg"] == HPKE_9_KE]
    assert len(every) == 1
    return [json.loads(_example("HPKE-9-KE-flattened.json")), every[0]["flattened"]]


def _opened(value: _Json, key: PrivateJwk) -> bytes:
    """As RFC 7516 §5.2 has it, with our unwrapping in the middle."""
    header = strict_json.parse(b64u.decode(value["protected"]))
    assert (header["alg"], header["enc"], header["kid"]) == (HPKE_9_KE, "A256GCM", key.kid)
    wrapped = b64u.decode(value["encrypted_key"], length=SUITES[HPKE_9_KE].wrapped_bytes)
    content_key = SUITES[HPKE_9_KE].unwrap(key, header["ek"], "", wrapped)
    aad = ".".join(value[name] for name in ("protected", "aad") if name in value)
    sealed = b64u.decode(value["ciphertext"]) + b64u.decode(value["tag"])
    return AESGCM(content_key).decrypt(b64u.decode(value["iv"]), sealed, aad.encode())


def test_the_key_of_the_example_is_expanded_from_its_seed_and_named_by_its_thumbprint() -> None:
    assert _key().kid == _jwk()["kid"]
    assert _key().as_dict() == {name: _jwk()[name] for name in ("alg", "kty", "pub", "priv")}
    assert Jwk.parse(_jwk(kid=None, priv=None)) == _key().public


def test_the_examples_in_json_open() -> None:
    one, other = _flattened()
    assert _opened(one, _key()).startswith(b"You can trust us to stick with you through thick and thin")
    key = next(entry["jwk"] for entry in json.loads(_example("jose-vectors.json")) if entry["alg"] == HPKE_9_KE)
    theirs = PrivateJwk.parse({name: value for name, value in key.items() if name != "kid"})
    assert _opened(other, theirs) == _opened(one, _key())


def test_the_compact_example_opens() -> None:
    names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    value = dict(zip(names, _example("HPKE-9-KE-compact.txt").split("."), strict=True))
    assert _opened(value, _key()) == _opened(_flattened()[0], _key())


def test_the_example_of_the_other_mode_does_not_open_as_ours() -> None:
    """HPKE-9 encrypts the content itself: another algorithm, another key."""
    other = next(one for one in json.loads(_example("jose-vectors.json")) if one["alg"] == "HPKE-9")
    with pytest.raises(Refused, match="SCHEMA"):
        PrivateJwk.parse({name: value for name, value in other["jwk"].items() if name != "kid"})


@pytest.mark.parametrize("name", ["encrypted_key", "ek"])
def test_a_changed_example_does_not_open(name: str) -> None:
    value = _flattened()[0]
    header = strict_json.parse(b64u.decode(value["protected"]))
    parts = {"encrypted_key": b64u.decode(value["encrypted_key"]), "ek": b64u.decode(header["ek"])}
    for bit in range(0, 8 * len(parts[name]), 61):
        changed = {**parts, name: _flipped(parts[name], bit)}
        with pytest.raises(InvalidTag):
            SUITES[HPKE_9_KE].unwrap(_key(), b64u.encode(changed["ek"]), "", changed["encrypted_key"])


def _flipped(raw: bytes, bit: int) -> bytes:
    return (int.from_bytes(raw) ^ 1 << bit).to_bytes(len(raw))


def test_what_we_seal_has_the_lengths_and_the_members_of_the_example() -> None:
    """Put into the flattened form of the example, what we sealed is opened by the same steps."""
    key, example = _key(), _flattened()[0]
    sealed = json.loads(jwe.seal(b"secret", **_WHERE, readers=[key.public]))
    (entry,) = sealed["recipients"]
    theirs = strict_json.parse(b64u.decode(example["protected"]))
    assert {**entry["header"], "enc": "A256GCM"}.keys() == theirs.keys()
    assert {name: len(str(value)) for name, value in entry["header"].items()} == {
        name: len(str(theirs[name])) for name in entry["header"]
    }
    assert len(entry["encrypted_key"]) == len(example["encrypted_key"])
    content_key = SUITES[HPKE_9_KE].unwrap(key, entry["header"]["ek"], "", b64u.decode(entry["encrypted_key"]))
    text = b64u.decode(sealed["ciphertext"]) + b64u.decode(sealed["tag"])
    assert AESGCM(content_key).decrypt(b64u.decode(sealed["iv"]), text, sealed["protected"].encode()) == b"secret"
