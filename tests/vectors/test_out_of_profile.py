"""What JOSE has and our profile has not, and why: jwcrypto makes it, and we refuse it.

Every algorithm that jwcrypto has is in our profile or stands in a table here.
"""

import json
from collections.abc import Callable, Mapping

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwe import default_allowed_algs as sealing_algorithms
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from jwcrypto.jws import default_allowed_algs as signing_algorithms

from hifadhi.errors import Refused
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, ED25519, ES256
from hifadhi.evidence.sealing_suites import ENC
from vectors.theirs import KEYS, PROTECTED, READERS, general, header, opened, sealed, signed, theirs

_READER = READERS[0]

_SIGNING = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), "a shared secret proves nothing to a third party"),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA keys and signatures are large"),
    **dict.fromkeys(("ES384", "ES512", "ES256K"), "one curve of NIST is enough"),
    "EdDSA": "the name does not say the curve: RFC 9864 has Ed25519 instead",
    "Ed448": "one curve of Edwards is enough",
    **dict.fromkeys(("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"), "for checkpoints, in a note; a message would not hold it"),
}
_KEY_ENCRYPTION = {
    **dict.fromkeys(("RSA-OAEP", "RSA-OAEP-256"), "RSA"),
    **dict.fromkeys(("A128KW", "A192KW", "A256KW", "dir"), "agencies share no secrets"),
    **dict.fromkeys(("A128GCMKW", "A192GCMKW", "A256GCMKW"), "agencies share no secrets"),
    **dict.fromkeys(("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"), "nor passwords"),
    "ECDH-ES": "a direct key is for one reader, a part has several",
    **dict.fromkeys(("ECDH-ES+A128KW", "ECDH-ES+A192KW"), "all keys have 256 bits"),
}
_CONTENT_ENCRYPTION = {
    **dict.fromkeys(("A128GCM", "A192GCM"), "all keys have 256 bits"),
    **dict.fromkeys(("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"), "one mode is enough: GCM"),
}


def test_every_algorithm_is_in_our_profile_or_the_tables_say_why_not() -> None:
    assert set(signing_algorithms) == KEYS.keys() | _SIGNING.keys()
    in_profile = {ECDH_ES_A256KW, ENC}
    assert set(sealing_algorithms) == in_profile | _KEY_ENCRYPTION.keys() | _CONTENT_ENCRYPTION.keys()


_GENERATED: Mapping[str, Mapping[str, object]] = {
    "HS": {"kty": "oct", "size": 512},
    "RS": {"kty": "RSA", "size": 2048},
    "PS": {"kty": "RSA", "size": 2048},
    "ES256K": {"kty": "EC", "crv": "secp256k1"},
    "ES384": {"kty": "EC", "crv": "P-384"},
    "ES512": {"kty": "EC", "crv": "P-521"},
    "Ed448": {"kty": "OKP", "crv": "Ed448"},
    "RSA-OAEP": {"kty": "RSA", "size": 2048},
    "A128": {"kty": "oct", "size": 128},
    "A192": {"kty": "oct", "size": 192},
    "A256": {"kty": "oct", "size": 256},
    "dir": {"kty": "oct", "size": 256},
    "PBES2": {"kty": "oct", "size": 256},
}
"""A key that fits, by what the algorithm's name begins with."""


def _key(alg: str) -> JWK:
    if alg.startswith("ML-DSA"):
        return JWK.generate(kty="AKP", alg=alg)
    if alg == "EdDSA":
        return theirs(KEYS[ED25519])
    if alg.startswith("ECDH-ES"):
        return theirs(_READER)
    longest = max((name for name in _GENERATED if alg.startswith(name)), key=len)
    return JWK.generate(**_GENERATED[longest])


def _taken(raw: str) -> None:
    """A message, as the gateway takes it, by the key that its header should name."""
    envelope = jws.parse_envelope(strict_json.parse(raw.encode()), typ=jws.MESSAGE)
    envelope.check_algorithms()
    envelope.verify(0, KEYS[ES256].public)


def test_what_is_in_profile_is_taken_and_opened() -> None:
    _taken(general(signed(theirs(KEYS[ES256]), header())))
    assert opened(sealed(), _READER) == b"secret"


@pytest.mark.parametrize("alg", _SIGNING)
def test_a_message_signed_with_another_algorithm_is_refused(alg: str) -> None:
    key = _key(alg)
    raw = general(signed(key, header(alg)))
    there = JWS()
    there.deserialize(raw, key, alg=alg)
    by_length = alg.startswith("ML-DSA")
    says = (
        "SCHEMA at /signatures/0/signature: has at most" if by_length else "ALGORITHM at .* must be Ed25519 .* or ES256"
    )
    with pytest.raises(Refused, match=f"^{says}"):
        _taken(raw)


def _signed_by_us(**more: object) -> JWS:
    return signed(theirs(KEYS[ES256]), header(**more))


def _detached() -> str:
    made = _signed_by_us()
    made.detach_payload()
    return general(made)


def _twice() -> str:
    made = _signed_by_us()
    made.add_signature(theirs(KEYS[ES256]), protected=json.dumps(header()))
    return str(made.serialize())


