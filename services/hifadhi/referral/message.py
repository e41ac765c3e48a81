"""The message types: what a header of each holds (`wire.md` §1, `domain.md` §3)."""

from collections.abc import Mapping
from operator import lt
from typing import Annotated, Literal

from pydantic import ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.referral import faults, instant
from hifadhi.referral.closed import Exactly, Items, Maybe, Urgency, Uuid7
from hifadhi.referral.header import Any16, Header, One, PartEntry, PartsOf, Version
from hifadhi.referral.statements import STATEMENTS, AgencyAdmitted, KeyAdded, KeyRevoked

FORMAT = 1


class EncounterReported(Header):
    """A person was met. Without `case` it opens one, under the reporting state agency or the focal addressee."""

    type: Literal["encounter.reported"]
    case: Maybe[Uuid7] = None
    to: Any16
    group: Maybe[Uuid7] = None
    parts: Annotated[Items[PartEntry], PartsOf("encounter.reported")]


class ReferralRequested(Header):
    """The responsible agency asks another for a service, or to take responsibility."""

    type: Literal["referral.requested"]
    case: Uuid7
    to: One
    group: Maybe[Uuid7] = None
    urgency: Urgency
    seen: Version
    kind: Literal["service", "responsibility"]
    new_element: Maybe[Annotated[Literal[True], Exactly()]] = None
    parts: Annotated[Items[PartEntry], PartsOf("referral.requested")]


class ReferralReceived(Header):
    """The receiver's system took the request, by itself."""

    type: Literal["referral.received"]
    case: Uuid7
    referral: Uuid7
    to: One
    parts: Annotated[Items[PartEntry], PartsOf("referral.received")]


class ReferralAccepted(Header):
    """The receiver says yes; with `encounter`, the person is there already and responsibility moves at once."""

    type: Literal["referral.accepted"]
    case: Uuid7
    referral: Uuid7
    to: One
    seen: Version
    encounter: Maybe[Uuid7] = None
    parts: Annotated[Items[PartEntry], PartsOf("referral.accepted")]


class ReferralDeclined(Header):
    """The receiver says no. Why stands in the sealed content only."""

    type: Literal["referral.declined"]
    case: Uuid7
    referral: Uuid7
    to: One
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("referral.declined")]


class ReexaminationRequested(Header):
    """The sender of a declined request asks the receiver to look again, once. Why stands in the sealed parts only."""

    type: Literal["reexamination.requested"]
    case: Uuid7
    referral: Uuid7
    to: One
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("reexamination.requested")]


class ReferralWithdrawn(Header):
    """The sender takes its request back."""

    type: Literal["referral.withdrawn"]
    case: Uuid7
    referral: Uuid7
    to: One
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("referral.withdrawn")]


class MessageBounced(Header):
    """The receiver's system could not open a message, or found it broken, by itself."""

    type: Literal["message.bounced"]
    case: Uuid7
    in_reply_to: Uuid7
    to: One
    reason: Literal["UNOPENABLE", "COMMITMENT", "SCHEMA"]
    parts: Annotated[Items[PartEntry], PartsOf("message.bounced")]


MESSAGES: Mapping[str, type[Header]] = {
    "encounter.reported": EncounterReported,
    "referral.requested": ReferralRequested,
    "referral.received": ReferralReceived,
    "referral.accepted": ReferralAccepted,
    "referral.declined": ReferralDeclined,
    "reexamination.requested": ReexaminationRequested,
    "referral.withdrawn": ReferralWithdrawn,
    "message.bounced": MessageBounced,
}
HEADERS: Mapping[str, type[Header]] = {**MESSAGES, **STATEMENTS}


def parse(payload: bytes) -> Header:
    """The header in a payload, or `Refused`: the strict JSON codes, FORMAT_UNKNOWN, TYPE_UNKNOWN, SCHEMA."""
    return read(strict_json.parse(payload))


def read(document: object) -> Header:
    """The header in a payload's JSON value, or `Refused`: FORMAT_UNKNOWN, TYPE_UNKNOWN, SCHEMA."""
    if not isinstance(document, dict):
        raise Refused(Fault("SCHEMA", "", "a header is a JSON object"))
    number = document.get("format")
    if type(number) is not int or number != FORMAT:  # to Python, true is 1
        raise Refused(Fault("FORMAT_UNKNOWN", "/format", f"this exchange reads format {FORMAT}"))
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in HEADERS:
        raise Refused(Fault("TYPE_UNKNOWN", "/type", "no such message type here; the types stand in schemas/messages/"))
    return _typed(HEADERS[kind], document)


def _typed(header_type: type[Header], document: dict[str, object]) -> Header:
    try:
        header = header_type.model_validate(document)
    except ValidationError as error:
        raise faults.refusal(error, document) from None
    _check_days(header)
    _check_lists(header)
    _check_key(header)
    return header


def _check_days(header: Header) -> None:
    instant.parse(header.sent_at, pointer="/sent_at")
    if isinstance(header, KeyRevoked) and header.invalid_since is not None:
        instant.parse(header.invalid_since, pointer="/invalid_since")


def _check_lists(header: Header) -> None:
    """Sorted, no double, and the sender among the readers: what a schema cannot say."""
    if not _ascending(header.addressees):
        raise Refused(Fault("SCHEMA", "/to", "addressees are sorted, each once"))
    if header.sender in header.addressees:
        raise Refused(Fault("SCHEMA", "/to", "the sender is not its own addressee"))
    for number, entry in enumerate(header.part_entries):
        if not _ascending(entry.readers):
            raise Refused(Fault("SCHEMA", f"/parts/{number}/readers", "readers are sorted, each once"))
        if header.sender not in entry.readers:
            raise Refused(Fault("SCHEMA", f"/parts/{number}/readers", "the sender is always among the readers"))


def _check_key(header: Header) -> None:
    """A key in a statement is a point of its curve, and of a curve for its use."""
    if isinstance(header, AgencyAdmitted):
        Jwk.parse(header.identity.model_dump(), pointer="/identity")
    if isinstance(header, KeyAdded):
        Jwk.parse(header.key.model_dump(), pointer="/key")
        if header.use == "read" and header.key.crv != "P-256":
            raise Refused(Fault("SCHEMA", "/key/crv", "a reading key is on the curve P-256"))


def _ascending(names: tuple[str, ...]) -> bool:
    return all(map(lt, names, names[1:]))
