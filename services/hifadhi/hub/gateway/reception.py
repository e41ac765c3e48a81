"""What the message and the directory show, before anything is stored (`wire.md` §2). Pure.

1. The body is strict JSON within its bounds, and exactly a header and its parts.
2. The payload has a known format and type and fits its closed schema.
3. `admission`: keys, sender, signature, roles, addressees, readers, time.
4. The parts are those of the header, no more, no fewer, byte for byte: the hub stores nothing that nobody signed for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from types import TracebackType
from typing import Any, Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.jws import MESSAGE, Envelope, parse_envelope
from hifadhi.referral import admission, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.rules import rules
from hifadhi.referral.statements import RulesAdopted

MAX_BODY: Final = 1 << 20
MAX_BATCH: Final = 8 << 20
MAX_LINES: Final = 500
# body, parts: an envelope's signatures are the deepest.
MAX_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that could be read; what the directory says of it is not asked yet. `parts`: sealed strings by name."""

    envelope: Envelope
    header: Header
    parts: Mapping[str, str]


def lines(raw: bytes) -> list[bytes]:
    """The messages of a batch (NDJSON), empty lines left out, no more of them looked at than a batch has; `Refused`."""
    parts = raw.split(b"\n", MAX_LINES + 1)  # 500 lines, the end of the last, and what is too much
    found = [part for part in parts[: MAX_LINES + 1] if part.strip()]
    if len(parts) > MAX_LINES + 1 or not 1 <= len(found) <= MAX_LINES:
        raise Refused(Fault("TOO_LARGE", "", f"a batch has 1 to {MAX_LINES} lines, one message each"))
    return found


def digest_of(raw: bytes) -> str:
    """What a refusal names: the message's digest if one can be made out, else that of the bytes as posted."""
    try:
        if len(raw) <= MAX_BODY:
            return parse_envelope(_members(raw)["header"], typ=MESSAGE).digest
    except Refused:
        pass
    return b64u.encode(sha256(raw).digest())


def read(raw: bytes) -> Posted:
    """Rules 1 and 2; `Refused` with pointers into the posted body."""
    if len(raw) > MAX_BODY:
        raise Refused(Fault("TOO_LARGE", "", f"a message has at most {MAX_BODY} bytes"))
    members = _members(raw)
    envelope = parse_envelope(members["header"], typ=MESSAGE, pointer="/header")
    with _Below("/header/payload"):
        header = message.parse(envelope.payload)  # rule 2
    return Posted(envelope, header, _parts(members["parts"]))


def check(posted: Posted, directory: Directory, now_ms: int) -> None:
    """Rules 3 and 4; `Refused`, and nothing is stored."""
    with _Below("/header"):
        keys = admission.check_keys(posted.envelope, posted.header, directory)
        admission.check_made_by(keys, posted.envelope)
    with _Below("/header/payload"):
        admission.check_standing(posted.header, directory)
        if isinstance(posted.header, RulesAdopted):
            rules(posted.header.rules)  # an exchange does not adopt what it could not rule by
    _check_parts(posted)  # rule 4
    with _Below("/header/payload"):
        admission.check_time(posted.header, now_ms)


def _members(raw: bytes) -> dict[str, Any]:
    return strict_json.members(strict_json.parse(raw, max_depth=MAX_DEPTH), ("header", "parts"))  # rule 1


def _parts(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(sealed, str) for sealed in value.values()):
        raise Refused(Fault("SCHEMA", "/parts", "an object of strings, each a sealed part under its name"))
    return value


def _check_parts(posted: Posted) -> None:
    entries = posted.header.part_entries
    for entry in entries:
        if entry.name not in posted.parts:
            raise Refused(Fault("PART_MISSING", f"/parts/{entry.name}", "the header names this part; send it along"))
    if len(posted.parts) != len(entries):
        raise Refused(Fault("PART_SURPLUS", "/parts", "a part that the header does not name; leave it out"))
    for entry in entries:
        sealed = posted.parts[entry.name].encode("utf-8")
        if b64u.encode(sha256(sealed).digest()) != entry.digest:
            says = "the part is not the one whose digest was signed; send the very string that was sealed"
            raise Refused(Fault("PART_DIGEST", f"/parts/{entry.name}", says))


class _Below:
    """Moves the pointers of what is refused to where it stands in the posted body."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __enter__(self) -> None:
        pass

    def __exit__(self, _k: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        if isinstance(error, Refused):
            raise Refused(*(replace(fault, pointer=self._prefix + fault.pointer) for fault in error.faults)) from None
