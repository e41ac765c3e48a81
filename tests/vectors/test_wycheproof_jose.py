"""Wycheproof's JOSE sets.

Their compact objects carry headers that our closed profile does not know, so as they stand every one of them must be
refused. To test more than that, each vector that our profile covers is taken apart with our strict decoders and put
before the checks below the header; there no invalid one may pass, and every valid one must.
"""

import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jwe, jws, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW
from hifadhi.evidence.sealing_suites import ENC, KEY_BYTES, derive_key
from vectors.published import published

_Json = dict[str, Any]
_KEY = PrivateJwk.generate("P-256")

# Wycheproof calls these two valid although a "?" stands inside their base64url; RFC 7515 §2 does not, and nor do we.
_LENIENT = {372, 373}
# These two are called invalid for a padding that they do not have: they are 357, a valid one, byte for byte.
_MISLABELLED = {367, 370}


# What Wycheproof has and our profile has not, and why. Every group is ES256, ECDH-ES+A256KW, or stands here.
_OUT_OF_PROFILE_JWS = {
    "HS256": "a shared secret proves nothing to a third party",
    "RS256": "RSA keys and signatures are large, and PKCS #1 v1.5 is lenient by design",
    "RS384": "the same",
    "RS512": "the same",
    "PS256": "RSA keys and signatures are large",
    "PS384": "the same",
    "PS512": "the same",
    "ES521": "one curve of NIST is enough",
    "rsa_encryption": "RSA",
    "ec_key_for_encryption": "a key with `use` or `key_ops` is none of ours: the directory says what a key is for",
}
_OUT_OF_PROFILE_JWE = {
    "RSA1_5": "RSA, with a padding that is an oracle",
    "RSA-OAEP": "RSA",
    "RSA-OAEP-256": "RSA",
    "A128KW": "agencies share no secrets",
    "A192KW": "the same",
    "A256KW": "the same",
    "A128GCMKW": "the same",
    "A192GCMKW": "the same",
    "A256GCMKW": "the same",
    "A128GCM": "a direct key: the same",
    "ECDH-ES": "a direct key is for one reader, a part has several",
    "ECDH-ES+A128KW": "all keys have 256 bits",
    "ECDH-ES+A192KW": "the same",
}
_OUT_OF_PROFILE_ENC = {
    "A128CBC-HS256": "one mode is enough: GCM",
    "A256CBC-HS512": "the same",
}
_OUT_OF_PROFILE_WRAPPING_BITS = {
    128: "all keys have 256 bits: ECDH-ES+A128KW is out of profile, too",
    192: "the same",
}
# An `alg` or `use` that contradicts the key: as they stand they are refused, for we know no such members.
_FAULT_IN_MEMBERS = {19: "alg ES521 on P-256", 20: "alg ES224 on P-256", 21: "use enc"}
_OUT_OF_PROFILE_JWK = {
    **dict.fromkeys((1, 2, 3, 4, *range(10, 19)), "HMAC: a shared secret proves nothing to a third party"),
    **dict.fromkeys((5, 6, 7, 8, 9), "RSA"),
    **dict.fromkeys((22, 23, 24), "off its curve, of another curve, of another type"),
    **dict.fromkeys((25, 26), "AES: agencies share no secrets"),
}


class _AnyKid(dict[str, Jwk]):
    """A key for whatever kid is asked for."""

    def get(self, kid: str, default: object = None) -> Any:  # noqa: ARG002 - the signature of dict.get
        return self[""]


def _groups(name: str) -> list[_Json]:
    groups: list[_Json] = json.loads(published(f"wycheproof/{name}").read_bytes())["testGroups"]
    return groups


def _vectors(name: str) -> Iterator[tuple[_Json, _Json]]:
    for group in _groups(name):
        for vector in group["tests"]:
            yield group, vector


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _keys(group: _Json) -> list[_Json]:
    keys: list[_Json] = (group["public"] if "public" in group else group["private"])["keys"]
    return keys


def _alg(group: _Json) -> str:
    return str(group["private"].get("alg", group["comment"]))


def _bare(key: Mapping[str, Any]) -> _Json:
    """The members that our profile has; alg, use, key_ops and kid are the directory's matter."""
    return {name: key[name] for name in ("kty", "crv", "x", "y", "d") if name in key}


