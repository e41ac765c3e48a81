"""Wycheproof's signature sets: our keys say valid exactly where Wycheproof does."""

import json
from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.evidence import b64u
from hifadhi.evidence.jwk import Jwk
from vectors.published import published


def _key(group: dict[str, Any]) -> Jwk:
    if "publicKeyJwk" in group:
        return Jwk.parse({key: value for key, value in group["publicKeyJwk"].items() if key != "kid"})  # always "none"
    x, y = (b64u.encode(int(group["publicKey"][name], 16).to_bytes(32)) for name in ("wx", "wy"))
    return Jwk.parse({"kty": "EC", "crv": "P-256", "x": x, "y": y})


@pytest.mark.parametrize(
    ("name", "count"), [("ed25519_test.json", 151), ("ecdsa_secp256r1_sha256_p1363_test.json", 262)]
)
def test_signatures_verify_exactly_where_wycheproof_says_so(name: str, count: int) -> None:
    seen = 0
    for group in json.loads(published(f"wycheproof/{name}").read_bytes())["testGroups"]:
        key = _key(group)
        for vector in group["tests"]:
            verified = key.verify(bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]))
            assert verified == (vector["result"] == "valid"), (vector["tcId"], vector["comment"])
            seen += 1
    assert seen == count


def _ml_dsa_key(group: dict[str, Any]) -> Jwk | None:
    public = b64u.encode(bytes.fromhex(group["publicKey"]))
    try:
        return Jwk.parse({"kty": "AKP", "alg": "ML-DSA-44", "pub": public})
    except Refused:
        return None


def test_ml_dsa_signatures_verify_exactly_where_wycheproof_says_so() -> None:
    """A context is out of our profile (RFC 9964 §4: it is empty): such vectors say what another protocol signed."""
    seen, contexts, no_keys = 0, 0, 0
    for group in json.loads(published("wycheproof/mldsa_44_verify_test.json").read_bytes())["testGroups"]:
        key = _ml_dsa_key(group)
        no_keys += key is None
        for vector in group["tests"]:
            ours = not vector.get("ctx")
            verified = key is not None and key.verify(bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]))
            assert verified == (ours and vector["result"] == "valid"), (vector["tcId"], vector["comment"])
            seen, contexts = seen + 1, contexts + (not ours)
    assert (seen, contexts, no_keys) == (180, 7, 4)
