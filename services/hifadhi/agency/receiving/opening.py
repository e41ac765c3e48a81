"""One inbox row, from bytes to what it says, with everything checked that this agency can check.

Rules, and the attack that each stops:

1. The leaf is written as leaves are, and is in a tree that the ledger signed, at this index: a message shown to one
   agency only.
2. The envelope is signed by keys of `from` in the agency's own directory: a message of the hub's making.
3. Each part is the one that the signed header names, by digest: a part exchanged on the way.
4. It opens with a key of ours as this part of this message: a part moved from elsewhere.
5. It is the text that the header commits to: two readers who are shown different texts.
6. Schema and rules hold: a sender whose software leaves out what protects the person.

1 to 3 are the hub's to keep: Tampered. 4 to 6 are the sender's: problems of the item, which bounce.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hifadhi.agency.composing.compose import countries
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.wire.exchange import InboxRow
from hifadhi.errors import Fault, Refused, Tampered, Unavailable
from hifadhi.evidence import jwe, leaf, plaintext
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope
from hifadhi.evidence.key_kinds import SUITES
from hifadhi.evidence.leaf import Leaf
from hifadhi.referral import admission, edge, instant, message, parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.corrections import Change, misfits
from hifadhi.referral.directory import Directory
from hifadhi.referral.edge.opened import NOTHING, Opened, Past
from hifadhi.referral.header import Header, PartEntry
from hifadhi.referral.headers import ReferralRequested, TransferProposed

UNOPENABLE: Final = "UNOPENABLE"
COMMITMENT: Final = "COMMITMENT"
SCHEMA: Final = "SCHEMA"
_POINTER: Final = re.compile(r"(/[A-Za-z0-9_~-]{1,64}){0,16}")


@dataclass(frozen=True, slots=True)
class Item:
    """One leaf that concerns this agency.

    `header` is None for a lapse, and for a refused message that is none; `bodies` has the parts that this agency reads,
    but those that were erased; `problems` what is wrong with them, pointers behind the part's name, without values.
    """

    index: int
    role: str
    leaf: Leaf
    header: Header | None = None
    bodies: Mapping[str, Closed] = field(default_factory=dict)
    problems: tuple[Fault, ...] = ()
    bounces: str | None = None
    """The reason with which the message is to be bounced."""
    weaker: tuple[str, ...] = ()
    """The parts sealed more weakly than their readers' keys allow: worth a word to the sender, no bounce."""
    changes: tuple[Change, ...] = ()
    """Of a message that corrects another: what it has changed there."""

    @property
    def is_recorded(self) -> bool:
        """Whether it is a message that counts."""
        return self.leaf.ruling.ruling == leaf.RECORDED and self.header is not None


def read_leaf(row: InboxRow) -> tuple[Leaf, Envelope | None]:
    """The leaf of a row and its envelope, None for a lapse (rule 1); else Tampered."""
    sealed = leaf.parse(row.leaf)
    if sealed.ruling.ruling == leaf.LAPSED:
        return sealed, None
    try:
        return sealed, read_envelope(sealed.envelope, typ=MESSAGE)
    except Refused as error:
        raise Tampered("what was sealed is no envelope", index=row.index) from error


def unknown_keys(envelope: Envelope, directory: Directory) -> bool:
    """Whether a newer directory is needed to verify the signatures."""
    return any(signature.kid not in directory.keys for signature in envelope.signatures)


def open_item(
    row: InboxRow,
    sealed: Leaf,
    envelope: Envelope | None,
    keyring: Keyring,
    directory: Directory,
    past: Past = NOTHING,
) -> Item:
    """The item of a row whose leaf is proved; Tampered by rules 2 and 3. `past`: what this agency knew before it."""
    if envelope is None:
        return Item(row.index, row.role, sealed)
    header = _verified(row.index, sealed, envelope, directory)
    if header is None:
        return Item(row.index, row.role, sealed)
    ours = _ours(header, row, keyring.agency, recorded=sealed.ruling.ruling == leaf.RECORDED)
    bodies, problems, reasons = open_parts(header, ours, row.parts, keyring)
    problems += broken_rules(header, bodies, directory, past)
    bounces, weaker = _bounces(reasons, problems), _weaker(header, keyring.agency, directory)
    return Item(row.index, row.role, sealed, header, bodies, tuple(problems), bounces, weaker)


def open_parts(
    header: Header, entries: Iterable[PartEntry], sealed: Mapping[str, str], keyring: Keyring
) -> tuple[dict[str, Closed], list[Fault], set[str]]:
    """The bodies of these parts; what is wrong with those that do not open, and why they bounce (rules 4 to 6)."""
    bodies: dict[str, Closed] = {}
    problems: list[Fault] = []
    reasons: set[str] = set()
    for entry in entries:
        try:
            bodies[entry.name] = _open(entry, sealed[entry.name], header, keyring)
        except Refused as refusal:
            reasons.add(_reason(refusal))
            problems += _located(refusal.faults, entry.name)
    return bodies, problems, reasons


