"""Signatures: JWS (RFC 7515), General JSON for messages, compact for what the hub and the agencies answer.

Rules, and the attack that each stops:

1. Exactly the members of the design, no unprotected header: an unsigned value read as if it were signed.
2. Strict base64url and strict JSON: one message in two readings.
3. `typ` is what the caller expects: a signature made for one kind of thing passed off as another.
4. The algorithm is the key's own, never the header's choice: a downgrade, or a public key used as a shared secret.
5. The key is the one that the header names: another agency's signature counted as this one's.
6. No key signs twice: one key counted as a threshold of keys.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ES256

MESSAGE: Final = "hifadhi-message+jws"
RECEIPT: Final = "hifadhi-receipt+jws"
REFUSAL: Final = "hifadhi-refusal+jws"
ACCESS: Final = "hifadhi-access+jwt"

MAX_PAYLOAD: Final = 6 * 1024
MAX_SIGNATURES: Final = 16  # a rotation with eight old governance keys and eight new ones
MAX_PROTECTED: Final = 512
MAX_SIGNATURE_VALUE: Final = 1024
MAX_ENVELOPE: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. `protected` is the header's JSON as it was signed, byte for byte."""

    protected: bytes
    alg: str
    kid: str
    typ: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """That a key made `value`, the signature, over `data`. To be checked by itself, wherever and whenever."""

    key: Jwk
    value: bytes
    data: bytes

    def holds(self) -> bool:
        """Whether it is true."""
        return self.key.verify(self.value, self.data)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Signed bytes with their signatures, the sender's first."""

    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def digest(self) -> str:
        """The identity of what was signed: SHA-256 of the payload, in base64url."""
        return b64u.encode(sha256(self.payload).digest())

    def to_bytes(self) -> bytes:
        """The one form in which the hub keeps an envelope: these keys, this order, no white space."""
        signatures = ",".join(
            f'{{"protected":"{_header_text(s.protected)}","signature":"{b64u.encode(s.value)}"}}'
            for s in self.signatures
        )
        return f'{{"payload":"{b64u.encode(self.payload)}","signatures":[{signatures}]}}'.encode("ascii")

    def countersigned(self, typ: str, key: PrivateJwk) -> "Envelope":
        """The same payload with one more signature behind those that it has."""
        return Envelope(self.payload, (*self.signatures, _sign(self.payload, typ, key)))

    def check_algorithms(self, *, pointer: str = "") -> None:
        """Refused: ALGORITHM, if a signature was made with anything but Ed25519 or ES256."""
        for index, signature in enumerate(self.signatures):
            _check_algorithm(signature.alg, _protected_at(pointer, index))

    def claim(self, index: int, key: Jwk, *, pointer: str = "") -> Claim:
        """That `key` made the signature at `index`; Refused: ALGORITHM, SIGNATURE, if its header says otherwise."""
        if index >= len(self.signatures):
            raise Refused(Fault("SIGNATURE", f"{pointer}/signatures", f"must hold a signature at index {index}"))
        return _claim(self.signatures[index], self.payload, key, f"{pointer}/signatures/{index}")

    def verify(self, index: int, key: Jwk, *, pointer: str = "") -> None:
        """Nothing, if `key` made the signature at `index`; else Refused: ALGORITHM, SIGNATURE."""
        _check(self.claim(index, key, pointer=pointer), f"{pointer}/signatures/{index}")