_HEADER = "SCHEMA at /signatures/0/protected"
_SIGNED_FORMS: Mapping[str, tuple[Callable[[], str], str]] = {
    "flattened": (lambda: _signed_by_us().serialize(), "SCHEMA at /: "),
    "compact": (lambda: _signed_by_us().serialize(compact=True), "NOT_JSON at /: "),
    "an unprotected header": (
        lambda: general(signed(theirs(KEYS[ES256]), header(), {"cty": "json"})),
        "SCHEMA at /signatures/0: ",
    ),
    "one more member in the header": (lambda: general(_signed_by_us(cty="json")), _HEADER),
    "a critical extension": (
        lambda: general(_signed_by_us(crit=["b64"], b64=True)),
        "TOO_DEEP at /signatures/0/protected: ",
    ),
    "a payload that is not encoded": (
        lambda: general(_signed_by_us(crit=["b64"], b64=False)),
        "BAD_ENCODING at /payload: ",
    ),
    "a payload that lies elsewhere": (_detached, "SIGNATURE at /signatures/0/signature: "),
    "another typ": (lambda: general(_signed_by_us(typ="JWT")), _HEADER),
    "no kid": (lambda: general(signed(theirs(KEYS[ES256]), {"alg": ES256, "typ": jws.MESSAGE})), _HEADER),
    "two signatures of one key": (_twice, "SCHEMA at /signatures: "),
}
"""What else RFC 7515 allows: how it is made there, and with what it is refused here."""


@pytest.mark.parametrize("form", _SIGNED_FORMS)
def test_a_message_in_another_form_is_refused(form: str) -> None:
    made, refusal = _SIGNED_FORMS[form]
    with pytest.raises(Refused, match=f"^{refusal}"):
        _taken(made())


def _opens_there(part: str, key: JWK) -> None:
    there = JWE(algs=list(sealing_algorithms))
    there.deserialize(part, key)
    assert there.payload == b"secret"


@pytest.mark.parametrize("alg", _KEY_ENCRYPTION)
def test_a_part_sealed_with_another_algorithm_is_refused(alg: str) -> None:
    key = _key(alg)
    part = sealed(key, alg=alg)
    _opens_there(part, key)
    pointer = "/recipients/0" if alg in {"dir", "ECDH-ES"} else "/recipients/0/header/alg"  # those wrap no key
    with pytest.raises(Refused, match=f"^UNOPENABLE at {pointer}: "):
        opened(part, _READER)


@pytest.mark.parametrize("enc", _CONTENT_ENCRYPTION)
def test_a_part_with_other_content_encryption_is_refused(enc: str) -> None:
    part = sealed(protected={"enc": enc})
    _opens_there(part, theirs(_READER))
    with pytest.raises(Refused, match=r"^UNOPENABLE at /(recipients/0/encrypted_key|iv): "):
        opened(part, _READER)


def _flattened() -> str:
    made = JWE(b"secret", protected=PROTECTED)
    made.add_recipient(theirs(_READER), header={"alg": ECDH_ES_A256KW, "kid": _READER.kid})
    return str(made.serialize())


def _compact() -> str:
    protected = {**PROTECTED, "alg": ECDH_ES_A256KW, "kid": _READER.kid}
    return str(JWE(b"secret", protected=protected, recipient=theirs(_READER)).serialize(compact=True))


def _alg_for_all() -> str:
    made = JWE(b"secret", protected={**PROTECTED, "alg": ECDH_ES_A256KW}, flattened=False)
    made.add_recipient(theirs(_READER), header={"kid": _READER.kid})
    return str(made.serialize())


def _named_twice() -> str:
    part = json.loads(sealed())
    return json.dumps({**part, "recipients": part["recipients"] * 2})


_SEALED_FORMS: Mapping[str, tuple[Callable[[], str], str]] = {
    "compressed": (lambda: sealed(protected={"zip": "DEF"}), "/protected"),
    "a critical extension": (lambda: sealed(protected={"crit": ["typ"]}), "/protected"),
    "flattened": (_flattened, ""),
    "compact": (_compact, ""),
    "further authenticated data": (lambda: sealed(aad="more"), ""),
    "a shared unprotected header": (lambda: sealed(unprotected={"cty": "json"}), ""),
    "a name of who seals": (lambda: sealed(entry={"apu": "QUxJQ0U"}), "/recipients/0/header"),
    "a reader on P-384": (lambda: sealed(JWK.generate(kty="EC", crv="P-384")), "/recipients/0/header/epk"),
    "a reader on X448": (lambda: sealed(JWK.generate(kty="OKP", crv="X448")), "/recipients/0/header/epk"),
    "the algorithm for all readers at once": (_alg_for_all, "/recipients/0/header/alg"),
    "two entries of one reader": (_named_twice, "/recipients"),
}
"""What else RFC 7516 allows: how it is made there, and where it is refused here."""


@pytest.mark.parametrize("form", _SEALED_FORMS)
def test_a_part_in_another_form_is_refused(form: str) -> None:
    made, pointer = _SEALED_FORMS[form]
    with pytest.raises(Refused) as refused:
        opened(made(), _READER)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("UNOPENABLE", pointer)]
