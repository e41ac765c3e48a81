"""What a message and the directory show: is it authentic, from whom it says, to known parties? (`wire.md` §2).

The gateway asks before it stores, and the registry asks again: the gateway faces the internet and is not believed.

1. ALGORITHM: only Ed25519 and ES256, as the key is.
2. KEY_UNKNOWN: each signature's key was admitted to the directory. A new root's own keys may sign it, behind one that
   was: with their signatures alone it is a stranger's.
3. KEY_NOT_VALID: it is not revoked, of the use that this type asks for, and its agency is not suspended: a stolen old
   key signs nothing new. Who is suspended still revokes its own keys.
4. SENDER_MISMATCH: it is the key of `from`: no agency speaks for another. Governance signs by its threshold, a new
   root by that of the new one too; a departure is countersigned by a second officer, the end of a dispute by the other
   state.
5. SIGNATURE: it matches, over exactly these bytes.
6. NOT_YOUR_ROLE: the sender's role may send this type: an observer decides nothing.
7. ADDRESSEE_UNKNOWN: every addressee is in the directory, and a focal agency where one is asked for; who is asked can
   answer; observers are copied into a request where its arrangement names them, or the person asked.
   ARRANGEMENT_UNKNOWN: there is such an arrangement.
8. READER_UNKNOWN: every reader is in the directory, and one whom the design lets read this part.
9. SENT_IN_FUTURE: `sent_at` is at most five minutes ahead.

The first rule that fails gives the code. Where only the directory shows that a list has too many or too few agencies,
rules 7 and 8 say SCHEMA.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence.jws import Envelope
from hifadhi.referral import instant
from hifadhi.referral.directory import IDENTITY, Agency, Directory, Key
from hifadhi.referral.header import GOVERNANCE, Header, PartEntry
from hifadhi.referral.headers import DepartureConfirmed, DisputeResolved, EncounterReported, ReferralRequested
from hifadhi.referral.statements import (
    AgencyAdmitted,
    AgencyRemoved,
    AgencySuspended,
    ArrangementPublished,
    CodelistPublished,
    DeclarationEnded,
    DeclarationPublished,
    GovernanceRotated,
    KeyAdded,
    KeyRevoked,
    ReadingKeyAdded,
    RulesAdopted,
)

MAX_AHEAD_MS: Final = 5 * 60 * 1000
STATEMENT_USE: Final[Mapping[type[Header], str]] = {
    KeyAdded: IDENTITY,
    ReadingKeyAdded: IDENTITY,
    KeyRevoked: IDENTITY,
}
_BY_GOVERNANCE: Final = (
    AgencyAdmitted, AgencyRemoved, AgencySuspended, CodelistPublished, GovernanceRotated, RulesAdopted,
)  # fmt: skip
# Who reads a part beyond its sender and its addressees (`domain.md` §3).
PART_ROLES: Final[Mapping[str, str]] = {"movement": "detection", "statistics": "statistics"}
# What an observer may say: what happened, what is to become of data, and its advice. It decides nothing.
OPEN_TO_OBSERVERS: Final = frozenset(
    {"encounter.reported", "message.bounced", "data.corrected", "consent.changed", "data.restricted"}
    | {"erasure.ordered", "link.proposed", "link.answered", "observer.advised"}
)
OBSERVERS_ONLY: Final = frozenset({"observer.advised"})


# What these refuse is not proven to come from its sender: whoever saw a message before it was sealed could have signed
# it again. It must not occupy the id, or the sender's own message would pass for its repeat.
_PROVE_NO_SENDER: Final = frozenset(
    {"FORMAT_UNKNOWN", "TYPE_UNKNOWN", "SCHEMA", "ALGORITHM", "KEY_UNKNOWN", "KEY_NOT_VALID", "SENDER_MISMATCH"}
    | {"BAD_ENCODING", "NOT_JSON", "DUPLICATE_KEY", "TOO_DEEP", "TOO_LARGE", "SIGNATURE"}
)


def occupies_id(code: str | None) -> bool:
    """Whether a message that was ruled with this code (None: recorded) is what its id stands for from then on."""
    return code not in _PROVE_NO_SENDER


def check_keys(envelope: Envelope, header: Header, directory: Directory) -> list[tuple[str, Key]]:
    """Rules 1 to 4, each of all signatures before the next. Pointers are into the posted header.

    The signatures' keys, each behind the pointer of its signature.
    """
    signers = _signers(header, len(envelope.signatures))
    if len(envelope.signatures) != len(signers):
        says = " and then ".join(f"{agency} (a key for {use})" for agency, use in signers)
        raise Refused(Fault("SCHEMA", "/signatures", f"this type is signed by {says}, and nobody else"))
    keys = _check_signers(envelope, header, signers, directory)
    if header.sender == GOVERNANCE:
        _check_threshold(header, {key.jwk.kid for _, key in keys}, directory)
    return keys


def check_first_key(envelope: Envelope, header: Header, directory: Directory) -> None:
    """The same of a message that waits for its second signature. Refused: SCHEMA, if it waits for none."""
    if second_signer(header) is None:
        raise Refused(Fault("SCHEMA", "/signatures", "this type has one signature; nobody countersigns it"))
    if len(envelope.signatures) != 1:
        raise Refused(Fault("SCHEMA", "/signatures", "this message has its second signature already"))
    _check_signers(envelope, header, _signers(header, 1)[:1], directory)


def second_signer(header: Header) -> tuple[str, str] | None:
    """Who signs beside an agency, with a key of which use; None where it signs alone."""
    signers = () if header.sender == GOVERNANCE else _signers(header, 1)
    return signers[1] if len(signers) > 1 else None


def _check_signers(
    envelope: Envelope, header: Header, signers: Sequence[tuple[str, str]], directory: Directory
) -> list[tuple[str, Key]]:
    keys = _known(envelope, header, directory)
    for (where, key), (_, use) in zip(keys, signers, strict=True):
        if why := _not_valid(key, use, header, directory):  # rule 3
            raise Refused(Fault("KEY_NOT_VALID", where, why))
    for (where, key), (agency, _) in zip(keys, signers, strict=True):
        if key.agency != agency:  # rule 4
            raise Refused(Fault("SENDER_MISMATCH", where, f"this is not a key of {agency}"))
    return keys


def _check_threshold(header: Header, signers: set[str], directory: Directory) -> None:
    """Rule 4, of governance; for a new root as TUF has it (The Update Framework, 5.3.4)."""
    asked = [(directory.root, "fewer governance keys signed than the threshold asks")]
    if isinstance(header, GovernanceRotated):
        asked.append((header.root, "fewer of the new root's governance keys signed than its own threshold asks"))
    for root, says in asked:
        if sum(jwk.kid in signers for jwk in root.governance_keys) < root.governance.threshold:
            raise Refused(Fault("SENDER_MISMATCH", "/signatures", says))


def _not_valid(key: Key, use: str, header: Header, directory: Directory) -> str | None:
    """Why this key does not sign this, by rule 3; None if it may."""
    if key.revoked:
        return "this key was revoked; sign with a valid one"
    if key.agency in directory.suspended and not isinstance(header, KeyRevoked):
        return "its agency is suspended: until governance lifts that, its keys sign 'key.revoked' only"
    if key.use != ("sign" if key.agency == GOVERNANCE else use):
        return "a key of this use does not sign here"
    return None


def _known(envelope: Envelope, header: Header | None, directory: Directory) -> list[tuple[str, Key]]:
    """The signatures' keys, each behind the pointer of its signature."""
    envelope.check_algorithms()  # rule 1
    keys, brought = [], dict[str, Key]()
    if isinstance(header, GovernanceRotated) and envelope.signatures[0].kid in directory.keys:
        brought = {jwk.kid: Key(GOVERNANCE, "sign", jwk) for jwk in header.root.governance_keys}
    for number, signature in enumerate(envelope.signatures):
        where = f"/signatures/{number}/protected"
        key = directory.keys.get(signature.kid) or brought.get(signature.kid)
        if key is None:  # rule 2
            raise Refused(Fault("KEY_UNKNOWN", where, "the directory does not know this key; have it added first"))
        keys.append((where, key))
    return keys


