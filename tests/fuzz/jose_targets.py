"""JSON, signatures, seals, keys: what agencies and the hub read of each other."""

import json
from collections.abc import Sequence
from typing import Any, Final

from fuzz import fixed_key
from fuzz.target import Target, text_of
from hifadhi.evidence import jwe, jws, plaintext, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, HPKE_9_KE, KINDS, P256, X25519

SIGNER: Final = fixed_key.ed25519("signer")
SECOND: Final = fixed_key.p256("second")
READERS: Final = {kind: fixed_key.of_kind(kind, "reader") for kind in (P256, X25519, HPKE_9_KE)}
ID: Final = "0192f000-0000-7000-8000-000000000000"
MEANT: Final = {"message": ID, "part": "content", "sender": "MZ-INAR"}
_SALT: Final = bytes(range(32))
_PAYLOAD: Final = strict_json.dump({"format": 1, "id": ID, "type": "referral.received"})
_PLAIN: Final = plaintext.wrap({"person": {"name": "Ayan"}}, schema="x/1", floor=64, salt=_SALT)


def json_text(raw: bytes) -> None:
    """What is read is what Python's own reader makes of it, and comes back from what is written."""
    value = strict_json.parse(raw)
    assert value == json.loads(raw)
    assert strict_json.parse(strict_json.dump(value)) == value


def envelope(raw: bytes) -> None:
    read = jws.read_envelope(raw, typ=jws.MESSAGE)
    assert read.to_bytes() == raw
    read.check_algorithms()
    for index, signature in enumerate(read.signatures):
        for known in (SIGNER, SECOND):
            if signature.kid == known.kid:
                read.verify(index, known.public)
                assert read.payload == _PAYLOAD


def compact(raw: bytes) -> None:
    token = text_of(raw)
    kid, payload = jws.verify_compact(token, typ=jws.RECEIPT, keys={SIGNER.kid: SIGNER.public})
    assert (kid, payload, token) == (jws.compact_kid(token, jws.RECEIPT), _PAYLOAD, _COMPACT)


def key(raw: bytes) -> None:
    value = strict_json.parse(raw)
    assert Jwk.parse(value).as_dict() == value


def private_key(raw: bytes) -> None:
    value = strict_json.parse(raw)
    assert PrivateJwk.parse(value).as_dict() == value


def sealed(raw: bytes) -> None:
    """Whatever opens is what was sealed, and the digest of any text can be had. One reader has keys of every kind."""
    text = text_of(raw)
    jwe.digest(text)
    suite = HPKE_9_KE if HPKE_9_KE in text else ECDH_ES_A256KW
    assert jwe.open_sealed(text, suite=suite, keys=list(READERS.values()), **MEANT) == _PLAIN


def opened(raw: bytes) -> None:
    """As after opening, when the sender committed to whatever it sealed."""
    body = plaintext.unwrap(raw, schema="x/1", commitment=plaintext.commitment(raw))
    assert body == json.loads(raw)["body"]


def _sealed_to(*readers: PrivateJwk) -> bytes:
    return jwe.seal(_PLAIN, **MEANT, readers=[reader.public for reader in readers]).encode()


def _json_seeds() -> Sequence[bytes]:
    values: Sequence[Any] = ({"a": [1, -2, "x", None, True, {"b": ""}]}, [], "é\u2028\U0001f600", 2**53 - 1)
    return (*map(strict_json.dump, values), b' { "a" : "\\u0041\\ud83d\\ude00\\n" } ')


_COMPACT: Final = jws.sign_compact(_PAYLOAD, typ=jws.RECEIPT, key=SIGNER)
_KEYS: Final = tuple(fixed_key.of_kind(kind, "key") for kind in KINDS)
_SEALED: Final = (_sealed_to(SECOND, READERS[P256]), *map(_sealed_to, READERS.values()))

TARGETS: Final = (
    Target("json", json_text, tuple(_json_seeds()), 1 << 20),
    Target(
        "envelope",
        envelope,
        tuple(jws.sign(_PAYLOAD, typ=jws.MESSAGE, keys=keys).to_bytes() for keys in ([SIGNER], [SIGNER, SECOND])),
    ),
    Target("compact", compact, (_COMPACT.encode(),)),
    Target("key", key, tuple(strict_json.dump(one.public.as_dict()) for one in _KEYS)),
    Target("private_key", private_key, tuple(strict_json.dump(one.as_dict()) for one in _KEYS)),
    Target("sealed", sealed, _SEALED, jwe.MAX_SEALED),
    Target("opened", opened, (_PLAIN,), plaintext.MAX_PLAINTEXT),
)
