"""joserfc as an oracle: what we make it reads, and what it makes in our profile we read."""

import json
from typing import Any

import joserfc.jwe
import joserfc.jwk
import joserfc.jws
import pytest
from joserfc.registry import HeaderParameter

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jwe, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW
from hifadhi.evidence.sealing_suites import ENC

_KEYS = {"Ed25519": PrivateJwk.generate("Ed25519"), "ES256": PrivateJwk.generate("P-256")}
_READERS = [PrivateJwk.generate(kind) for kind in ("P-256", "X25519", "P-256", "X25519")]
_WHERE = {"message": "01926a4e", "part": "content", "sender": "MZ-INAR"}
_REGISTRY = joserfc.jwe.JWERegistry(
    header_registry={name: HeaderParameter(name, "str") for name in ("message", "part", "from")},
    algorithms=[ECDH_ES_A256KW, ENC],
    verify_all_recipients=False,
)

algorithms = pytest.mark.parametrize("alg", _KEYS)


def _theirs(key: PrivateJwk, *, private: bool = True) -> Any:
    return joserfc.jwk.import_key(dict(key.as_dict() if private else key.public.as_dict()))


def _header(alg: str, typ: str) -> dict[str, Any]:
    return {"alg": alg, "kid": _KEYS[alg].kid, "typ": typ}


@algorithms
def test_thumbprints_agree(alg: str) -> None:
    assert _theirs(_KEYS[alg]).thumbprint() == _KEYS[alg].kid


@algorithms
def test_our_envelope_verifies_there(alg: str) -> None:
    raw = jws.sign(b'{"id":1}', typ=jws.MESSAGE, keys=[_KEYS[alg]]).to_bytes()
    read = joserfc.jws.deserialize_json(json.loads(raw), _theirs(_KEYS[alg], private=False), algorithms=[alg])
    assert read.payload == b'{"id":1}'


def test_our_envelope_of_two_signatures_verifies_there() -> None:
    raw = jws.sign(b'{"id":1}', typ=jws.MESSAGE, keys=list(_KEYS.values())).to_bytes()
    keys = joserfc.jwk.KeySet([joserfc.jwk.import_key({**k.public.as_dict(), "kid": k.kid}) for k in _KEYS.values()])
    read = joserfc.jws.deserialize_json(json.loads(raw), keys, algorithms=list(_KEYS))
    assert read.payload == b'{"id":1}'


@algorithms
def test_their_general_json_verifies_here(alg: str) -> None:
    header: Any = {"protected": _header(alg, jws.MESSAGE)}
    value = joserfc.jws.serialize_json([header], b'{"id":1}', _theirs(_KEYS[alg]), algorithms=[alg])
    envelope = jws.parse_envelope(strict_json.parse(json.dumps(value).encode()), typ=jws.MESSAGE)
    envelope.check_algorithms()
    envelope.verify(0, _KEYS[alg].public)
    assert envelope.payload == b'{"id":1}'


@algorithms
def test_our_compact_form_verifies_there(alg: str) -> None:
    token = jws.sign_compact(b'{"id":1}', typ=jws.RECEIPT, key=_KEYS[alg])
    read = joserfc.jws.deserialize_compact(token, _theirs(_KEYS[alg], private=False), algorithms=[alg])
    assert read.payload == b'{"id":1}'
    assert read.headers() == _header(alg, jws.RECEIPT)


@algorithms
def test_their_compact_form_verifies_here(alg: str) -> None:
    token = joserfc.jws.serialize_compact(_header(alg, jws.ACCESS), b"{}", _theirs(_KEYS[alg]), algorithms=[alg])
    keys = {key.kid: key.public for key in _KEYS.values()}
    assert jws.verify_compact(token, typ=jws.ACCESS, keys=keys) == (_KEYS[alg].kid, b"{}")


def test_their_unprotected_header_is_refused_here() -> None:
    header: Any = {"protected": _header("ES256", jws.MESSAGE), "header": {"jku": "https://example.com/keys"}}
    value = joserfc.jws.serialize_json([header], b"{}", _theirs(_KEYS["ES256"]), algorithms=["ES256"])
    with pytest.raises(Refused, match="SCHEMA at /signatures/0"):
        jws.parse_envelope(value, typ=jws.MESSAGE)


def test_every_reader_opens_our_sealed_part_there() -> None:
    sealed = jwe.seal(b"secret", **_WHERE, readers=[key.public for key in _READERS])
    value = json.loads(sealed)
    for entry, key in zip(value["recipients"], _READERS, strict=True):
        mine: Any = {**value, "recipients": [entry]}
        assert joserfc.jwe.decrypt_json(mine, _theirs(key), registry=_REGISTRY).plaintext == b"secret"


def test_our_sealed_part_opens_there_whole_with_the_keys_of_all_readers() -> None:
    sealed = jwe.seal(b"secret", **_WHERE, readers=[key.public for key in _READERS])
    keys = joserfc.jwk.KeySet([joserfc.jwk.import_key({**key.as_dict(), "kid": key.kid}) for key in _READERS])
    assert joserfc.jwe.decrypt_json(json.loads(sealed), keys, registry=_REGISTRY).plaintext == b"secret"


def test_every_reader_opens_their_sealed_part_here() -> None:
    protected = strict_json.parse(
        b64u.decode(json.loads(jwe.seal(b"", **_WHERE, readers=[_READERS[0].public]))["protected"])
    )
    sealing = joserfc.jwe.GeneralJSONEncryption(protected, b"secret")
    for key in _READERS:
        sealing.add_recipient({"alg": ECDH_ES_A256KW, "kid": key.kid}, _theirs(key, private=False))
    sealed = json.dumps(joserfc.jwe.encrypt_json(sealing, None, registry=_REGISTRY))
    for key in _READERS:
        assert jwe.open_sealed(sealed, suite=ECDH_ES_A256KW, keys=(key,), **_WHERE) == b"secret"
