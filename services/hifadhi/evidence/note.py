"""Signed notes (C2SP signed-note v1): Ed25519, signature type 0x01, and on checkpoints ML-DSA-44, 0x06.

Rules for opening a note, and the attack that each stops:

1. At most 1 MiB and 100 signatures: a note that costs its reader more than its writer.
2. UTF-8 without control characters other than newline: a text that a terminal shows otherwise than it was signed.
3. Behind the text's last empty line stand signature lines and nothing else: unsigned words that look signed.
4. Strict base64: one signature in two spellings.
5. A key is known by name and id together: an unknown key passed off as a known one.
6. A signature by a known key verifies, or the note is refused whole: a forgery hidden behind a genuine signature.
7. A key counts once, however often it signs: one key counted as a quorum.
8. At least one known key has signed: a text that nobody vouches for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence import b64, cosignature, key_kinds
from hifadhi.evidence.jwk import Jwk

ED25519: Final = 0x01
ML_DSA_44: Final = 0x06
_KINDS: Final[Mapping[int, str]] = {ED25519: key_kinds.ED25519, ML_DSA_44: key_kinds.ML_DSA_44}
KEY_ID_BYTES: Final = 4
MAX_NOTE: Final = 1024 * 1024
MAX_SIGNATURES: Final = 100

SigningKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey

_UNFIT: Final = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_SIGNATURE_LINE: Final = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name. Refused: SCHEMA, if either is not sound.

    `public`: the 32 bytes of RFC 8032, or of a key of ML-DSA-44 the 1,312 of FIPS 204; `alg`: the signature type.
    """

    name: str
    public: bytes
    alg: int = ED25519
    key_id: bytes = field(init=False)
    _key: Jwk = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            key = Jwk(_KINDS[self.alg], self.public)
        except (KeyError, ValueError):
            raise Refused(Fault("SCHEMA", "", "the key must be a sound one of Ed25519 or ML-DSA-44")) from None
        object.__setattr__(self, "key_id", key_id(self.name, self.alg, self.public))
        object.__setattr__(self, "_key", key)

    @classmethod
    def of(cls, name: str, jwk: Jwk) -> Self:
        """The verifier of a key that signs checkpoints. Refused: SCHEMA, if it is of another kind."""
        alg = next((alg for alg, kind in _KINDS.items() if kind == jwk.kind), 0)
        return cls(name, jwk.public, alg)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a verifier string, spelled exactly as `format` does. Refused: SCHEMA."""
        name, _, rest = text.partition("+")
        try:
            raw = b64.decode(rest.partition("+")[2])
        except Tampered:
            raw = b""
        verifier = cls(name, raw[1:], raw[0] if raw else 0)
        if verifier.format() != text:
            raise Refused(
                Fault("SCHEMA", "", "must be name+id+base64 of type and key, the id that of all three (C2SP)")
            )
        return verifier

    def format(self) -> str:
        """The verifier string: name, id in hexadecimal, base64 of type and key, with a plus sign between them."""
        return f"{self.name}+{self.key_id.hex()}+{b64.encode(bytes([self.alg]) + self.public)}"

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature, of its type's exact form, over the note's text."""
        if self.alg == ML_DSA_44:
            return cosignature.verify(text, signature, name=self.name, key=self._key)
        return self._key.verify(signature, text.encode())


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, and the signature's bytes without the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"\u2014 {self.name} {b64.encode(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: its text, the keys that signed it, each once, and the signatures by unknown keys."""

    text: str
    verified: tuple[Verifier, ...]
    unverified: tuple[Signature, ...]


def key_id(name: str, alg: int, public: bytes) -> bytes:
    """The 4 bytes by which a signature names its key; `alg` is the signature type. Refused: SCHEMA for a bad name."""
    if not _NAME.fullmatch(name):
        raise Refused(Fault("SCHEMA", "", "a key's name has at least one character, no white space and no plus sign"))
    return sha256(name.encode() + b"\n" + bytes([alg]) + public).digest()[:KEY_ID_BYTES]


def sign(text: str, *, name: str, private: SigningKey, more: Sequence[SigningKey] = ()) -> str:
    """The whole note: the text, which ends with a newline, and its signatures. Refused: SCHEMA, TOO_LARGE."""
    if not text.endswith("\n") or _UNFIT.search(text):
        raise Refused(Fault("SCHEMA", "", "a note's text ends with a newline and has no other control characters"))
    note = f"{text}\n" + "".join(_signed(text, name, key).line() for key in (private, *more))
    if len(note.encode()) > MAX_NOTE:
        raise Refused(Fault("TOO_LARGE", "", f"a note has at most {MAX_NOTE} bytes"))
    return note


def _signed(text: str, name: str, private: SigningKey) -> Signature:
    public = private.public_key().public_bytes_raw()
    if isinstance(private, MLDSA44PrivateKey):
        value = cosignature.sign(text, name=name, private=private)
        return Signature(name, key_id(name, ML_DSA_44, public), value)
    return Signature(name, key_id(name, ED25519, public), private.sign(text.encode()))


def open_note(note: str | bytes, verifiers: Sequence[Verifier]) -> Note:
    """The note, if at least one of these keys signed it and none of them is misused; else Tampered.

    Refused: SCHEMA, if two of the keys share a name and an id.
    """
    known = _by_name_and_id(verifiers)
    text, signatures = _split(plain_text(note))
    verified: list[Verifier] = []
    unverified: list[Signature] = []
    for signature in signatures:
        verifier = known.get((signature.name, signature.key_id))  # rule 5
        if verifier is None:
            unverified.append(signature)
        elif not verifier.verify(text, signature.value):  # rule 6
            raise Tampered(f"the note's signature by {verifier.name} does not verify")
        elif verifier not in verified:  # rule 7
            verified.append(verifier)
    if not verified:  # rule 8
        raise Tampered("the note is not signed by a known key")
    return Note(text, tuple(verified), tuple(unverified))


def plain_text(raw: str | bytes) -> str:
    """The text of a note, or of a file that holds one, if rules 1 and 2 let it through; else Tampered."""
    encoded = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(encoded) > MAX_NOTE:  # rule 1
        raise Tampered(f"a note has at most {MAX_NOTE} bytes")
    try:
        text = encoded.decode()  # rule 2: refuses half surrogate pairs too
    except UnicodeDecodeError:
        raise Tampered("a note is UTF-8") from None
    if _UNFIT.search(text):  # rule 2
        raise Tampered("a note has no control characters other than newline")
    return text


def _split(note: str) -> tuple[str, list[Signature]]:
    """The text, with its newline, and the signatures of a note."""
    text, blank, tail = note.rpartition("\n\n")  # rule 3
    if not blank or not tail.endswith("\n"):
        raise Tampered("a note is a text, an empty line, and signature lines that end with a newline")
    if tail.count("\n") > MAX_SIGNATURES:  # rule 1
        raise Tampered(f"a note has at most {MAX_SIGNATURES} signatures")
    return f"{text}\n", [_signature(line) for line in tail[:-1].split("\n")]


def _signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)  # rule 3
    if match is None:
        raise Tampered("a signature line is an em dash, a name and base64, with a space between them")
    raw = b64.decode(match[2])  # rule 4
    if len(raw) <= KEY_ID_BYTES:
        raise Tampered("a signature line holds a key id and a signature")
    return Signature(match[1], raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _by_name_and_id(verifiers: Sequence[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    if set(known.values()) != set(verifiers):
        raise Refused(Fault("SCHEMA", "", "two of the known keys have the same name and id"))
    return known
