"""The cosignature of a checkpoint with ML-DSA-44 (C2SP tlog-cosignature, signature type 0x06 of signed-note).

A signature's value is a timestamp of 8 bytes and the signature over a `cosigned_message`. The ledger cosigns its own
checkpoints with timestamp 0: that says nothing of when. Signing is randomised, so the same tree, signed again, has
other bytes; what is compared is size and root.
"""

import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.errors import Tampered
from hifadhi.evidence import b64
from hifadhi.evidence.jwk import Jwk

_LABEL: Final = b"subtree/v1\n\0"
_TIMESTAMP_BYTES: Final = 8
_MAX_TIMESTAMP: Final = 2**63 - 1
_MAX_NAME: Final = 255
_HASH_BYTES: Final = 32
_CHECKPOINT: Final = re.compile(r"(?P<origin>[^\n]*)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\n]*)\n")


def sign(text: str, *, name: str, private: MLDSA44PrivateKey, timestamp: int = 0) -> bytes:
    """The value of the cosignature by `name` of a checkpoint's text. Tampered, if the text is no checkpoint."""
    return timestamp.to_bytes(_TIMESTAMP_BYTES) + private.sign(_cosigned(text, name, timestamp))


def verify(text: str, value: bytes, *, name: str, key: Jwk) -> bool:
    """Whether `key`, under this name, cosigned the checkpoint's text with this value."""
    timestamp = int.from_bytes(value[:_TIMESTAMP_BYTES])
    if timestamp > _MAX_TIMESTAMP:
        return False
    try:
        message = _cosigned(text, name, timestamp)
    except Tampered:
        return False
    return key.verify(value[_TIMESTAMP_BYTES:], message)


def _cosigned(text: str, name: str, timestamp: int) -> bytes:
    """The `cosigned_message` of a whole tree. Further lines are not in it: a text that has some is not cosigned."""
    whole = _CHECKPOINT.fullmatch(text)
    if whole is None or len(hashed := b64.decode(whole["root"])) != _HASH_BYTES:
        raise Tampered("what is cosigned is a checkpoint: origin, size and root")
    origin, size = whole["origin"], whole["size"]
    start, end = (number.to_bytes(8) for number in (0, int(size)))
    return _LABEL + _counted(name) + timestamp.to_bytes(_TIMESTAMP_BYTES) + _counted(origin) + start + end + hashed


def _counted(name: str) -> bytes:
    encoded = name.encode()
    if not 1 <= len(encoded) <= _MAX_NAME:
        raise Tampered(f"a cosigned name has 1 to {_MAX_NAME} bytes")
    return bytes([len(encoded)]) + encoded