def _verify(token: str, key: Jwk) -> bool:
    """Whether the token verifies in our profile once its header is taken for one of ours."""
    try:
        protected, payload, value = map(b64u.decode, token.split("."))
        alg = strict_json.parse(protected, max_depth=2)["alg"]
        signature = jws.Signature(protected, alg, key.kid, jws.MESSAGE, value)
        jws.Envelope(payload, (signature,)).verify(0, key)
    except (Refused, ValueError):  # ValueError: not three pieces
        return False
    return True


def test_no_foreign_jws_passes_as_it_stands() -> None:
    keys = _AnyKid({"": _KEY.public})
    seen = 0
    for _, vector in [*_vectors("json_web_signature_test.json"), *_vectors("json_web_key_test.json")]:
        with pytest.raises(Refused):
            jws.verify_compact(_text(vector["jws"]), typ=jws.MESSAGE, keys=keys)
        seen += 1
    assert seen == 401 + 26


@pytest.mark.parametrize("alg", ["ES256", *_OUT_OF_PROFILE_JWS])
def test_signatures_verify_exactly_where_wycheproof_says_so_and_our_profile_has_them(alg: str) -> None:
    verified, valid = set(), set()
    for group, vector in _vectors("json_web_signature_test.json"):
        if _alg(group) != alg:
            continue
        key = Jwk.parse(_bare(group["public"])) if alg == "ES256" else _KEY.public
        if _verify(_text(vector["jws"]), key):
            verified.add(vector["tcId"])
        if vector["result"] == "valid":
            valid.add(vector["tcId"])
    assert verified == (valid if alg == "ES256" else set())


def test_every_signature_vector_is_in_our_profile_or_the_table_says_why_not() -> None:
    algs = Counter(_alg(group) for group, _ in _vectors("json_web_signature_test.json"))
    assert algs.keys() == {"ES256", *_OUT_OF_PROFILE_JWS}
    assert algs["ES256"] == 15 + 24


def test_a_key_for_encryption_is_no_key_that_verifies() -> None:
    groups = [one for one in _groups("json_web_signature_test.json") if _alg(one) == "ec_key_for_encryption"]
    assert len(groups) == 2
    for group in groups:
        with pytest.raises(Refused, match="SCHEMA"):
            Jwk.parse({name: value for name, value in group["public"].items() if name != "kid"})


def test_strict_base64url_alone_refuses_what_wycheproof_calls_badly_encoded() -> None:
    """The set is for HS256, so the test makes the MAC itself and leaves only the decoding to us."""
    group = next(group for group in _groups("json_web_signature_test.json") if group["comment"] == "base64")
    vectors = {vector["tcId"]: vector for vector in group["tests"]}
    assert len(vectors) == 21
    assert {vectors[tc_id]["jws"] for tc_id in _MISLABELLED} == {vectors[357]["jws"]}
    for tc_id in vectors.keys() - _MISLABELLED:
        accepted = _mac_matches(vectors[tc_id]["jws"], b64u.decode(group["private"]["k"]))
        expected = vectors[tc_id]["result"] == "valid" and tc_id not in _LENIENT
        assert accepted == expected, (tc_id, vectors[tc_id]["comment"])


def _mac_matches(token: str, key: bytes) -> bool:
    try:
        header, payload, value = map(b64u.decode, token.split("."))
        strict_json.parse(header)
    except Refused:
        return False
    signed = f"{b64u.encode(header)}.{b64u.encode(payload)}".encode()
    return hmac.compare_digest(value, hmac.digest(key, signed, "sha256"))


def test_no_foreign_key_passes_as_it_stands() -> None:
    for group in _groups("json_web_key_test.json"):
        for key in _keys(group):
            with pytest.raises(Refused):
                Jwk.parse(key)


def test_keys_verify_exactly_where_wycheproof_says_so_and_our_profile_has_them() -> None:
    """Once the members that are refused in any key of ours are taken away."""
    verified, every = set(), set()
    for group, vector in _vectors("json_web_key_test.json"):
        every.add(vector["tcId"])
        for key in _keys(group):
            try:
                if _verify(_text(vector["jws"]), Jwk.parse(_bare(key))):
                    verified.add(vector["tcId"])
            except Refused:
                continue
    assert verified == _FAULT_IN_MEMBERS.keys()  # the valid keys are all of RSA and HMAC
    assert verified | _OUT_OF_PROFILE_JWK.keys() == every


