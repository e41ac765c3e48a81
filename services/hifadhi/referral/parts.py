"""The bodies of sealed parts, by schema name (`referral.requested.content/1`). The hub never imports this module.

Released bodies never change: another body is another number in the schema's name.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.referral import faults
from hifadhi.referral.closed import AgencyId, Closed, Code, Country, Exactly, Items, Maybe, line, pattern
from hifadhi.referral.coded import (
    Care,
    ConsentGiver,
    DeclineReason,
    EncounterKind,
    FieldName,
    LegalBasis,
    Outcome,
    Post,
    ProcessingBasis,
    ProfileGroup,
    Purpose,
    SpecificNeed,
    TraffickingPhase,
    WithdrawalReason,
)
from hifadhi.referral.pieces import (
    Assessed,
    BestInterests,
    Contact,
    Date,
    Document,
    Evidence,
    Grade,
    Guardian,
    Informed,
    Moment,
    Narrative,
    Note,
    Person,
    Place,
    Profile,
    Reference,
    Relative,
    Sex,
    Suggested,
)


class Account(Closed):
    """What the person told of the way here; `own_words` in the language they were spoken or put down in."""

    returned_by: Maybe[Country] = None
    came_from: Maybe[Country] = None
    own_words: Maybe[Narrative] = None


class EncounterContent(Closed):
    """Who was met, where and when. `person_informed` is absent while it could not be done."""

    place: Place
    at: Moment
    kind: EncounterKind
    person: Person
    documents: Annotated[Items[Document], Field(max_length=16)]
    references: Annotated[Items[Reference], Field(max_length=16)]
    account: Maybe[Account] = None
    assessed: Assessed
    person_informed: Maybe[Informed] = None
    reference_given: Maybe[Annotated[str, line(64, "Of the slip printed for the person.")]] = None


class EncounterSensitive(Closed):
    """What an encounter showed of the person's need of protection."""

    profiles: Annotated[Items[Profile], Field(max_length=8)]
    specific_needs: Annotated[Items[SpecificNeed], Field(max_length=32)]
    asylum_requested: bool
    immediate_needs: Maybe[Note] = None
    feared_countries: Annotated[Items[Country], Field(max_length=8)]


class EncounterMovement(Closed):
    """What the detection of push-backs needs of one person's encounter, and no more."""

    country: Country
    at: Moment
    kind: EncounterKind
    returned_by: Maybe[Country] = None
    came_from: Maybe[Country] = None
    grade: Grade
    assessed: Assessed
    count: Annotated[Literal[1], Exactly()]
    post: Maybe[Post] = None


class Statistics(Closed):
    """What is counted: coarse on purpose."""

    quarter: Annotated[str, pattern(r"^20[0-9]{2}-Q[1-4]$")]
    origin: Maybe[Country] = None
    age_band: Literal["0-4", "5-11", "12-17", "18-59", "60+", "U"]
    sex: Sex
    profile_group: ProfileGroup
    outcome: Maybe[Outcome] = None


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


class BouncedFault(Closed):
    """One thing wrong, without its value: the part's name, then the pointer in its body."""

    pointer: Annotated[str, pattern(r"^(/[A-Za-z0-9_~-]{1,64}){0,16}$", "JSON pointer (RFC 6901).")]
    code: Code


class BouncedContent(Closed):
    """What was wrong with a message that could not be taken."""

    errors: Annotated[Items[BouncedFault], Field(min_length=1, max_length=16)]


BODIES: Mapping[str, type[Closed]] = {
    "encounter.reported.content/1": EncounterContent,
    "encounter.reported.sensitive/1": EncounterSensitive,
    "encounter.reported.movement/1": EncounterMovement,
    "encounter.reported.statistics/1": Statistics,
    "referral.requested.content/1": RequestContent,
    "referral.requested.sensitive/1": RequestSensitive,
    "referral.requested.statistics/1": Statistics,
    "referral.accepted.content/1": AcceptedContent,
    "referral.declined.content/1": DeclinedContent,
    "referral.declined.movement/1": DeclinedMovement,
    "referral.declined.statistics/1": Statistics,
    "reexamination.requested.content/1": ReexaminationContent,
    "reexamination.requested.sensitive/1": RequestSensitive,  # the request's, as it is by now
    "referral.withdrawn.content/1": WithdrawnContent,
    "message.bounced.content/1": BouncedContent,
}


def body(schema: str, document: object, *, pointer: str = "") -> Closed:
    """The body of that schema in a strictly parsed JSON value, or `Refused` SCHEMA, each pointer behind `pointer`."""
    if schema not in BODIES:
        raise Refused(Fault("SCHEMA", pointer, "no such schema here; the bodies' schemas stand in schemas/parts/"))
    try:
        return BODIES[schema].model_validate(document)
    except ValidationError as error:
        raise faults.refusal(error, document, prefix=pointer) from None


def as_json(of: Closed) -> dict[str, object]:
    """The JSON value of a body, as it is sealed: absent fields are absent."""
    return of.model_dump(mode="json", by_alias=True, exclude_none=True)
