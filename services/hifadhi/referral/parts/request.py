"""The bodies of a request: what is asked, for whom, on which basis, and what the receiver needs to know."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import AgencyId, Closed, Country, Items, Maybe, pattern
from hifadhi.referral.coded import (
    Care,
    ConsentGiver,
    FieldName,
    LegalBasis,
    ProcessingBasis,
    Purpose,
    SpecificNeed,
    TraffickingPhase,
)
from hifadhi.referral.pieces import (
    BestInterests,
    Contact,
    Date,
    Document,
    Evidence,
    Guardian,
    Moment,
    Narrative,
    Note,
    Person,
    Profile,
    Reference,
    Relative,
)


class ConsentedUse(Closed):
    """One agency, and one purpose for which it may have the data."""

    agency: AgencyId
    purpose: Purpose


class Consent(Closed):
    """A declaration of consent: by whom, to whom and for what, and what is not to be told."""

    given_by: ConsentGiver
    scope: Annotated[Items[ConsentedUse], Field(max_length=64)]
    withheld: Annotated[Items[FieldName], Field(max_length=16)]
    at: Moment
    withdrawn_at: Maybe[Moment] = None


class Processing(Closed):
    """The basis on which the data are processed."""

    basis: ProcessingBasis
    consent: Maybe[Consent] = None


class Trafficking(Closed):
    """Assistance to a victim of trafficking; `safe_contact` tells how and when contact puts nobody in danger."""

    phase: TraffickingPhase
    safe_contact: Note
    risk_assessment: Reference


class RequestContent(Closed):
    """What is asked, for whom, and why. `requested_by` is a wish: the exchange's clocks do not depend on it.

    `signatory` is a second officer's compact JWS with detached payload (RFC 7515 appendix F) over the RFC 8785 form of
    this body without it; its protected header names the message, so that it cannot vouch for another.
    """

    purposes: Annotated[Items[Purpose], Field(min_length=1, max_length=8)]
    legal_basis: Annotated[Items[LegalBasis], Field(max_length=8)]
    person: Person
    documents: Annotated[Items[Document], Field(max_length=16)]
    references: Annotated[Items[Reference], Field(max_length=16)]
    family: Annotated[Items[Relative], Field(max_length=16)]
    evidence: Annotated[Items[Evidence], Field(max_length=32)]
    reasons: Narrative
    requested_by: Maybe[Date] = None
    processing: Processing
    contact: Contact
    signatory: Maybe[Annotated[str, pattern(r"^[A-Za-z0-9_-]{16,512}\.\.[A-Za-z0-9_-]{85}[AQgw]$")]] = None


class RequestSensitive(Closed):
    """What the receiver needs to know of the person's need of protection and risks."""

    profiles: Annotated[Items[Profile], Field(max_length=8)]
    specific_needs: Annotated[Items[SpecificNeed], Field(max_length=32)]
    best_interests: Maybe[BestInterests] = None
    guardian: Maybe[Guardian] = None
    care: Maybe[Care] = None
    risk: Literal["HIGH", "MEDIUM", "LOW"]
    feared_countries: Annotated[Items[Country], Field(max_length=8)]
    trafficking: Maybe[Trafficking] = None
