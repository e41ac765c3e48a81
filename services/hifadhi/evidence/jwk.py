"""Keys as JSON (RFC 7517) of the kinds in `key_kinds.py`, and nothing else.

Rules for a public key, and the attack that each stops:

1. Exactly the members of its kind: a private part, or a second meaning, slipped into a published key.
2. Every member has its full length, in strict base64url: one key under two thumbprints.
3. The point is on its curve: ECDH with an invalid point gives the private key away, piece by piece.
4. A point of curve 25519 is canonical and not of small order: a key under which anybody can sign or read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.key_kinds import COORDINATE_BYTES, KINDS, SECRET_BYTES, AnyPrivateKey, AnyPublicKey

_ECDSA: Final = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Jwk:
    """A public key. `public` has the bytes of its kind's members, one behind the other. Make one with `parse`."""

    kind: str
    public: bytes
    kid: str = field(init=False, compare=False)
    """The RFC 7638 thumbprint."""
    key: AnyPublicKey = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        thumbprint = sha256(strict_json.dump(self.as_dict())).digest()  # the members are in RFC 7638's order
        object.__setattr__(self, "kid", b64u.encode(thumbprint))
        object.__setattr__(self, "key", KINDS[self.kind].load_public(self.public))

    @classmethod
    def parse(cls, obj: object, *, pointer: str = "") -> Self:
        """The key of a parsed JSON object, or Refused: SCHEMA, BAD_ENCODING."""
        name, public = _read(obj, pointer)
        with _sound(name, pointer):
            return cls(name, public)  # rules 3 and 4

    @property
    def alg(self) -> str:
        """What this key signs with: "Ed25519" (RFC 9864), "ES256" or "ML-DSA-44"; nothing, if it is for reading."""
        return KINDS[self.kind].alg

    def as_dict(self) -> dict[str, str]:
        """The JWK, members in RFC 7638's order."""
        return KINDS[self.kind].as_dict(self.public)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether this key made the signature, of its kind's exact length; for ES256 r and s (RFC 7518 §3.4)."""
        if len(signature) != KINDS[self.kind].signature_bytes:
            return False
        try:
            if isinstance(self.key, Ed25519PublicKey | MLDSA44PublicKey):
                self.key.verify(signature, data)
            elif isinstance(self.key, ec.EllipticCurvePublicKey):
                self.key.verify(_to_der(signature), data, _ECDSA)
            else:
                return False
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateJwk:
    """A private key with its public half. `repr` shows the public half only."""

    public: Jwk
    secret: bytes = field(repr=False, compare=False)
    """The bytes of its kind's private member."""
    key: AnyPrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", KINDS[self.public.kind].load_private(self.secret))

    @classmethod
    def generate(cls, kind: str) -> Self:
        """A new key of a kind of `key_kinds.py`, as "Ed25519". Refused: SCHEMA."""
        if kind not in KINDS:
            raise Refused(Fault("SCHEMA", "", f"a key is one of {', '.join(KINDS)}"))
        return cls._of(kind, KINDS[kind].new_secret())

    @classmethod
    def parse(cls, obj: object) -> Self:
        """The key of a parsed JSON object with its private part, or Refused: SCHEMA, BAD_ENCODING."""
        name, members = _closed(obj, "", private=True)
        private = KINDS[name].private
        public = Jwk.parse({member: value for member, value in members.items() if member != private})
        secret = b64u.decode(members[private], pointer=f"/{private}", length=SECRET_BYTES)
        try:
            own = cls._of(name, secret)
        except ValueError:
            raise Refused(Fault("SCHEMA", f"/{private}", f"must be a private key: {name}")) from None
        if own.public != public:
            raise Refused(Fault("SCHEMA", f"/{private}", "must be the private key of this public key"))
        return own

    @property
    def kid(self) -> str:
        """The public key's RFC 7638 thumbprint."""
        return self.public.kid

    def as_dict(self) -> dict[str, str]:
        """The JWK with its private part: for key files only."""
        return {**self.public.as_dict(), KINDS[self.public.kind].private: b64u.encode(self.secret)}

    def sign(self, data: bytes) -> bytes:
        """The signature, as `Jwk.verify` wants it. Refused: ALGORITHM, if this key is for reading."""
        if isinstance(self.key, Ed25519PrivateKey | MLDSA44PrivateKey):
            return self.key.sign(data)
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.key.sign(data, _ECDSA))
            return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)
        raise Refused(Fault("ALGORITHM", "", f"a key for reading does not sign: {self.public.kind}"))

    @classmethod
    def _of(cls, kind: str, secret: bytes) -> Self:
        return cls(Jwk(kind, KINDS[kind].public_of(secret)), secret)


def used_once(obj: object, *, pointer: str = "") -> AnyPublicKey:
    """The key of a parsed JSON object that nobody names: without its thumbprint. Refused as by `Jwk.parse`."""
    name, public = _read(obj, pointer)
    with _sound(name, pointer):
        return KINDS[name].load_public(public)  # rules 3 and 4


def _read(obj: object, pointer: str) -> tuple[str, bytes]:
    """The kind and the public members' bytes."""
    name, members = _closed(obj, pointer, private=False)  # rule 1
    public = [
        b64u.decode(members[member], pointer=f"{pointer}/{member}", length=length)  # rule 2
        for member, length in KINDS[name].members.items()
    ]
    return name, b"".join(public)


@contextmanager
def _sound(name: str, pointer: str) -> Iterator[None]:
    try:
        yield
    except ValueError:
        where = f"{pointer}/{KINDS[name].first}"
        raise Refused(Fault("SCHEMA", where, f"must be a sound key: {name}")) from None


def _closed(obj: object, pointer: str, *, private: bool) -> tuple[str, dict[str, str]]:
    """The kind and the members of a JWK that has exactly those of its kind, with its private one or without."""
    for name, kind in KINDS.items():
        if isinstance(obj, dict) and all(obj.get(member) == value for member, value in kind.fixed.items()):
            names = (*kind.fixed, *kind.members, *([kind.private] if private else []))
            return name, strict_json.members(obj, names, pointer=pointer)
    raise Refused(Fault("SCHEMA", pointer, f"must be a JWK of one of these kinds: {', '.join(KINDS)}"))


def _to_der(signature: bytes) -> bytes:
    half = COORDINATE_BYTES
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
