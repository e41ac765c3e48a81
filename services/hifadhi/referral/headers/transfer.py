"""The transfer of a person under an accepted request for responsibility: planned, under way, ended."""

from typing import Annotated, Literal

from hifadhi.referral.closed import Instant, Items, Uuid7
from hifadhi.referral.header import Header, PartEntry, PartsOf, Some, Version


class TransferProposed(Header):
    """The sender says when and how the person will come. `transfer` is shared by all who travel together."""

    type: Literal["transfer.proposed"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    transfer: Uuid7
    arrival_due: Instant
    parts: Annotated[Items[PartEntry], PartsOf("transfer.proposed")]


class TransferAgreed(Header):
    """The receiver agrees to the plan."""

    type: Literal["transfer.agreed"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("transfer.agreed")]


class TransferSuspended(Header):
    """The sender halts the plan: an illness, an appeal. The transfer clock stands still."""

    type: Literal["transfer.suspended"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("transfer.suspended")]


class TransferResumed(Header):
    """The sender goes on with the plan."""

    type: Literal["transfer.resumed"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("transfer.resumed")]


class DepartureConfirmed(Header):
    """The person has left. Two officers of the sender sign; it owes protection until the arrival."""

    type: Literal["departure.confirmed"]
    case: Uuid7
    referral: Uuid7
    to: Some
    transfer: Uuid7
    parts: Annotated[Items[PartEntry], PartsOf("departure.confirmed")]


class ArrivalConfirmed(Header):
    """The person has come; from here on the receiver owes protection."""

    type: Literal["arrival.confirmed"]
    case: Uuid7
    referral: Uuid7
    to: Some
    transfer: Uuid7
    parts: Annotated[Items[PartEntry], PartsOf("arrival.confirmed")]


class NonArrivalReported(Header):
    """The person was expected and has not come."""

    type: Literal["non_arrival.reported"]
    case: Uuid7
    referral: Uuid7
    to: Some
    transfer: Uuid7
    parts: Annotated[Items[PartEntry], PartsOf("non_arrival.reported")]
