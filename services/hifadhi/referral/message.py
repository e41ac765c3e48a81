"""From the bytes of a payload to its typed header, or to what is wrong with it (`wire.md` §1)."""

from collections.abc import Mapping
from operator import lt

from pydantic import ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.referral import faults, instant, root
from hifadhi.referral.header import Header
from hifadhi.referral.headers import MESSAGES, ErasureOrdered, LinkAnswered, LinkProposed, TransferProposed
from hifadhi.referral.statements import (
    STATEMENTS,
    AgencyAdmitted,
    GovernanceRotated,
    KeyAdded,
    KeyRevoked,
    ReadingKeyAdded,
)

FORMAT = 1


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
    if isinstance(header, TransferProposed):
        instant.parse(header.arrival_due, pointer="/arrival_due")
    if isinstance(header, KeyRevoked) and header.invalid_since is not None:
        instant.parse(header.invalid_since, pointer="/invalid_since")


def _check_lists(header: Header) -> None:
    """Sorted, no double, and the sender among the readers: what a schema cannot say."""
    if not _ascending(header.addressees):
        raise Refused(Fault("SCHEMA", "/to", "addressees are sorted, each once"))
    if header.sender in header.addressees:
        raise Refused(Fault("SCHEMA", "/to", "the sender is not its own addressee"))
    if isinstance(header, ErasureOrdered) and not _ascending(header.digests):
        raise Refused(Fault("SCHEMA", "/digests", "digests are sorted, each once"))
    if isinstance(header, LinkProposed | LinkAnswered) and header.other_case >= header.case:
        raise Refused(Fault("SCHEMA", "/other_case", "a link stands in the later case: 'case' is the later of the two"))
    for number, entry in enumerate(header.part_entries):
        if not _ascending(entry.readers):
            raise Refused(Fault("SCHEMA", f"/parts/{number}/readers", "readers are sorted, each once"))
        if header.sender not in entry.readers:
            raise Refused(Fault("SCHEMA", f"/parts/{number}/readers", "the sender is always among the readers"))


def _check_key(header: Header) -> None:
    """A key in a statement is a point of its curve, and of a curve for its use."""
    if isinstance(header, AgencyAdmitted):
        Jwk.parse(header.identity.model_dump(), pointer="/identity")
    if isinstance(header, GovernanceRotated):
        root.check_keys(header.root, pointer="/root")
    if isinstance(header, KeyAdded | ReadingKeyAdded):
        Jwk.parse(header.key.model_dump(), pointer="/key")
    if isinstance(header, KeyAdded) and header.use == "read" and header.key.crv != "P-256":
        raise Refused(Fault("SCHEMA", "/key/crv", "a reading key here is on P-256; see reading_key.added"))


def _ascending(names: tuple[str, ...]) -> bool:
    return all(map(lt, names, names[1:]))