def _signers(header: Header, signatures: int) -> tuple[tuple[str, str], ...]:
    """Who signs, with a key of which use, in this order: the sender first."""
    use = STATEMENT_USE.get(type(header), "sign")
    if header.sender == GOVERNANCE:
        return ((GOVERNANCE, use),) * signatures
    if isinstance(header, DepartureConfirmed):
        return (header.sender, use), (header.sender, "countersign")
    if isinstance(header, DisputeResolved):
        return (header.sender, use), (header.to[0], use)
    if isinstance(header, ArrangementPublished):
        return (header.sender, use), (header.other, use)
    return ((header.sender, use),)


def check_signatures(envelope: Envelope, header: Header | None, directory: Directory) -> None:
    """Rules 1, 2 and 5: every signature matches its key, which was admitted once. `header`: None, if there is none."""
    check_made_by(_known(envelope, header, directory), envelope)


def check_made_by(keys: Sequence[tuple[str, Key]], envelope: Envelope) -> None:
    """Rule 5 alone, of the keys that `check_keys` gave."""
    for number, (_, key) in enumerate(keys):
        envelope.verify(number, key.jwk)


def check_standing(header: Header, directory: Directory) -> None:
    """Rules 6 to 8. Pointers are into the payload."""
    _check_role(header, directory)
    for number, agency in enumerate(header.addressees):  # rule 7
        if not directory.takes_part(agency):
            raise Refused(Fault("ADDRESSEE_UNKNOWN", f"/to/{number}", _why_unknown(agency, directory)))
    if isinstance(header, GovernanceRotated):
        _check_root(header, directory)
    if isinstance(header, ReferralRequested):
        _check_request(header, directory)
    if isinstance(header, EncounterReported) and header.case is None:
        _check_opening(header, directory)
    for number, entry in enumerate(header.part_entries):
        _check_readers(header, entry, f"/parts/{number}/readers", directory)


