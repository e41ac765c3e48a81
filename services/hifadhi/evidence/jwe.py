"""Sealed parts: JWE General JSON (RFC 7516), A256GCM, in one of the suites of `sealing_suites.py`.

Rules for opening, and the attack that each stops:

1. Size, depth and number of readers are bounded before any key is used: work without end.
2. Exactly the members of the design: an unauthenticated value read as if it were sealed.
3. One suite for all readers, and the one that the signed header names: a downgrade on the way.
4. One entry for each reader: two readings of who can read.
5. The ephemeral key is a sound key of the reader's kind: an invalid point gives the reading key away.
6. The authenticated header names this message, part and sender: a ciphertext moved elsewhere.

Opening proves nothing about who sealed, nor that every reader gets the same text: that is for the signed digest and
the commitment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import KINDS
from hifadhi.evidence.sealing_suites import ENC, KEY_BYTES, SUITES

TYP: Final = "hifadhi-part+jwe"
MAX_READERS: Final = 64
MAX_SEALED: Final = 1024 * 1024

_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
_DEPTH: Final = 5  # sealed, recipients, recipient, header, epk


def seal(plaintext: bytes, *, message: str, part: str, sender: str, readers: Sequence[Jwk]) -> str:
    """The plaintext, sealed to the readers' keys in this order. Refused: SCHEMA, ALGORITHM, TOO_LARGE."""
    if not 1 <= len(readers) <= MAX_READERS or len({reader.kid for reader in readers}) != len(readers):
        raise Refused(Fault("SCHEMA", "", f"a part is sealed to 1 to {MAX_READERS} different keys"))
    suite = suite_of(readers)
    protected = b64u.encode(strict_json.dump(_header(message, part, sender)))
    content_key, iv = token_bytes(KEY_BYTES), token_bytes(_IV_BYTES)
    ciphertext = AESGCM(content_key).encrypt(iv, plaintext, protected.encode("ascii"))
    sealed = strict_json.dump(
        {
            "protected": protected,
            "recipients": [_entry(suite, content_key, reader) for reader in readers],
            "iv": b64u.encode(iv),
            "ciphertext": b64u.encode(ciphertext[:-_TAG_BYTES]),
            "tag": b64u.encode(ciphertext[-_TAG_BYTES:]),
        }
    )
    if len(sealed) > MAX_SEALED:
        raise Refused(Fault("TOO_LARGE", "", f"a sealed part has at most {MAX_SEALED} bytes"))
    return sealed.decode("ascii")


def suite_of(readers: Sequence[Jwk]) -> str:
    """The suite in which a part is sealed to these keys. Refused: ALGORITHM, if they are not all of one."""
    suites = {KINDS[reader.kind].suite for reader in readers}
    if len(suites) != 1 or not suites <= SUITES.keys():
        raise Refused(Fault("ALGORITHM", "", f"a part is sealed to reading keys of one suite: {' or '.join(SUITES)}"))
    return suites.pop()


def open_sealed(sealed: str, *, suite: str, keys: Sequence[PrivateJwk], message: str, part: str, sender: str) -> bytes:
    """The plaintext of a part that was sealed in `suite` to one of `keys`, as this part of this message by this sender.

    Refused: UNOPENABLE, whatever is wrong.
    """
    try:
        return _open(_Sealed.parse(sealed, suite), suite, keys, _header(message, part, sender))
    except Refused as refused:
        raise _unopenable(refused) from None
    except (InvalidUnwrap, InvalidTag):
        raise Refused(
            Fault("UNOPENABLE", "", "what was sealed has been changed, or was sealed to another key")
        ) from None


def digest(sealed: str) -> str:
    """SHA-256 of the string's bytes, in base64url. Refused: BAD_ENCODING."""
    return b64u.encode(sha256(_bytes(sealed)).digest())