def parse_envelope(value: object, *, typ: str, pointer: str = "") -> Envelope:
    """The envelope of a parsed JSON object that stands at `pointer`.

    Refused: TOO_LARGE, BAD_ENCODING, NOT_JSON, DUPLICATE_KEY, SCHEMA. No signature is checked yet, and any string
    passes as `alg`, so that a caller can place `check_algorithms` where its order of codes wants it.
    """
    members = strict_json.members(value, ("payload", "signatures"), pointer=pointer)  # rule 1
    payload = _decode(members["payload"], MAX_PAYLOAD, f"{pointer}/payload", "TOO_LARGE")
    entries = members["signatures"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_SIGNATURES:
        raise Refused(Fault("SCHEMA", f"{pointer}/signatures", f"must be a list of 1 to {MAX_SIGNATURES} signatures"))
    signatures = tuple(_signature(entry, typ, f"{pointer}/signatures/{i}") for i, entry in enumerate(entries))
    if len({signature.kid for signature in signatures}) != len(signatures):  # rule 6
        raise Refused(Fault("SCHEMA", f"{pointer}/signatures", "a key must sign once only"))
    return Envelope(payload, signatures)


def read_envelope(raw: bytes, *, typ: str) -> Envelope:
    """The envelope of bytes that `Envelope.to_bytes` wrote, as in leaves and topics; Refused as by `parse_envelope`."""
    if len(raw) > MAX_ENVELOPE:
        raise Refused(Fault("TOO_LARGE", "", f"an envelope has at most {MAX_ENVELOPE} bytes"))
    with suppress(Refused):  # then the long way says what is wrong
        if (value := _cut(raw)) is not None:
            return parse_envelope(value, typ=typ)
    envelope = parse_envelope(strict_json.parse(raw), typ=typ)
    if envelope.to_bytes() != raw:
        raise Refused(Fault("SCHEMA", "", "an envelope has one form: these keys, this order, no white space"))
    return envelope


def sign(payload: bytes, *, typ: str, keys: Sequence[PrivateJwk]) -> Envelope:
    """The payload, signed with each key in turn."""
    return Envelope(payload, tuple(_sign(payload, typ, key) for key in keys))


def sign_compact(payload: bytes, *, typ: str, key: PrivateJwk) -> str:
    """The payload as a compact JWS (RFC 7515 §7.1)."""
    data = _signing_input(_header(key.public.alg, key.kid, typ), payload)
    return f"{data.decode('ascii')}.{b64u.encode(key.sign(data))}"


def verify_compact(token: str, *, typ: str, keys: Mapping[str, Jwk], max_bytes: int = 64 * 1024) -> tuple[str, bytes]:
    """The kid and the payload of a compact JWS by one of `keys`, which are found by kid.

    Refused: TOO_LARGE, BAD_ENCODING, NOT_JSON, DUPLICATE_KEY, SCHEMA, ALGORITHM, KEY_UNKNOWN, SIGNATURE.
    """
    payload, signature = _parse_compact(token, typ, max_bytes)
    _check_algorithm(signature.alg, "")
    key = keys.get(signature.kid)
    if key is None:
        raise Refused(Fault("KEY_UNKNOWN", "", "the key that signed is not known here"))
    _check(_claim(signature, payload, key, ""), "")
    return signature.kid, payload


def compact_kid(token: str, typ: str, *, max_bytes: int = 64 * 1024) -> str:
    """The kid that a compact JWS names, unverified: only for looking up the key to verify it with."""
    return _parse_compact(token, typ, max_bytes)[1].kid


def compact_payload(token: str, typ: str, *, max_bytes: int = 64 * 1024) -> bytes:
    """The payload of a compact JWS, unverified: for what can be verified later only."""
    return _parse_compact(token, typ, max_bytes)[0]


_BEFORE: Final = [b"{", b"payload", b":", b"", b",", b"signatures", b":[{", b"protected", b":", b"", b",", b"signature"]
_AFTER: Final = [b":", b"", b"}]}"]


def _cut(raw: bytes) -> dict[str, object] | None:
    """The JSON value of an envelope with one signature in its one form, cut at its quotes; None for any other bytes.

    What lies between the quotes is base64url, or `parse_envelope` refuses it: then no other bytes say the same.
    """
    pieces = raw.split(b'"', len(_BEFORE) + len(_AFTER))
    if len(pieces) != len(_BEFORE) + len(_AFTER):
        return None
    payload, protected, value = (pieces[at].decode("ascii", "replace") for at in (3, 9, 13))
    pieces[3] = pieces[9] = pieces[13] = b""
    if pieces != _BEFORE + _AFTER:
        return None
    return {"payload": payload, "signatures": [{"protected": protected, "signature": value}]}


def _parse_compact(token: str, typ: str, max_bytes: int) -> tuple[bytes, Signature]:
    if len(token) > max_bytes:
        raise Refused(Fault("TOO_LARGE", "", f"a token has at most {max_bytes} characters"))
    pieces = token.split(".", 3)
    if len(pieces) != 3:  # noqa: PLR2004 - header, payload, signature
        raise Refused(Fault("SCHEMA", "", "must be a compact JWS: header, payload and signature between two dots"))
    signature = _signature({"protected": pieces[0], "signature": pieces[2]}, typ, "")
    return b64u.decode(pieces[1]), signature


def _signature(entry: object, typ: str, pointer: str) -> Signature:
    members = strict_json.members(entry, ("protected", "signature"), pointer=pointer)  # rule 1
    text = members["protected"]
    if not isinstance(text, str):
        raise Refused(Fault("SCHEMA", f"{pointer}/protected", "must be a string of base64url"))
    protected, alg, kid = _protected(text, typ, f"{pointer}/protected")
    value = _decode(members["signature"], MAX_SIGNATURE_VALUE, f"{pointer}/signature", "SCHEMA")
    return Signature(protected, alg, kid, typ, value)


@lru_cache(maxsize=1024)  # a key's header is the same on all of its messages
def _protected(text: str, typ: str, pointer: str) -> tuple[bytes, str, str]:
    """The bytes of a protected header, its alg and its kid."""
    protected = _decode(text, MAX_PROTECTED, pointer, "SCHEMA")  # rule 2
    value = strict_json.parse(protected, max_depth=1, pointer=pointer)
    header = strict_json.members(value, ("alg", "kid", "typ"), pointer=pointer)  # rule 1
    alg, kid = header["alg"], header["kid"]
    if not isinstance(alg, str):
        raise Refused(Fault("SCHEMA", pointer, "alg must be the name of an algorithm"))
    b64u.decode(kid, pointer=pointer, length=sha256().digest_size)  # rule 2: kid is an RFC 7638 thumbprint
    if header["typ"] != typ:  # rule 3
        raise Refused(Fault("SCHEMA", pointer, f"typ must be {typ}"))
    return protected, alg, kid


def _decode(text: object, at_most: int, pointer: str, code: str) -> bytes:
    if isinstance(text, str) and len(text) * 3 // 4 > at_most:
        raise Refused(Fault(code, pointer, f"has at most {at_most} bytes"))
    return b64u.decode(text, pointer=pointer)


def _sign(payload: bytes, typ: str, key: PrivateJwk) -> Signature:
    alg, kid = key.public.alg, key.kid
    protected = _header(alg, kid, typ)
    return Signature(protected, alg, kid, typ, key.sign(_signing_input(protected, payload)))


@lru_cache(maxsize=1024)
def _header(alg: str, kid: str, typ: str) -> bytes:
    return strict_json.dump({"alg": alg, "kid": kid, "typ": typ})


def _signing_input(protected: bytes, payload: bytes) -> bytes:
    return f"{_header_text(protected)}.{b64u.encode(payload)}".encode("ascii")


@lru_cache(maxsize=1024)  # as `_protected`
def _header_text(protected: bytes) -> str:
    return b64u.encode(protected)


def _check_algorithm(alg: str, pointer: str) -> None:
    if alg not in {ED25519, ES256}:
        raise Refused(Fault("ALGORITHM", pointer, "alg must be Ed25519 (RFC 9864) or ES256"))


def _protected_at(pointer: str, index: int) -> str:
    return f"{pointer}/signatures/{index}/protected"


def _claim(signature: Signature, payload: bytes, key: Jwk, pointer: str) -> Claim:
    if key.alg != signature.alg:  # rule 4
        says = f"alg must be {key.alg}, as the key is" if key.alg else "a key for reading signs nothing"
        raise Refused(Fault("ALGORITHM", f"{pointer}/protected", says))
    if key.kid != signature.kid:  # rule 5
        raise Refused(Fault("SIGNATURE", f"{pointer}/protected", "kid must name the key that signed"))
    return Claim(key, signature.value, _signing_input(signature.protected, payload))


def _check(claim: Claim, pointer: str) -> None:
    if not claim.holds():
        raise Refused(Fault("SIGNATURE", f"{pointer}/signature", "the signature does not match"))
