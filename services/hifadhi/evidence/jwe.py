"""Sealed parts: JWE General JSON (RFC 7516), ECDH-ES+A256KW on P-256 (RFC 7518 §4.6), A256GCM.

Rules for opening, and the attack that each stops:

1. Size, depth and number of readers are bounded before any key is used: work without end.
2. Exactly the members of the design: an unauthenticated value read as if it were sealed.
3. One suite for all readers, named, never chosen by the sender of the moment: a downgrade.
4. One entry for each reader: two readings of who can read.
5. The ephemeral key is a point of P-256: an invalid point gives the reading key away.
6. The authenticated header names this message, part and sender: a ciphertext moved elsewhere.

Opening proves nothing about who sealed, nor that every reader gets the same text: that is for the signed digest and
the commitment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.jwk import COORDINATE_BYTES, P256, AnyPrivateKey, AnyPublicKey, Jwk, PrivateJwk

ALG: Final = "ECDH-ES+A256KW"
ENC: Final = "A256GCM"
TYP: Final = "hifadhi-part+jwe"
MAX_READERS: Final = 64
MAX_SEALED: Final = 1024 * 1024

_KEY_BYTES: Final = 32
_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = _KEY_BYTES + 8  # RFC 3394 adds one block
_DEPTH: Final = 5  # sealed, recipients, recipient, header, epk


def seal(plaintext: bytes, *, message: str, part: str, sender: str, readers: Sequence[Jwk]) -> str:
    """The plaintext, sealed to the readers' P-256 keys in this order. Refused: SCHEMA, TOO_LARGE."""
    if not 1 <= len(readers) <= MAX_READERS or len({reader.kid for reader in readers}) != len(readers):
        raise Refused(Fault("SCHEMA", "", f"a part is sealed to 1 to {MAX_READERS} different keys"))
    protected = b64u.encode(strict_json.dump(_header(message, part, sender)))
    content_key, iv = token_bytes(_KEY_BYTES), token_bytes(_IV_BYTES)
    ciphertext = AESGCM(content_key).encrypt(iv, plaintext, protected.encode("ascii"))
    sealed = strict_json.dump(
        {
            "protected": protected,
            "recipients": [_wrap_key(content_key, reader) for reader in readers],
            "iv": b64u.encode(iv),
            "ciphertext": b64u.encode(ciphertext[:-_TAG_BYTES]),
            "tag": b64u.encode(ciphertext[-_TAG_BYTES:]),
        }
    )
    if len(sealed) > MAX_SEALED:
        raise Refused(Fault("TOO_LARGE", "", f"a sealed part has at most {MAX_SEALED} bytes"))
    return sealed.decode("ascii")


def open_sealed(sealed: str, *, keys: Sequence[PrivateJwk], message: str, part: str, sender: str) -> bytes:
    """The plaintext of a part that was sealed to one of `keys`, as this part of this message by this sender.

    Refused: UNOPENABLE, whatever is wrong.
    """
    try:
        return _open(_Sealed.parse(sealed), keys, _header(message, part, sender))
    except Refused as refused:
        raise _unopenable(refused) from None
    except (InvalidUnwrap, InvalidTag):
        raise Refused(
            Fault("UNOPENABLE", "", "what was sealed has been changed, or was sealed to another key")
        ) from None


def digest(sealed: str) -> str:
    """SHA-256 of the string's bytes, in base64url. Refused: BAD_ENCODING."""
    return b64u.encode(sha256(_bytes(sealed)).digest())