def _check_root(header: GovernanceRotated, directory: Directory) -> None:
    """It is a root of the same exchange; other rules are adopted by a statement of their own."""
    if header.root.origin != directory.root.origin:
        raise Refused(Fault("SCHEMA", "/root/origin", "this is a root of another exchange; keep the origin"))
    if header.root.rules != directory.root.rules:
        raise Refused(Fault("SCHEMA", "/root/rules", "keep the first number; 'rules.adopted' names the next"))


def _why_unknown(agency: str, directory: Directory) -> str:
    successor = directory.heir(agency)
    return (
        f"it was removed; {successor} succeeds it" if successor != agency else "the directory does not know this agency"
    )


def _check_request(header: ReferralRequested, directory: Directory) -> None:
    """One state agency is asked; observers are copied in where an arrangement of the two says so, or the person."""
    asked = [agency for agency in header.to if directory.agencies[agency].is_state]
    if len(asked) != 1:
        where = "/to/0" if len(header.to) == 1 else "/to"
        raise Refused(Fault("ADDRESSEE_UNKNOWN", where, "exactly one state agency can be asked"))
    if asked[0] in directory.suspended:
        says = "this agency is suspended and could not answer; ask another, or again when governance has lifted that"
        raise Refused(Fault("ADDRESSEE_UNKNOWN", f"/to/{header.to.index(asked[0])}", says))
    arrangement = header.arrangement
    if arrangement is not None and not directory.covers(arrangement, header.sender, asked[0]):
        says = "there is no such arrangement between the states of these two agencies"
        raise Refused(Fault("ARRANGEMENT_UNKNOWN", "/arrangement", says))
    allowed = directory.arrangements[arrangement].observers if arrangement else ()
    if header.person_asked:
        allowed = directory.with_role("observer")
    for number, agency in enumerate(header.to):
        if agency not in asked and agency not in allowed:
            says = "an observer is copied in where an arrangement of the two names it, or with `person_asked`"
            raise Refused(Fault("ADDRESSEE_UNKNOWN", f"/to/{number}", says))


def _check_role(header: Header, directory: Directory) -> None:
    if isinstance(header, _BY_GOVERNANCE):
        allowed = header.sender == GOVERNANCE
    elif isinstance(header, ArrangementPublished | DeclarationPublished | DeclarationEnded):
        allowed = directory.takes_part(header.sender) and directory.agencies[header.sender].is_state
    elif isinstance(header, KeyAdded | ReadingKeyAdded):
        allowed = header.sender == header.agency
    elif isinstance(header, KeyRevoked):
        allowed = header.sender in {GOVERNANCE, header.agency}
    else:
        agency = directory.agencies.get(header.sender)
        allowed = agency is not None and _may_say(agency, header.type)
    if not allowed:  # rule 6
        raise Refused(Fault("NOT_YOUR_ROLE", "/from", "an agency of this role does not send this type"))


def _may_say(agency: Agency, message_type: str) -> bool:
    observes = "observer" in agency.roles and message_type in OPEN_TO_OBSERVERS
    return observes or (agency.is_state and message_type not in OBSERVERS_ONLY)


def _check_opening(header: EncounterReported, directory: Directory) -> None:
    """A state agency opens a case under itself; an observer under the one focal agency that it addresses."""
    if directory.agencies[header.sender].is_state:
        if header.to:
            raise Refused(Fault("SCHEMA", "/to", "a state agency's opening encounter has no addressee"))
        return
    if len(header.to) != 1 or "focal" not in directory.agencies[header.to[0]].roles:  # rule 7
        raise Refused(Fault("ADDRESSEE_UNKNOWN", "/to", "an observer's opening encounter addresses one focal agency"))


def _check_readers(header: Header, entry: PartEntry, where: str, directory: Directory) -> None:
    role = PART_ROLES.get(entry.name)
    granted = set(directory.with_role(role) if role else header.addressees) | {header.sender}
    for number, reader in enumerate(entry.readers):
        if not directory.takes_part(reader) or reader not in granted:  # rule 8
            says = "no such agency, or not one that may read this part"
            raise Refused(Fault("READER_UNKNOWN", f"{where}/{number}", says))
    # `sensitive` is need-to-know: its sender may leave an addressee out. The others reach all whom they are for.
    if entry.name != "sensitive" and len(entry.readers) != len(granted):
        raise Refused(Fault("SCHEMA", where, "a reader of this part is missing; see who has its role, and seal again"))


def check_time(header: Header, now_ms: int) -> None:
    """Rule 9."""
    if instant.parse(header.sent_at) > now_ms + MAX_AHEAD_MS:
        raise Refused(Fault("SENT_IN_FUTURE", "/sent_at", "this is more than five minutes ahead; set the clock right"))
