"""A ledger entry: three lines, the format, the ruling, the envelope (`wire.md` §3). Readable with `cat`.

The bytes are what the tree hashes, so there is one way to write a leaf, and reading one checks that it is that way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import strict_json
from hifadhi.referral import instant

FORMAT: Final = b"hifadhi/leaf/1"
MAX_BYTES: Final = 65_535

RECORDED: Final = "recorded"
REFUSED: Final = "refused"
LAPSED: Final = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the registry ruled; the fields in the order in which they are written, absent where they do not apply.

    `position` in the topic `submissions` (of a lapse: of the record that triggered it); instants as on the wire.
    """

    ruling: str
    code: str | None = None
    irregular: bool | None = None
    position: int
    stored_at: str
    clock: str | None = None
    case: str | None = None
    referral: str | None = None
    agency: str | None = None
    message: str | None = None
    due: str | None = None
    case_version: int | None = None
    referral_version: int | None = None
    responsible: str | None = None
    parties: tuple[str, ...] | None = None

    @property
    def subject(self) -> str | None:
        """What a lapsed clock ran on: a referral, an agency or a message."""
        return self.referral or self.agency or self.message

    def said(self) -> dict[str, Any]:
        """The fields that apply, by name, in their order."""
        return {name: value for name, value in zip(_FIELDS, _VALUES(self), strict=True) if value is not None}

    def to_bytes(self) -> bytes:
        """One line of JSON, without its LF."""
        return _ENCODER.encode(self.said()).encode()


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_FIELDS: Final = tuple(field.name for field in fields(Ruling))
_VALUES: Final = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A ruling and the envelope that it rules on; a lapse has an empty envelope."""

    ruling: Ruling
    envelope: bytes

    def to_bytes(self) -> bytes:
        """The bytes that are sealed."""
        return b"\n".join((FORMAT, self.ruling.to_bytes(), self.envelope))


def parse(raw: bytes) -> Leaf:
    """The leaf in sealed bytes; `Tampered` if they are not exactly what `Leaf.to_bytes` writes."""
    lines = raw.split(b"\n", 2)
    if len(raw) > MAX_BYTES or len(lines) != 3 or lines[0] != FORMAT:  # noqa: PLR2004 (format, ruling, envelope)
        raise Tampered("not a leaf of format 1")
    leaf = Leaf(_ruling(lines[1]), lines[2])
    if leaf.to_bytes() != raw:
        raise Tampered("a leaf that is written in another way than ours")
    return leaf


def _ruling(line: bytes) -> Ruling:
    try:
        said = strict_json.parse(line, max_depth=2)
        _check_types(said)
        return Ruling(**said | ({"parties": tuple(said["parties"])} if "parties" in said else {}))
    except (Refused, AttributeError, TypeError) as error:
        raise Tampered("the ruling of a leaf cannot be read") from error


def _check_types(said: Mapping[str, Any]) -> None:
    """Each field has its JSON type, an instant is one: a reader may rely on it before anything has been re-decided."""
    for name, value in said.items():
        if name in _TYPES and type(value) is not _TYPES[name]:
            raise Tampered(f"the ruling's '{name}' has the wrong type")
    if not all(isinstance(party, str) for party in said.get("parties", ())):
        raise Tampered("the ruling's 'parties' have the wrong type")
    for name in _INSTANTS & said.keys():
        _check_instant(name, said[name])


def _check_instant(name: str, value: str) -> None:
    try:
        instant.parse(value)
    except Refused as error:
        raise Tampered(f"its '{name}' is no instant") from error


_INSTANTS: Final = frozenset({"stored_at", "due"})
_TYPES: Final[dict[str, type]] = {
    **dict.fromkeys(("ruling", "code", "stored_at", "clock", "case", "referral", "agency", "message", "due"), str),
    "responsible": str,
    **dict.fromkeys(("position", "case_version", "referral_version"), int),
    "irregular": bool,
    "parties": list,
}
