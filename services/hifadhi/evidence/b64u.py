"""base64url without padding (RFC 7515 §2), one text for each value."""

from binascii import a2b_base64, b2a_base64

from hifadhi.errors import Fault, Refused


def encode(raw: bytes) -> str:
    """The text of these bytes."""
    return b2a_base64(raw, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_").decode("ascii")


def decode(text: object, *, pointer: str = "", length: int | None = None) -> bytes:
    """The bytes of a text as `encode` makes it, `length` of them if given. Refused: SCHEMA (no string), BAD_ENCODING.

    Only what encodes back to the same text counts, so that nobody can write one value in two ways: that refuses a
    foreign alphabet, padding, white space and spare bits that are not zero.
    """
    if not isinstance(text, str):
        raise Refused(Fault("SCHEMA", pointer, "must be a string of base64url"))
    try:
        raw = a2b_base64(text.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        raise _bad_encoding(pointer) from None
    if encode(raw) != text:
        raise _bad_encoding(pointer)
    if length is not None and len(raw) != length:
        raise Refused(Fault("BAD_ENCODING", pointer, f"must be {length} bytes in base64url"))
    return raw


def _bad_encoding(pointer: str) -> Refused:
    return Refused(Fault("BAD_ENCODING", pointer, "must be base64url without padding, as RFC 7515 writes it"))