@dataclass(frozen=True, slots=True)
class _Entry:
    """One reader's way to the content key; `way` is what its suite has beside `alg` and `kid`: `epk` or `ek`."""

    kid: str
    way: object
    encrypted_key: bytes
    pointer: str

    @classmethod
    def parse(cls, value: object, suite: str, pointer: str) -> Self:
        members = strict_json.members(value, ("header", "encrypted_key"), pointer=pointer)  # rule 2
        at, names = f"{pointer}/header", SUITES[suite].header
        if isinstance(members["header"], dict) and members["header"].get("alg") != suite:  # rule 3
            raise Refused(Fault("ALGORITHM", f"{at}/alg", f"must be {suite}, as the message says"))
        header = strict_json.members(members["header"], names, pointer=at)
        b64u.decode(header["kid"], pointer=f"{at}/kid", length=sha256().digest_size)
        encrypted_at = f"{pointer}/encrypted_key"
        wrapped = b64u.decode(members["encrypted_key"], pointer=encrypted_at, length=SUITES[suite].wrapped_bytes)
        return cls(header["kid"], header[names[-1]], wrapped, f"{at}/{names[-1]}")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A part as it was sealed; `protected` is the text that is authenticated with the content."""

    protected: str
    entries: tuple[_Entry, ...]
    iv: bytes
    ciphertext: bytes

    @classmethod
    def parse(cls, sealed: str, suite: str) -> Self:
        raw = _bytes(sealed)
        if len(raw) > MAX_SEALED:  # rule 1
            raise Refused(Fault("TOO_LARGE", "", f"a sealed part has at most {MAX_SEALED} bytes"))
        value = strict_json.parse(raw, max_depth=_DEPTH)
        members = strict_json.members(value, ("protected", "recipients", "iv", "ciphertext", "tag"))  # rule 2
        return cls(
            members["protected"],
            _entries(members["recipients"], suite),
            b64u.decode(members["iv"], pointer="/iv", length=_IV_BYTES),
            b64u.decode(members["ciphertext"], pointer="/ciphertext")
            + b64u.decode(members["tag"], pointer="/tag", length=_TAG_BYTES),
        )


def _entries(value: object, suite: str) -> tuple[_Entry, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_READERS:  # rule 1
        raise Refused(Fault("SCHEMA", "/recipients", f"must be a list of 1 to {MAX_READERS} readers"))
    entries = tuple(_Entry.parse(item, suite, f"/recipients/{index}") for index, item in enumerate(value))
    if len({entry.kid for entry in entries}) != len(entries):  # rule 4
        raise Refused(Fault("SCHEMA", "/recipients", "a key must be named once only"))
    return entries


def _open(sealed: _Sealed, suite: str, keys: Sequence[PrivateJwk], expected: dict[str, str]) -> bytes:
    header = strict_json.parse(b64u.decode(sealed.protected, pointer="/protected"), max_depth=1, pointer="/protected")
    if header != expected:  # rules 2 and 6
        raise Refused(Fault("SCHEMA", "/protected", "must name this message, part and sender, and nothing else"))
    ours = ((key, entry) for key in keys for entry in sealed.entries if entry.kid == key.kid)
    key, entry = next(ours, (None, None))
    if key is None or entry is None:
        raise Refused(Fault("READER_UNKNOWN", "/recipients", "was not sealed to this key"))
    content_key = SUITES[suite].unwrap(key, entry.way, entry.pointer, entry.encrypted_key)  # rule 5
    return AESGCM(content_key).decrypt(sealed.iv, sealed.ciphertext, sealed.protected.encode("ascii"))


def _entry(suite: str, content_key: bytes, reader: Jwk) -> dict[str, object]:
    way, wrapped = SUITES[suite].wrap(content_key, reader)
    header = dict(zip(SUITES[suite].header, (suite, reader.kid, way), strict=True))
    return {"header": header, "encrypted_key": b64u.encode(wrapped)}


def _header(message: str, part: str, sender: str) -> dict[str, str]:
    return {"enc": ENC, "typ": TYP, "message": message, "part": part, "from": sender}


def _bytes(sealed: str) -> bytes:
    try:
        return sealed.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(Fault("BAD_ENCODING", "", "must be UTF-8, with no half of a surrogate pair")) from None


def _unopenable(refused: Refused) -> Refused:
    return Refused(*(Fault("UNOPENABLE", fault.pointer, fault.message) for fault in refused.faults))