def derive_key(secret: bytes, algorithm: str, *, length: int, apu: bytes = b"", apv: bytes = b"") -> bytes:
    """`length` bytes of key from a shared secret: the Concat KDF as RFC 7518 §4.6.2 fills it in."""
    counted = b"".join(len(field).to_bytes(4) + field for field in (algorithm.encode("ascii"), apu, apv))
    return ConcatKDFHash(SHA256(), length, counted + (8 * length).to_bytes(4)).derive(secret)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One reader's way to the content key."""

    kid: str
    epk: object
    encrypted_key: bytes
    pointer: str

    @classmethod
    def parse(cls, value: object, pointer: str) -> Self:
        members = strict_json.members(value, ("header", "encrypted_key"), pointer=pointer)  # rule 2
        at = f"{pointer}/header"
        header = strict_json.members(members["header"], ("alg", "kid", "epk"), pointer=at)
        if header["alg"] != ALG:  # rule 3
            raise Refused(Fault("ALGORITHM", f"{at}/alg", f"must be {ALG}"))
        b64u.decode(header["kid"], pointer=f"{at}/kid", length=sha256().digest_size)
        at = f"{pointer}/encrypted_key"
        wrapped = b64u.decode(members["encrypted_key"], pointer=at, length=_WRAPPED_BYTES)
        return cls(header["kid"], header["epk"], wrapped, pointer)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A part as it was sealed; `protected` is the text that is authenticated with the content."""

    protected: str
    entries: tuple[_Entry, ...]
    iv: bytes
    ciphertext: bytes

    @classmethod
    def parse(cls, sealed: str) -> Self:
        raw = _bytes(sealed)
        if len(raw) > MAX_SEALED:  # rule 1
            raise Refused(Fault("TOO_LARGE", "", f"a sealed part has at most {MAX_SEALED} bytes"))
        value = strict_json.parse(raw, max_depth=_DEPTH)
        members = strict_json.members(value, ("protected", "recipients", "iv", "ciphertext", "tag"))  # rule 2
        return cls(
            members["protected"],
            _entries(members["recipients"]),
            b64u.decode(members["iv"], pointer="/iv", length=_IV_BYTES),
            b64u.decode(members["ciphertext"], pointer="/ciphertext")
            + b64u.decode(members["tag"], pointer="/tag", length=_TAG_BYTES),
        )


def _entries(value: object) -> tuple[_Entry, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_READERS:  # rule 1
        raise Refused(Fault("SCHEMA", "/recipients", f"must be a list of 1 to {MAX_READERS} readers"))
    entries = tuple(_Entry.parse(item, f"/recipients/{index}") for index, item in enumerate(value))
    if len({entry.kid for entry in entries}) != len(entries):  # rule 4
        raise Refused(Fault("SCHEMA", "/recipients", "a key must be named once only"))
    return entries


def _open(sealed: _Sealed, keys: Sequence[PrivateJwk], expected: dict[str, str]) -> bytes:
    header = strict_json.parse(b64u.decode(sealed.protected, pointer="/protected"), max_depth=1, pointer="/protected")
    if header != expected:  # rules 2 and 6
        raise Refused(Fault("SCHEMA", "/protected", "must name this message, part and sender, and nothing else"))
    ours = ((key, entry) for key in keys for entry in sealed.entries if entry.kid == key.kid)
    key, entry = next(ours, (None, None))
    if key is None or entry is None:
        raise Refused(Fault("READER_UNKNOWN", "/recipients", "was not sealed to this key"))
    epk = Jwk.parse(entry.epk, pointer=f"{entry.pointer}/header/epk")  # rule 5
    content_key = aes_key_unwrap(_key_for_keys(key.key, epk.key), entry.encrypted_key)
    return AESGCM(content_key).decrypt(sealed.iv, sealed.ciphertext, sealed.protected.encode("ascii"))


def _wrap_key(content_key: bytes, reader: Jwk) -> dict[str, Any]:
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    wrapped = aes_key_wrap(_key_for_keys(ephemeral, reader.key), content_key)
    header = {"alg": ALG, "kid": reader.kid, "epk": _epk(ephemeral)}
    return {"header": header, "encrypted_key": b64u.encode(wrapped)}


def _epk(ephemeral: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half as a JWK; made of nothing but its coordinates, for it is used once."""
    point = ephemeral.public_key().public_numbers()
    x, y = (b64u.encode(number.to_bytes(COORDINATE_BYTES)) for number in (point.x, point.y))
    return {"crv": P256, "kty": "EC", "x": x, "y": y}


def _key_for_keys(mine: AnyPrivateKey, theirs: AnyPublicKey) -> bytes:
    """The key that wraps the content key, from either side of the exchange."""
    if not isinstance(mine, ec.EllipticCurvePrivateKey) or not isinstance(theirs, ec.EllipticCurvePublicKey):
        raise Refused(Fault("ALGORITHM", "", "a reading key is on P-256"))
    return derive_key(mine.exchange(ec.ECDH(), theirs), ALG, length=_KEY_BYTES)


def _header(message: str, part: str, sender: str) -> dict[str, str]:
    return {"enc": ENC, "typ": TYP, "message": message, "part": part, "from": sender}


def _bytes(sealed: str) -> bytes:
    try:
        return sealed.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(Fault("BAD_ENCODING", "", "must be UTF-8, with no half of a surrogate pair")) from None


def _unopenable(refused: Refused) -> Refused:
    return Refused(*(Fault("UNOPENABLE", fault.pointer, fault.message) for fault in refused.faults))
