"""base64 with padding (RFC 4648 §4), as C2SP's text formats use it: one text for each value."""

from binascii import a2b_base64, b2a_base64

from hifadhi.errors import Tampered


def encode(raw: bytes) -> str:
    """The text of these bytes."""
    return b2a_base64(raw, newline=False).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of a text exactly as `encode` makes it, else Tampered.

    Only what encodes back to the same text counts: that refuses a foreign alphabet, white space, missing padding and
    spare bits that are not zero.
    """
    try:
        raw = a2b_base64(text)
    except ValueError:
        raise Tampered("not base64") from None
    if encode(raw) != text:
        raise Tampered("not the one base64 of its bytes")
    return raw
