"""The kinds of key as one table: what a JWK of each kind is, which bytes are a sound key, what it signs with.

Ed25519, X25519: RFC 8037. P-256: RFC 7518 §6.2. HPKE-9-KE: draft-ietf-jose-hpke-pq-pqt, the private key a seed that
SHAKE256 expands. ML-DSA-44: RFC 9964, the private key a seed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256
from secrets import token_bytes
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from hifadhi.evidence import b64u
from hifadhi.evidence.curve25519 import is_sound_ed25519, is_sound_x25519

ED25519: Final = "Ed25519"
P256: Final = "P-256"
X25519: Final = "X25519"
HPKE_9_KE: Final = "HPKE-9-KE"
ML_DSA_44: Final = "ML-DSA-44"
ES256: Final = "ES256"

ECDH_ES_A256KW: Final = "ECDH-ES+A256KW"
SUITES: Final = (ECDH_ES_A256KW, HPKE_9_KE)
"""What parts are sealed with, the weakest first."""

COORDINATE_BYTES: Final = 32
SECRET_BYTES: Final = 32
_MLKEM_SEED_BYTES: Final = 64
_MLKEM_PUBLIC_BYTES: Final = 1184

AnyPublicKey: TypeAlias = (
    Ed25519PublicKey | ec.EllipticCurvePublicKey | X25519PublicKey | MLKEM768X25519PublicKey | MLDSA44PublicKey
)
AnyPrivateKey: TypeAlias = (
    Ed25519PrivateKey | ec.EllipticCurvePrivateKey | X25519PrivateKey | MLKEM768X25519PrivateKey | MLDSA44PrivateKey
)


def _seed() -> bytes:
    return token_bytes(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of key. `members`: those of its public key, each with its bytes; `private`: the one of its private key.

    `load_public` takes the members' bytes one behind the other, `load_private` the private member's; ValueError, if
    they are no sound key.
    """

    fixed: Mapping[str, str]
    members: Mapping[str, int]
    private: str
    load_public: Callable[[bytes], AnyPublicKey]
    load_private: Callable[[bytes], AnyPrivateKey]
    public_of: Callable[[bytes], bytes]
    """The public members' bytes of a private member."""
    new_secret: Callable[[], bytes] = _seed
    alg: str = ""
    """What a key of this kind signs with; nothing, if it is for reading."""
    signature_bytes: int = 0
    suite: str = ""
    """What is sealed to a key of this kind; nothing, if it is for signing."""

    def as_dict(self, public: bytes) -> dict[str, str]:
        """The JWK of a public key's bytes, members in RFC 7638's order."""
        jwk, at = dict(self.fixed), 0
        for member, length in self.members.items():
            jwk[member] = b64u.encode(public[at : at + length])
            at += length
        return jwk

    @property
    def first(self) -> str:
        """The first of the public members: where a refusal points."""
        return next(iter(self.members))


@lru_cache(maxsize=4096)  # a directory's statements are read more than once, and the check is as dear as a signature's
def _ed25519(public: bytes) -> Ed25519PublicKey:
    if not is_sound_ed25519(public):
        raise ValueError("not a sound point")
    return Ed25519PublicKey.from_public_bytes(public)


def _p256(public: bytes) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(half) for half in (public[:COORDINATE_BYTES], public[COORDINATE_BYTES:]))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()  # ValueError off the curve


def _p256_private(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())


def p256_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The coordinates of its public key, x and then y."""
    point = key.public_key().public_numbers()
    return point.x.to_bytes(COORDINATE_BYTES) + point.y.to_bytes(COORDINATE_BYTES)


def _p256_secret() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SECRET_BYTES)


def _x25519(public: bytes) -> X25519PublicKey:
    if not is_sound_x25519(public):
        raise ValueError("not a sound point")
    return X25519PublicKey.from_public_bytes(public)


def _hybrid(public: bytes) -> MLKEM768X25519PublicKey:
    lattice = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES])  # ValueError, if not reduced
    return MLKEM768X25519PublicKey(lattice, _x25519(public[_MLKEM_PUBLIC_BYTES:]))


def _hybrid_halves(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = shake_256(seed).digest(_MLKEM_SEED_BYTES + SECRET_BYTES)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
    return lattice, X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])


def _hybrid_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    return MLKEM768X25519PrivateKey(*_hybrid_halves(seed))


def _hybrid_public(seed: bytes) -> bytes:
    lattice, curve = _hybrid_halves(seed)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


KINDS: Final[Mapping[str, Kind]] = {
    ED25519: Kind(
        fixed={"crv": ED25519, "kty": "OKP"},
        members={"x": COORDINATE_BYTES},
        private="d",
        load_public=_ed25519,
        load_private=Ed25519PrivateKey.from_private_bytes,
        public_of=lambda secret: Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw(),
        alg=ED25519,
        signature_bytes=64,
    ),
    P256: Kind(
        fixed={"crv": P256, "kty": "EC"},
        members={"x": COORDINATE_BYTES, "y": COORDINATE_BYTES},
        private="d",
        load_public=_p256,
        load_private=_p256_private,
        public_of=lambda secret: p256_point(_p256_private(secret)),
        new_secret=_p256_secret,
        alg=ES256,
        signature_bytes=64,
        suite=ECDH_ES_A256KW,
    ),
    X25519: Kind(
        fixed={"crv": X25519, "kty": "OKP"},
        members={"x": COORDINATE_BYTES},
        private="d",
        load_public=_x25519,
        load_private=X25519PrivateKey.from_private_bytes,
        public_of=lambda secret: X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw(),
        suite=ECDH_ES_A256KW,
    ),
    HPKE_9_KE: Kind(
        fixed={"alg": HPKE_9_KE, "kty": "AKP"},
        members={"pub": _MLKEM_PUBLIC_BYTES + COORDINATE_BYTES},
        private="priv",
        load_public=_hybrid,
        load_private=_hybrid_private,
        public_of=_hybrid_public,
        suite=HPKE_9_KE,
    ),
    ML_DSA_44: Kind(
        fixed={"alg": ML_DSA_44, "kty": "AKP"},
        members={"pub": 1312},
        private="priv",
        load_public=MLDSA44PublicKey.from_public_bytes,
        load_private=MLDSA44PrivateKey.from_seed_bytes,
        public_of=lambda seed: MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw(),
        alg=ML_DSA_44,
        signature_bytes=2420,
    ),
}
