"""From what an agency wants to say to the bytes that it posts, in three steps that are three types.

`Draft`: bodies in the clear, checked. `Sealed`: parts sealed to their readers, an id, no number and no signature yet.
`Message`: numbered, signed, ready to post; posted again, it is the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any, Final, Self

from hifadhi.agency.composing.message_id import new_id
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import jwe, jws, plaintext, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.key_kinds import KINDS
from hifadhi.referral import admission, edge, instant, message, parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.directory import Directory
from hifadhi.referral.edge.opened import NOTHING, Opened, Past
from hifadhi.referral.header import Header
from hifadhi.referral.part_names import PARTS

MAX_MESSAGE: Final = 1024 * 1024
FLOORS: Final = {"sensitive": 4096}
FLOOR: Final = 1024
# A `sent_at` for looking at a header before it is signed; any instant of the format does.
NOMINAL_MS: Final = 1_767_225_600_000
# What an agency itself says in the directory: without case, addressees and parts.
DECLARATIONS: Final = frozenset({"arrangement.published", "declaration.published", "declaration.ended"})
_NOT_FACTS: Final = frozenset({"format", "id", "type", "from", "sent_at", "sequence", "parts"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agency wants to say: the type, its facts (`to`, `case`, `seen` …), its bodies by part.

    `sensitive_for`: who of `to` reads the sensitive part; all of them if None.
    """

    type: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    bodies: Mapping[str, Closed] = field(default_factory=dict)
    sensitive_for: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, document: object) -> Self:
        """The draft of a JSON object with `type`, `bodies` by part, `sensitive_for` perhaps, and the facts.

        Refused: TYPE_UNKNOWN, SCHEMA, PART_MISSING, PART_SURPLUS. Pointers into bodies start with the part's name.
        """
        members = dict(document) if isinstance(document, dict) else {}
        kind, bodies, chosen = (members.pop(name, None) for name in ("type", "bodies", "sensitive_for"))
        return cls.of(kind, members, {} if bodies is None else bodies, sensitive_for=chosen)

    @classmethod
    def of(cls, kind: object, facts: Mapping[str, Any], bodies: object, *, sensitive_for: object = None) -> Self:
        """The draft of plain values, or of bodies that are typed already. Refused as by `parse`."""
        if not isinstance(kind, str) or kind not in {*PARTS, *DECLARATIONS}:
            raise Refused(Fault("TYPE_UNKNOWN", "/type", "no such message type here; see schemas/messages/"))
        surplus = sorted(_NOT_FACTS & facts.keys())
        if surplus:
            raise Refused(*(Fault("SCHEMA", f"/{name}", "this is set when the message is signed") for name in surplus))
        chosen = None if sensitive_for is None else _names(sensitive_for, "/sensitive_for")
        named = {} if kind in DECLARATIONS else {"to": list(_names(facts.get("to", []), "/to"))}
        return cls(kind, {**facts, **named}, _bodies(kind, bodies), chosen)

    @property
    def to(self) -> tuple[str, ...]:
        """The addressees, sorted."""
        return tuple(self.facts.get("to", ()))

    def readers(self, part: str, sender: str, directory: Directory) -> tuple[str, ...]:
        """Who reads a part, sorted (`domain.md` §3)."""
        role = admission.PART_ROLES.get(part)
        others = directory.with_role(role) if role else self.to
        if part == "sensitive" and self.sensitive_for is not None:
            others = self.sensitive_for
        return tuple(sorted({sender, *others}))


@dataclass(frozen=True, slots=True)
class Message:
    """A signed message as it is posted: one line of JSON without LF."""

    id: str
    sender: str
    digest: str
    number: int
    line: bytes

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """The message in the bytes that were kept. Refused, if they are none."""
        members = strict_json.members(strict_json.parse(line), ("header", "parts"))
        envelope = jws.parse_envelope(members["header"], typ=jws.MESSAGE, pointer="/header")
        header = message.parse(envelope.payload)
        return cls(header.id, header.sender, envelope.digest, header.sequence, line)

    @classmethod
    def of(cls, header: Header, envelope: Envelope, sealed: Mapping[str, str]) -> Self:
        """The message of a signed header and its sealed parts. Refused: TOO_LARGE."""
        line = b'{"header":' + envelope.to_bytes() + b',"parts":' + strict_json.dump(dict(sealed)) + b"}"
        if len(line) > MAX_MESSAGE or len(envelope.payload) > jws.MAX_PAYLOAD:
            raise Refused(Fault("TOO_LARGE", "", "a message has at most 1 MiB and its header 6 KiB"))
        return cls(header.id, header.sender, envelope.digest, header.sequence, line)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Parts sealed and their entries; what is missing in the header is the time, the number and the signature."""

    id: str
    type: str
    sender: str
    facts: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...] | None
    parts: Mapping[str, str]

    def sign(self, *, number: int, now_ms: int, keys: Sequence[PrivateJwk]) -> Message:
        """The message, signed by each key in turn. Refused: SCHEMA, TOO_LARGE."""
        payload = strict_json.dump(self.header(number, now_ms))
        return Message.of(message.parse(payload), jws.sign(payload, typ=jws.MESSAGE, keys=keys), self.parts)

    def header(self, number: int, now_ms: int) -> dict[str, Any]:
        """The payload's members."""
        named = {name: self.facts[name] for name in ("case", "referral") if name in self.facts}
        parts_of = {} if self.entries is None else {"parts": list(self.entries)}
        return {
            "format": message.FORMAT,
            "id": self.id,
            "type": self.type,
            **named,
            "from": self.sender,
            "sent_at": instant.write(now_ms),
            "sequence": number,
            **{name: value for name, value in self.facts.items() if name not in named},
            **parts_of,
        }


