"""The table of the topics' records: what may stand in each topic, under which key, with which headers.

Who writes and reads a topic, and how it is kept, says `stream/topics.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from hifadhi.hub.reference import record_values
from hifadhi.hub.reference.answers import Envelope
from hifadhi.hub.reference.media import BYTES, JOSE, JSON, TEXT
from hifadhi.referral.closed import DIGEST, UUID7
from hifadhi.stream.topics import (
    DEAD_LETTERS,
    DELIVERIES,
    DIRECTORY,
    INBOX,
    PARTS,
    PROGRESS,
    PROGRESS_KEY,
    RECORD,
    SUBMISSIONS,
)

INDEX: Final = "^(0|[1-9][0-9]*)$"
PREVIOUS: Final = "^(-1|0|[1-9][0-9]*)$"
CODE: Final = "^[A-Z][A-Z_]*$"
LEAF: Final = r"^hifadhi/leaf/1\n\{.*\}\n.*$"

TOMBSTONE: Final = None
"""No value: what stood under the key is gone."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record of a topic.

    `key`: the pattern of its text; None if it is the 32 bytes of a digest. `value`: a type of JSON, the pattern of a
    text, or a tombstone. `headers`: name to the pattern of their text.
    """

    name: str
    says: str
    key: str | None
    value: type[BaseModel] | str | None
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


_CHAINED: Final = {"index": INDEX, "previous": PREVIOUS}
_PART: Final = Kind("part", "A sealed part, under its digest.", None, record_values.SealedPart, JOSE)
_ERASED: Final = Kind("erased", "The part with this digest is erased.", None, TOMBSTONE)

KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    SUBMISSIONS: (
        Kind("submission", "A signed header that the gateway has taken in, to be ruled on.", f"^{UUID7}$", Envelope),
        Kind("tick", "Time has passed: whatever is due lapses.", "^tick$", "^$", TEXT),
    ),
    PARTS: (_PART, _ERASED),
    RECORD: (
        Kind(
            "leaf",
            "A leaf of the ledger, as it is sealed: the format, the ruling, the envelope. Its key is its case, else "
            "its message's id or digest, else empty.",
            f"^({UUID7}|{DIGEST})?$",
            LEAF,
            TEXT,
            {"index": INDEX},
        ),
    ),
    DIRECTORY: (
        Kind(
            "statement",
            "The leaf of a directory statement. `previous` is the index of the one before it, or -1: a gap shows.",
            INDEX,
            LEAF,
            TEXT,
            _CHAINED,
        ),
    ),
    DELIVERIES: (
        Kind("delivered", "To whom a message's leaf was delivered.", f"^({UUID7}|{DIGEST})$", record_values.HandOvers),
    ),
    DEAD_LETTERS: (
        Kind(
            "dead-letter",
            "The first 32 KiB of a submission that proves nothing and got no leaf. `cause` is the code.",
            "^submissions:(0|[1-9][0-9]*)$",
            "",
            BYTES,
            {"cause": CODE},
        ),
    ),
    PROGRESS: (
        Kind("progress", "How far the registry has ruled.", f"^{PROGRESS_KEY.decode()}$", record_values.Progress),
    ),
    INBOX: (
        _PART,
        Kind(
            "item",
            "An item of the agency's inbox, behind its parts. `previous` is the index of the item before it, or -1. "
            "Where that one is not there, or a part, it comes further on; or the item itself comes again, without a "
            "part that was erased. Of two copies of an item the one with more in `erased` counts.",
            INDEX,
            record_values.InboxRecord,
            headers=_CHAINED,
        ),
        Kind(
            "erased",
            "The part with this digest is erased: forget it. The items that named it have come again, without it.",
            None,
            TOMBSTONE,
        ),
    ),
}
