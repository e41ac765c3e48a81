"""Two states contest who owes protection; observers advise; the two states settle it."""

from typing import Annotated, Literal

from hifadhi.referral.closed import AgencyId, Items, Uuid7
from hifadhi.referral.header import Header, One, PartEntry, PartsOf, Some, Version


class DisputeOpened(Header):
    """A side of a referral that came to nothing contests it. The other side is among the addressees."""

    type: Literal["dispute.opened"]
    case: Uuid7
    referral: Uuid7
    to: Some
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("dispute.opened")]


class ObserverAdvised(Header):
    """An observer says what it thinks. It decides nothing."""

    type: Literal["observer.advised"]
    case: Uuid7
    in_reply_to: Uuid7
    to: Some
    parts: Annotated[Items[PartEntry], PartsOf("observer.advised")]


class DisputeResolved(Header):
    """Both states sign who owes protection from here on."""

    type: Literal["dispute.resolved"]
    case: Uuid7
    in_reply_to: Uuid7
    to: One
    seen: Version
    responsible: AgencyId
    parts: Annotated[Items[PartEntry], PartsOf("dispute.resolved")]