def seal(
    draft: Draft,
    *,
    sender: str,
    directory: Directory,
    past: Past = NOTHING,
    copied: frozenset[str] | None = None,
) -> Sealed:
    """The draft, checked as the gateway and the receivers will, with its parts sealed to their readers.

    `past`: what this agency knows of its case. `copied`: see `Opened`.

    Refused: the codes of the header's schema, of `admission` (6 to 8), of `edge`; READER_UNKNOWN without a reading key.
    """
    for number, agency in enumerate(draft.to):
        if agency not in directory.agencies:
            raise Refused(Fault("ADDRESSEE_UNKNOWN", f"/to/{number}", "the directory does not know this agency"))
    readers = {part: draft.readers(part, sender, directory) for part in PARTS[draft.type]}
    known, due = countries(directory), _arrival_due(draft)
    edge.check_body(
        draft.type,
        Opened(sender, readers, draft.bodies, known, past.bodies, copied, bound=past.bound, arrival_due=due),
    )
    message_id, entries, sealed = new_id(), [], {}
    for part, names in readers.items():
        keys = _reading_keys(names, part, directory)
        opened = _plaintext(draft, part)
        sealed[part] = jwe.seal(opened, message=message_id, part=part, sender=sender, readers=keys)
        entries.append(_entry(draft.type, part, jwe.suite_of(keys), opened, sealed[part], names))
    made = Sealed(message_id, draft.type, sender, draft.facts, tuple(entries), sealed)
    admission.check_standing(header_of(made), directory)
    return made


def statement(kind: str, *, sender: str, facts: Mapping[str, Any]) -> Sealed:
    """A directory statement, which has neither case nor parts."""
    return Sealed(new_id(), kind, sender, facts, None, {})


def countries(directory: Directory) -> dict[str, str]:
    """The country of every agency that acts for a state, as `edge` asks for it."""
    return {agency.id: agency.country for agency in directory.agencies.values() if agency.is_state}


def is_about_readers(refusal: Refused) -> bool:
    """Whether a newer directory may mend this refusal."""
    return any(
        fault.code in {"ADDRESSEE_UNKNOWN", "READER_UNKNOWN", "OBSERVER_UNINVITED"}
        or fault.pointer.endswith("/readers")
        for fault in refusal.faults
    )


def _names(value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise Refused(Fault("SCHEMA", pointer, "must be a list of agency ids"))
    return tuple(sorted(value))


def _bodies(kind: str, bodies: object) -> dict[str, Closed]:
    if not isinstance(bodies, Mapping):
        raise Refused(Fault("SCHEMA", "/bodies", "must be an object with a member for each part of the type"))
    expected = PARTS.get(kind, ())
    missing = [Fault("PART_MISSING", f"/{name}", "this type has this part") for name in expected if name not in bodies]
    if missing:
        raise Refused(*missing)
    if len(bodies) != len(expected):
        raise Refused(Fault("PART_SURPLUS", "/bodies", f"this type's parts: {', '.join(expected) or 'none'}"))
    return {name: _body(f"{kind}.{name}/1", bodies[name], f"/{name}") for name in expected}


def _body(schema: str, value: object, pointer: str) -> Closed:
    return value if isinstance(value, parts.BODIES[schema]) else parts.body(schema, value, pointer=pointer)


def _arrival_due(draft: Draft) -> int | None:
    """None, if there is no such instant: what is wrong with the header, its schema says."""
    due = draft.facts.get("arrival_due")
    try:
        return instant.parse(due) if isinstance(due, str) else None
    except Refused:
        return None


def _plaintext(draft: Draft, part: str) -> bytes:
    body, salt = parts.as_json(draft.bodies[part]), token_bytes(plaintext.SALT_BYTES)
    return plaintext.wrap(body, schema=f"{draft.type}.{part}/1", floor=FLOORS.get(part, FLOOR), salt=salt)


def _entry(kind: str, part: str, suite: str, opened: bytes, sealed: str, readers: Sequence[str]) -> dict[str, Any]:
    return {
        "name": part,
        "schema": f"{kind}.{part}/1",
        "suite": suite,
        "digest": jwe.digest(sealed),
        "commitment": plaintext.commitment(opened),
        "readers": list(readers),
    }


def _reading_keys(readers: Sequence[str], part: str, directory: Directory) -> list[Jwk]:
    """Of each reader the newest in the suite of the weakest: its own system has that key for certain."""
    suite, keys = directory.suite_of(readers), [directory.reading_keys(reader) for reader in readers]
    for reader, own in zip(readers, keys, strict=True):
        if not own:
            raise Refused(Fault("READER_UNKNOWN", f"/{part}", f"{reader} has no valid reading key in the directory"))
    if suite is None:
        says = "its readers have no suite in common; each needs a key on P-256 or X25519 beside one for HPKE-9-KE"
        raise Refused(Fault("READER_UNKNOWN", f"/{part}", says))
    return [[key for key in own if KINDS[key.kind].suite == suite][-1] for own in keys]


def header_of(sealed: Sealed) -> Header:
    """The typed header, with a number and a time that stand in for the true ones. Refused: SCHEMA."""
    return message.parse(strict_json.dump(sealed.header(1, NOMINAL_MS)))
