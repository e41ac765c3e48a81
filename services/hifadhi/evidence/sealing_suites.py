"""The suites with which a part's content key reaches its readers: one entry of a JWE's `recipients` for each.

`ECDH-ES+A256KW`: RFC 7518 §4.6, on P-256 or X25519 as the reader's key is; each entry has an `epk` of its own.
`HPKE-9-KE`: HPKE with the hybrid MLKEM768-X25519, SHAKE256 and AES-256-GCM, as key encryption
(draft-ietf-jose-hpke-encrypt, draft-ietf-jose-hpke-pq-pqt): `ek` holds the encapsulated key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import Suite as Hpke
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, jwk
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, HPKE_9_KE, KINDS, P256, AnyPrivateKey, AnyPublicKey, p256_point

ENC: Final = "A256GCM"
KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_ENCAPSULATED_BYTES: Final = 1088 + 32  # the ciphertext of ML-KEM-768, and a point of X25519
_HPKE: Final = Hpke(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)
_INFO: Final = b"JOSE-HPKE rcpt\xff" + ENC.encode("ascii") + b"\xff"  # no further info behind the last


@dataclass(frozen=True, slots=True)
class Suite:
    """How one reader gets the content key.

    `header`: the members of an entry's header; `wrapped_bytes`: the length of its `encrypted_key`. `wrap` gives the one
    further header member's value and the wrapped key; `unwrap`, from key, that value with its pointer, and the wrapped
    key, the content key: Refused, or what `cryptography` raises, if it cannot.
    """

    header: tuple[str, str, str]
    wrapped_bytes: int
    wrap: Callable[[bytes, Jwk], tuple[Any, bytes]]
    unwrap: Callable[[PrivateJwk, object, str, bytes], bytes]


def derive_key(secret: bytes, algorithm: str, *, length: int, apu: bytes = b"", apv: bytes = b"") -> bytes:
    """`length` bytes of key from a shared secret: the Concat KDF as RFC 7518 §4.6.2 fills it in."""
    counted = b"".join(len(field).to_bytes(4) + field for field in (algorithm.encode("ascii"), apu, apv))
    return ConcatKDFHash(SHA256(), length, counted + (8 * length).to_bytes(4)).derive(secret)


def _agree_and_wrap(content_key: bytes, reader: Jwk) -> tuple[dict[str, str], bytes]:
    private, public = _ephemeral(reader.kind)
    return KINDS[reader.kind].as_dict(public), aes_key_wrap(_key_for_keys(private, reader.key), content_key)


def _agree_and_unwrap(mine: PrivateJwk, epk: object, pointer: str, wrapped: bytes) -> bytes:
    return aes_key_unwrap(_key_for_keys(mine.key, jwk.used_once(epk, pointer=pointer)), wrapped)


def _ephemeral(kind: str) -> tuple[AnyPrivateKey, bytes]:
    """A private key and its public bytes, neither checked nor named: it is ours, and used once."""
    if kind == P256:
        point = ec.generate_private_key(ec.SECP256R1())
        return point, p256_point(point)
    private = X25519PrivateKey.generate()
    return private, private.public_key().public_bytes_raw()


def _key_for_keys(mine: AnyPrivateKey, theirs: AnyPublicKey) -> bytes:
    """The key that wraps the content key, from either side of the exchange."""
    if isinstance(mine, ec.EllipticCurvePrivateKey) and isinstance(theirs, ec.EllipticCurvePublicKey):
        secret = mine.exchange(ec.ECDH(), theirs)
    elif isinstance(mine, X25519PrivateKey) and isinstance(theirs, X25519PublicKey):
        secret = mine.exchange(theirs)
    else:
        raise Refused(Fault("ALGORITHM", "", "both keys of an exchange are on P-256, or both on X25519"))
    return derive_key(secret, ECDH_ES_A256KW, length=KEY_BYTES)


def _encapsulate(content_key: bytes, reader: Jwk) -> tuple[str, bytes]:
    if not isinstance(reader.key, MLKEM768X25519PublicKey):
        raise Refused(Fault("ALGORITHM", "", f"{HPKE_9_KE} seals to keys of its own"))
    sealed = _HPKE.encrypt(content_key, reader.key, info=_INFO)
    return b64u.encode(sealed[:_ENCAPSULATED_BYTES]), sealed[_ENCAPSULATED_BYTES:]


def _decapsulate(mine: PrivateJwk, ek: object, pointer: str, wrapped: bytes) -> bytes:
    if not isinstance(mine.key, MLKEM768X25519PrivateKey):
        raise Refused(Fault("ALGORITHM", "", f"{HPKE_9_KE} is opened with keys of its own"))
    encapsulated = b64u.decode(ek, pointer=pointer, length=_ENCAPSULATED_BYTES)
    return _HPKE.decrypt(encapsulated + wrapped, mine.key, info=_INFO)


SUITES: Final[Mapping[str, Suite]] = {
    ECDH_ES_A256KW: Suite(("alg", "kid", "epk"), KEY_BYTES + 8, _agree_and_wrap, _agree_and_unwrap),  # RFC 3394
    HPKE_9_KE: Suite(("alg", "kid", "ek"), KEY_BYTES + _TAG_BYTES, _encapsulate, _decapsulate),
}
