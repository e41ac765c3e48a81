"""jwcrypto as a second oracle: what we make it reads, and what it makes in our profile we read.

It shares `cryptography` with us, so it is no second opinion on the curves, only on everything around them.
"""

import json

import pytest
from jwcrypto.jwe import JWE, InvalidJWEData
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS, InvalidJWSSignature

from hifadhi.evidence import jwe, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, ML_DSA_44
from hifadhi.evidence.sealing_suites import ENC
from vectors.theirs import KEYS, READERS, TEXT, WHERE, header, opened, sealed, signed, theirs

_STRONG = PrivateJwk.generate(ML_DSA_44)
_IN_PROFILE = [ECDH_ES_A256KW, ENC]

algorithms = pytest.mark.parametrize("alg", KEYS)
signing = pytest.mark.parametrize("key", [*KEYS.values(), _STRONG], ids=lambda key: key.public.kind)


@pytest.mark.parametrize("key", [*KEYS.values(), _STRONG, READERS[1]], ids=lambda key: key.public.kind)
def test_thumbprints_agree(key: PrivateJwk) -> None:
    assert theirs(key).thumbprint() == key.kid


@algorithms
def test_our_envelope_verifies_there(alg: str) -> None:
    raw = jws.sign(TEXT, typ=jws.MESSAGE, keys=[KEYS[alg]]).to_bytes()
    read = JWS()
    read.deserialize(raw.decode(), theirs(KEYS[alg], private=False), alg=alg)
    assert read.payload == TEXT
    assert read.jose_header == [header(alg)]


def test_each_of_two_signatures_of_ours_verifies_there() -> None:
    document = json.loads(jws.sign(TEXT, typ=jws.MESSAGE, keys=list(KEYS.values())).to_bytes())
    for entry, (alg, key) in zip(document["signatures"], KEYS.items(), strict=True):
        read = JWS()
        read.deserialize(json.dumps({**document, "signatures": [entry]}), theirs(key, private=False), alg=alg)
        assert read.payload == TEXT


@signing
def test_our_compact_form_verifies_there(key: PrivateJwk) -> None:
    read = JWS()
    token = jws.sign_compact(TEXT, typ=jws.RECEIPT, key=key)
    read.deserialize(token, theirs(key, private=False), alg=key.public.alg)
    assert read.payload == TEXT
    assert read.jose_header == {"alg": key.public.alg, "kid": key.kid, "typ": jws.RECEIPT}


@signing
def test_our_signature_on_other_words_does_not_verify_there(key: PrivateJwk) -> None:
    head, _, value = jws.sign_compact(TEXT, typ=jws.RECEIPT, key=key).split(".")
    other = jws.sign_compact(b'{"id":2}', typ=jws.RECEIPT, key=key).split(".")[1]
    with pytest.raises(InvalidJWSSignature):
        JWS().deserialize(f"{head}.{other}.{value}", theirs(key, private=False), alg=key.public.alg)


def test_their_general_json_verifies_here() -> None:
    made = JWS(TEXT)
    for alg, key in KEYS.items():
        made.add_signature(theirs(key), protected=json.dumps(header(alg)))
    envelope = jws.parse_envelope(strict_json.parse(made.serialize().encode()), typ=jws.MESSAGE)
    envelope.check_algorithms()
    for index, key in enumerate(KEYS.values()):
        envelope.verify(index, key.public)
    assert envelope.payload == TEXT


@algorithms
def test_their_compact_form_verifies_here(alg: str) -> None:
    keys = {key.kid: key.public for key in KEYS.values()}
    token = signed(theirs(KEYS[alg]), header(alg, typ=jws.ACCESS)).serialize(compact=True)
    assert jws.verify_compact(token, typ=jws.ACCESS, keys=keys) == (KEYS[alg].kid, TEXT)


def test_every_reader_opens_our_sealed_part_there() -> None:
    part = jwe.seal(b"secret", **WHERE, readers=[key.public for key in READERS])
    keys = JWKSet()
    for key in READERS:
        keys.add(theirs(key))
        alone = JWE(algs=_IN_PROFILE)
        alone.deserialize(part, theirs(key))
        assert alone.payload == b"secret"
    whole = JWE(algs=_IN_PROFILE)
    whole.deserialize(part, keys)
    assert whole.payload == b"secret"


def test_nobody_else_opens_our_sealed_part_there() -> None:
    part = jwe.seal(b"secret", **WHERE, readers=[key.public for key in READERS[:2]])
    for key in READERS[2:]:
        with pytest.raises(InvalidJWEData):
            JWE(algs=_IN_PROFILE).deserialize(part, theirs(key))


def test_every_reader_opens_their_sealed_part_here() -> None:
    part = sealed(readers=READERS)
    for key in READERS:
        assert opened(part, key) == b"secret"
