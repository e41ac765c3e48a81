"""A request and what is said within it: taken, answered, asked about, looked at again, taken back."""

from typing import Annotated, Literal

from hifadhi.referral.closed import ArrangementId, Exactly, Items, Maybe, Urgency, Uuid7
from hifadhi.referral.header import Header, PartEntry, PartsOf, Some, Version


class ReferralRequested(Header):
    """The responsible agency asks another for a service, or to take responsibility.

    `person_asked`: the person wants these observers to be copied in, whatever the states arranged; the sealed consent
    names them.
    """

    type: Literal["referral.requested"]
    case: Uuid7
    to: Some
    group: Maybe[Uuid7] = None
    urgency: Urgency
    seen: Version
    kind: Literal["service", "responsibility"]
    arrangement: Maybe[ArrangementId] = None
    new_element: Maybe[Annotated[Literal[True], Exactly()]] = None
    person_asked: Maybe[Annotated[Literal[True], Exactly()]] = None
    parts: Annotated[Items[PartEntry], PartsOf("referral.requested")]


class ReferralReceived(Header):
    """The receiver's system took the request, by itself."""

    type: Literal["referral.received"]
    case: Uuid7
    referral: Uuid7
    to: Some
    parts: Annotated[Items[PartEntry], PartsOf("referral.received")]


class ReferralAccepted(Header):
    """The receiver says yes; with `encounter`, the person is there already and responsibility moves at once."""

    type: Literal["referral.accepted"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    encounter: Maybe[Uuid7] = None
    parts: Annotated[Items[PartEntry], PartsOf("referral.accepted")]


class ReferralDeclined(Header):
    """The receiver says no. Why stands in the sealed content only."""

    type: Literal["referral.declined"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("referral.declined")]


class ReexaminationRequested(Header):
    """The sender of a declined request asks the receiver to look again, once. Why stands in the sealed parts only."""

    type: Literal["reexamination.requested"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("reexamination.requested")]


class ReferralWithdrawn(Header):
    """The sender takes its request back."""

    type: Literal["referral.withdrawn"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("referral.withdrawn")]


class InformationRequested(Header):
    """A side of the referral asks the other something. No deadline waits for it."""

    type: Literal["information.requested"]
    case: Uuid7
    referral: Uuid7
    to: Some
    parts: Annotated[Items[PartEntry], PartsOf("information.requested")]


class InformationProvided(Header):
    """The answer to what was asked."""

    type: Literal["information.provided"]
    case: Uuid7
    referral: Uuid7
    to: Some
    in_reply_to: Uuid7
    parts: Annotated[Items[PartEntry], PartsOf("information.provided")]
