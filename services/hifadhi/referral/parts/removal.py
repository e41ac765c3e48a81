"""The bodies of a removal: on which decision a person was sent away, and what the detection needs of it."""

from typing import Annotated

from pydantic import Field

from hifadhi.referral.closed import AgencyId, Closed, Country, Items, Maybe
from hifadhi.referral.coded import LegalBasis, RemovalKind
from hifadhi.referral.pieces import Assessed, Informed, Moment, Place, Reference


class RemovalContent(Closed):
    """The removal as the removing agency records it. `handed_to`: the agency that took charge there, if one did."""

    kind: RemovalKind
    decision: Reference
    legal_basis: Annotated[Items[LegalBasis], Field(max_length=8)]
    assessed: Assessed
    remedy_offered: bool
    place: Place
    destination: Place
    handed_to: Maybe[AgencyId] = None
    at: Moment
    person_informed: Maybe[Informed] = None


class RemovalMovement(Closed):
    """What the detection of push-backs needs of a removal, and no more."""

    from_: Country = Field(alias="from")
    to: Country
    at: Moment
    assessed: Assessed
    remedy_offered: bool
    handed_over: bool
    kind: RemovalKind