def test_no_foreign_jwe_opens_as_it_stands_or_in_our_form() -> None:
    seen = 0
    for group, vector in _vectors("json_web_encryption_test.json"):
        text = _text(vector["jwe"])
        key = _reading_key(group)
        for sealed in (text, _in_our_form(text, key)):
            with pytest.raises(Refused, match="UNOPENABLE"):
                jwe.open_sealed(sealed, suite=ECDH_ES_A256KW, keys=(key,), message="m", part="content", sender="A")
        seen += 1
    assert seen == 139


def _reading_key(group: _Json) -> PrivateJwk:
    private = _bare(group["private"])
    return PrivateJwk.parse(private) if private.get("crv") == "P-256" else _KEY


def _in_our_form(text: str, key: PrivateJwk) -> str:
    protected, wrapped, iv, ciphertext, tag = (text.split(".") + [""] * 5)[:5]
    try:
        epk = json.loads(b64u.decode(protected)).get("epk")
    except (Refused, ValueError):
        epk = None
    entry = {"header": {"alg": ECDH_ES_A256KW, "kid": key.kid, "epk": epk}, "encrypted_key": wrapped}
    sealed = {"protected": protected, "recipients": [entry], "iv": iv, "ciphertext": ciphertext, "tag": tag}
    return json.dumps(sealed)


def test_parts_open_exactly_where_wycheproof_says_so_and_our_profile_has_them() -> None:
    seen, opened, valid = set(), set(), set()
    for group, vector in _vectors("json_web_encryption_test.json"):
        alg, enc = group["private"].get("alg"), vector["enc"]
        seen.add((alg, enc))
        if alg != ECDH_ES_A256KW or enc in _OUT_OF_PROFILE_ENC:
            continue
        text = _open(_text(vector["jwe"]), _reading_key(group))
        if text is not None:
            assert text == bytes.fromhex(vector["pt"])
            opened.add(vector["tcId"])
        if vector["result"] == "valid":
            valid.add(vector["tcId"])
    assert opened == valid
    assert len(valid) == 2
    assert {alg for alg, _ in seen} == {ECDH_ES_A256KW, *_OUT_OF_PROFILE_JWE}
    assert {enc for alg, enc in seen if alg == ECDH_ES_A256KW} == {ENC, "A128GCM", *_OUT_OF_PROFILE_ENC}


def _open(text: str, key: PrivateJwk) -> bytes | None:
    protected, wrapped, iv, ciphertext, tag = map(b64u.decode, text.split("."))
    epk = Jwk.parse(strict_json.parse(protected)["epk"])
    assert isinstance(key.key, ec.EllipticCurvePrivateKey)
    assert isinstance(epk.key, ec.EllipticCurvePublicKey)
    secret = key.key.exchange(ec.ECDH(), epk.key)
    content_key = aes_key_unwrap(derive_key(secret, ECDH_ES_A256KW, length=32), wrapped)
    if len(content_key) > 32:  # a CBC and HMAC pair
        return None
    try:
        return AESGCM(content_key).decrypt(iv, ciphertext + tag, text.partition(".")[0].encode())
    except (InvalidTag, ValueError):
        return None


def test_an_ephemeral_point_off_the_curve_is_refused() -> None:
    points = [
        strict_json.parse(b64u.decode(_text(vector["jwe"]).partition(".")[0]))["epk"]
        for _, vector in _vectors("json_web_encryption_test.json")
        if vector["comment"] == "rejectsInvalidCurvePoint"
    ]
    assert points
    for point in points:
        with pytest.raises(Refused, match="SCHEMA"):
            Jwk.parse(point)


def test_key_wrapping_agrees_with_wycheproof_where_a_content_key_is_wrapped() -> None:
    seen = Counter[int]()
    for group, vector in _vectors("aes_wrap_test.json"):
        seen[group["keySize"]] += 1
        if group["keySize"] in _OUT_OF_PROFILE_WRAPPING_BITS:
            continue
        key, plain, wrapped = (bytes.fromhex(vector[name]) for name in ("key", "msg", "ct"))
        if vector["result"] == "valid":
            assert aes_key_wrap(key, plain) == wrapped
            assert aes_key_unwrap(key, wrapped) == plain
        else:
            with pytest.raises(InvalidUnwrap):
                aes_key_unwrap(key, wrapped)
    assert seen.keys() == {8 * KEY_BYTES, *_OUT_OF_PROFILE_WRAPPING_BITS}
    assert seen[8 * KEY_BYTES] > 40
