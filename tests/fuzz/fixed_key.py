"""Keys that are the same in every process, so that what was found once is found again."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.evidence.jwk import COORDINATE_BYTES, ED25519, P256, Jwk, PrivateJwk


def ed25519(name: str) -> PrivateJwk:
    private = Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())
    return PrivateJwk(Jwk(ED25519, private.public_key().public_bytes_raw(), b""), private)


def p256(name: str) -> PrivateJwk:
    private = ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest()), ec.SECP256R1())
    x, y = (_coordinate(private, axis) for axis in ("x", "y"))
    return PrivateJwk(Jwk(P256, x, y), private)


def _coordinate(private: ec.EllipticCurvePrivateKey, axis: str) -> bytes:
    number: int = getattr(private.public_key().public_numbers(), axis)
    return number.to_bytes(COORDINATE_BYTES)
