"""The bodies of what follows a request: its answers, its second look, its end."""

from typing import Annotated

from pydantic import Field

from hifadhi.referral.closed import Closed, Country, Items, Maybe
from hifadhi.referral.coded import Care, DeclineReason, LegalBasis, WithdrawalReason
from hifadhi.referral.pieces import Contact, Date, Evidence, Narrative, Note, Place, Suggested


class Reception(Closed):
    """Where the person will be received, and in whose care."""

    place: Place
    care: Maybe[Care] = None


class AcceptedContent(Closed):
    """On which grounds the receiver says yes, and what awaits the person."""

    basis: Annotated[Items[LegalBasis], Field(max_length=8)]
    conditions: Maybe[Annotated[Items[Note], Field(max_length=8)]] = None
    reception: Reception
    contact: Contact
    valid_until: Maybe[Date] = None


class DeclinedContent(Closed):
    """Why the receiver says no: reasons by code, the law, and always in full words too."""

    reasons: Annotated[Items[DeclineReason], Field(min_length=1, max_length=8)]
    grounds: Annotated[Items[LegalBasis], Field(max_length=8)]
    full_reasons: Narrative
    suggested: Maybe[Suggested] = None
    remedy: Maybe[Note] = None


class DeclinedMovement(Closed):
    """What the detection of orbits needs of a decline; `substantive`: not only something missing in the request."""

    final: bool
    suggested_country: Maybe[Country] = None
    substantive: bool


class ReexaminationContent(Closed):
    """What the receiver should look at again: what is new, or what it misread."""

    new_evidence: Annotated[Items[Evidence], Field(max_length=32)]
    misread: Maybe[Narrative] = None


class WithdrawnContent(Closed):
    """Why the sender takes its request back."""

    reason: WithdrawalReason
    text: Maybe[Note] = None
