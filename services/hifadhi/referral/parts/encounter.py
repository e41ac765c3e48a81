"""The bodies of an encounter: what the receivers, the few who need to know, and the detection read."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Country, Exactly, Items, Maybe, line
from hifadhi.referral.coded import EncounterKind, Post, SpecificNeed
from hifadhi.referral.pieces import (
    Assessed,
    Document,
    Grade,
    Informed,
    Moment,
    Narrative,
    Note,
    Person,
    Place,
    Profile,
    Reference,
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
