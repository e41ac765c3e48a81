"""Keys as JSON (RFC 7517, RFC 8037): Ed25519 and P-256, nothing else.

Rules for a public key, and the attack that each stops:

1. Exactly the members of its type: a private part, or a second meaning, slipped into a published key.
2. Every coordinate has its full length, in strict base64url: one key under two thumbprints.
3. The point is on its curve: ECDH with an invalid point gives the private key away, piece by piece.
4. An Ed25519 point is canonical and not of small order: a key under which anybody can sign.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, Self, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json

ED25519: Final = "Ed25519"
P256: Final = "P-256"
ES256: Final = "ES256"
COORDINATE_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

AnyPublicKey: TypeAlias = Ed25519PublicKey | ec.EllipticCurvePublicKey
AnyPrivateKey: TypeAlias = Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_MEMBERS: Final = {("OKP", ED25519): ("crv", "kty", "x"), ("EC", P256): ("crv", "kty", "x", "y")}
_ECDSA: Final = ec.ECDSA(SHA256())

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


@dataclass(frozen=True, slots=True)
class Jwk:
    """A public key. `x` and `y` are the coordinates' bytes, `y` empty for Ed25519. Make one with `parse`."""

    crv: str
    x: bytes
    y: bytes
    kid: str = field(init=False, compare=False)
    """The RFC 7638 thumbprint."""
    key: AnyPublicKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        thumbprint = sha256(strict_json.dump(self.as_dict())).digest()  # the members are in RFC 7638's order
        object.__setattr__(self, "kid", b64u.encode(thumbprint))
        object.__setattr__(self, "key", _public_key(self.x, self.y))

    @classmethod
    def parse(cls, obj: object, *, pointer: str = "") -> Self:
        """The key of a parsed JSON object, or Refused: SCHEMA, BAD_ENCODING."""
        crv, members = _closed(obj, (), pointer)  # rule 1
        x = b64u.decode(members["x"], pointer=f"{pointer}/x", length=COORDINATE_BYTES)  # rule 2
        y = b64u.decode(members["y"], pointer=f"{pointer}/y", length=COORDINATE_BYTES) if crv == P256 else b""
        try:
            return cls(crv, x, y)
        except ValueError:
            raise Refused(Fault("SCHEMA", f"{pointer}/x", "must be a sound point of its curve")) from None

    @property
    def alg(self) -> str:
        """What this key signs with: "Ed25519" (RFC 9864) or "ES256"."""
        return ES256 if self.y else ED25519

    def as_dict(self) -> dict[str, str]:
        """The JWK, members in RFC 7638's order."""
        if self.y:
            return {"crv": self.crv, "kty": "EC", "x": b64u.encode(self.x), "y": b64u.encode(self.y)}
        return {"crv": self.crv, "kty": "OKP", "x": b64u.encode(self.x)}

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether this key made the signature: 64 bytes, for ES256 r and s (RFC 7518 §3.4)."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, data)
            else:
                self.key.verify(_to_der(signature), data, _ECDSA)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateJwk:
    """A private key with its public half. `repr` shows the public half only."""

    public: Jwk
    key: AnyPrivateKey = field(repr=False, compare=False)

    @classmethod
    def generate(cls, crv: str) -> Self:
        """A new key on "Ed25519" or "P-256"."""
        if crv == ED25519:
            return cls._of(Ed25519PrivateKey.generate())
        if crv == P256:
            return cls._of(ec.generate_private_key(ec.SECP256R1()))
        raise Refused(Fault("SCHEMA", "", "a key is on Ed25519 or P-256"))

    @classmethod
    def parse(cls, obj: object) -> Self:
        """The key of a parsed JSON object whose `d` belongs to its `x` and `y`, or Refused: SCHEMA, BAD_ENCODING."""
        crv, members = _closed(obj, ("d",), "")
        public = Jwk.parse({name: value for name, value in members.items() if name != "d"})
        d = b64u.decode(members["d"], pointer="/d", length=COORDINATE_BYTES)
        try:
            private = cls._of(_private_key(crv, d))
        except ValueError:
            raise Refused(Fault("SCHEMA", "/d", "must be a private key of its curve")) from None
        if private.public != public:
            raise Refused(Fault("SCHEMA", "/d", "must be the private key of this public key"))
        return private

    @property
    def kid(self) -> str:
        """The public key's RFC 7638 thumbprint."""
        return self.public.kid

    def as_dict(self) -> dict[str, str]:
        """The JWK with its private part `d`: for key files only."""
        if isinstance(self.key, Ed25519PrivateKey):
            d = self.key.private_bytes_raw()
        else:
            d = self.key.private_numbers().private_value.to_bytes(COORDINATE_BYTES)
        return {**self.public.as_dict(), "d": b64u.encode(d)}

    def sign(self, data: bytes) -> bytes:
        """The signature, as `Jwk.verify` wants it."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(data)
        r, s = decode_dss_signature(self.key.sign(data, _ECDSA))
        return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)

    @classmethod
    def _of(cls, key: AnyPrivateKey) -> Self:
        if isinstance(key, Ed25519PrivateKey):
            return cls(Jwk(ED25519, key.public_key().public_bytes_raw(), b""), key)
        point = key.public_key().public_numbers()
        return cls(Jwk(P256, point.x.to_bytes(COORDINATE_BYTES), point.y.to_bytes(COORDINATE_BYTES)), key)


def _closed(obj: object, more: tuple[str, ...], pointer: str) -> tuple[str, dict[str, str]]:
    """The curve and the members of a JWK that has exactly those of its type, and `more`."""
    kind = (obj.get("kty"), obj.get("crv")) if isinstance(obj, dict) else (None, None)
    for known, names in _MEMBERS.items():
        if kind == known:
            return known[1], strict_json.members(obj, (*names, *more), pointer=pointer)
    raise Refused(Fault("SCHEMA", pointer, "must be a JWK of kty OKP and crv Ed25519, or of kty EC and crv P-256"))


def _public_key(x: bytes, y: bytes) -> AnyPublicKey:
    if y:
        point = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
        return point.public_key()  # rule 3: ValueError off the curve
    return _ed25519(x)


@lru_cache(maxsize=4096)  # a directory's statements are read more than once, and the check is as dear as a signature's
def _ed25519(x: bytes) -> Ed25519PublicKey:
    if not _is_sound_ed25519(x):
        raise ValueError("not a sound point")
    return Ed25519PublicKey.from_public_bytes(x)


def _is_sound_ed25519(encoded: bytes) -> bool:
    """Whether RFC 8032 §5.1.3 decodes this point, it is the only encoding, and the order is not small."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= _P or _is_small_order(y):  # rule 4
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(x_squared, (_P - 1) // 2, _P) == 1  # rule 3


def _is_small_order(y: int) -> bool:
    """Whether eight times the point is neutral: y is 0, 1 or -1, or the double has y = 0 (then x^2 = -y^2)."""
    return y in {0, 1, _P - 1} or (_D * y**4 + 2 * y * y - 1) % _P == 0


def _private_key(crv: str, d: bytes) -> AnyPrivateKey:
    if crv == ED25519:
        return Ed25519PrivateKey.from_private_bytes(d)
    return ec.derive_private_key(int.from_bytes(d), ec.SECP256R1())


def _to_der(signature: bytes) -> bytes:
    half = COORDINATE_BYTES
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