def with_changes(item: Item, changes: Sequence[Change]) -> Item:
    """The item of a message that corrects another. What does not fit there is a problem, and bounces."""
    problems = [*item.problems, *misfits(changes)]
    bounces = item.bounces or (SCHEMA if problems else None)
    return replace(item, changes=tuple(changes), problems=tuple(problems), bounces=bounces)


def _verified(index: int, sealed: Leaf, envelope: Envelope, directory: Directory) -> Header | None:
    """Rule 2. A key may have been revoked since: it was valid at this index, or the leaf would not be recorded."""
    try:
        admission.check_signatures(envelope, None, directory)
    except Refused as error:
        raise Tampered("not signed by keys of the directory", index=index) from error
    try:
        header = message.parse(envelope.payload)
    except Refused as error:
        if sealed.ruling.ruling == leaf.REFUSED:
            return None
        raise Tampered("recorded, but no message", index=index) from error
    signer = directory.keys[envelope.signatures[0].kid].agency
    if signer != header.sender and sealed.ruling.ruling == leaf.RECORDED:
        raise Tampered("recorded, but not signed by its sender", index=index)
    return header


def _ours(header: Header, row: InboxRow, agency: str, *, recorded: bool) -> list[PartEntry]:
    """The entries of the parts that we read and were handed (rule 3); of a refused message, those that came."""
    ours = [entry for entry in header.part_entries if agency in entry.readers and entry.name not in row.erased]
    if not recorded:
        ours = [entry for entry in ours if entry.name in row.parts]
    for entry in ours:
        if entry.name not in row.parts:
            raise Unavailable(f"index {row.index}: the hub has not handed over the part '{entry.name}'")
        if jwe.digest(row.parts[entry.name]) != entry.digest:  # rule 3
            raise Tampered(f"the part '{entry.name}' is not the one that was signed", index=row.index)
    return ours


def _open(entry: PartEntry, sealed: str, header: Header, keyring: Keyring) -> Closed:
    opened = _decrypt(entry, sealed, header, keyring)  # rule 4
    try:
        document = plaintext.unwrap(opened, schema=entry.schema_name, commitment=entry.commitment)  # rule 5
    except Refused as refusal:
        # Faults of the JSON itself may point with the sender's own words: only their codes are passed on.
        raise Refused(*(Fault(fault.code, "", fault.message) for fault in refusal.faults)) from None
    return parts.body(entry.schema_name, document)  # rule 6


def _decrypt(entry: PartEntry, sealed: str, header: Header, keyring: Keyring) -> bytes:
    return jwe.open_sealed(
        sealed, suite=entry.suite, keys=keyring.read, message=header.id, part=entry.name, sender=header.sender
    )


def broken_rules(
    header: Header, bodies: Mapping[str, Closed], directory: Directory, past: Past = NOTHING
) -> Sequence[Fault]:
    """Rule 6, across the bodies that lie open."""
    if not bodies:
        return ()
    try:
        edge.check_body(header.type, for_the_edge(header, bodies, directory, past, _copied(header)))
    except Refused as refusal:
        return refusal.faults
    return ()


def for_the_edge(
    header: Header,
    bodies: Mapping[str, Closed],
    directory: Directory,
    past: Past = NOTHING,
    copied: frozenset[str] | None = None,
) -> Opened:
    """A message as the rules of the edge see it, once its header is sealed."""
    readers: dict[str, Sequence[str]] = {entry.name: entry.readers for entry in header.part_entries}
    due = instant.parse(header.arrival_due) if isinstance(header, TransferProposed) else None
    known = countries(directory)
    return Opened(header.sender, readers, bodies, known, past.bodies, copied, bound=past.bound, arrival_due=due)


def _weaker(header: Header, agency: str, directory: Directory) -> tuple[str, ...]:
    """By the directory as this agency knows it now, which may be newer than the sender's was."""
    ours = (entry for entry in header.part_entries if agency in entry.readers)
    return tuple(entry.name for entry in ours if _is_weaker(entry.suite, directory.suite_of(entry.readers)))


def _is_weaker(used: str, allowed: str | None) -> bool:
    return allowed is not None and SUITES.index(used) < SUITES.index(allowed)


def _copied(header: Header) -> frozenset[str] | None:
    """Without an arrangement, whom a request is copied to stands in its consent. Of others only the sender knows."""
    alone = isinstance(header, ReferralRequested) and header.arrangement is None
    return frozenset() if alone else None


def _located(faults: Sequence[Fault], part: str) -> list[Fault]:
    return [Fault(fault.code, _pointer(f"/{part}{fault.pointer}", part), fault.message) for fault in faults]


def _pointer(pointer: str, part: str) -> str:
    return pointer if _POINTER.fullmatch(pointer) else f"/{part}"


def _reason(refusal: Refused) -> str:
    return refusal.code if refusal.code in {UNOPENABLE, COMMITMENT} else SCHEMA


def _bounces(reasons: set[str], problems: Sequence[Fault]) -> str | None:
    """The first of the reasons, in the order in which a part is opened."""
    return next((reason for reason in (UNOPENABLE, COMMITMENT) if reason in reasons), SCHEMA if problems else None)
