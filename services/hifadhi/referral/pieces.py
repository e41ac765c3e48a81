"""The pieces that the bodies of sealed parts share: names, births, documents, places, moments.

A shape that JSON Schema can say is checked here; what depends on several fields, in `edge`.
"""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from hifadhi.referral.closed import (
    AgencyId,
    Closed,
    Country,
    Instant,
    Items,
    Language,
    Maybe,
    UtcOffset,
    Uuid7,
    line,
    pattern,
    text,
)
from hifadhi.referral.coded import (
    DocumentKind,
    EvidenceKind,
    GuardianKind,
    LegalBasis,
    OfficerRole,
    Post,
    ProfileCode,
    ReferenceScheme,
    RefugeeBasis,
    Relation,
)

NamePart = TypeAliasType("NamePart", Annotated[str, line(80)])
Number = TypeAliasType("Number", Annotated[str, line(64, "A number as printed or written in a file.")])
Script = TypeAliasType("Script", Annotated[str, pattern(r"^[A-Z][a-z]{3}$", "ISO 15924.")])
Subdivision = TypeAliasType("Subdivision", Annotated[str, pattern(r"^[A-Z]{2}-[A-Z0-9]{1,3}$", "ISO 3166-2.")])
Phone = TypeAliasType("Phone", Annotated[str, pattern(r"^\+[1-9][0-9]{6,14}$", "E.164.")])
Email = TypeAliasType(
    "Email",
    Annotated[str, pattern(r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,4}$")],
)
Date = TypeAliasType(
    "Date",
    Annotated[str, pattern(r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "Gregorian, YYYY-MM-DD.")],
)
BirthDate = TypeAliasType(
    "BirthDate",
    Annotated[
        str,
        pattern(
            r"^(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$",
            "As much of the date as is known: YYYY-MM-DD, YYYY-MM or YYYY.",
        ),
    ],
)
# Fields of type Date or BirthDate: a schema cannot tell 30 February, `edge` can. A test holds this list complete.
DATE_FIELDS = frozenset({"date", "valid_until", "requested_by"})

Sex = TypeAliasType("Sex", Literal["F", "M", "X", "U"])
Grade = TypeAliasType(
    "Grade",
    Annotated[
        Literal["A", "B", "C", "D"],
        Field(
            description="A official record, B identified document or medical, C consistent account, D single account."
        ),
    ],
)
Assessed = TypeAliasType(
    "Assessed",
    Annotated[Literal["yes", "no", "pending"], Field(description="Whether the need of protection was assessed.")],
)


class Note(Closed):
    """Some sentences of plain text, and the language they are in."""

    text: Annotated[str, text(1000)]
    language: Language


class Narrative(Closed):
    """A longer plain text, and the language it is in."""

    text: Annotated[str, text(8000)]
    language: Language


class Name(Closed):
    """A person's name. One-name people are normal: `given` or `family` may be empty, not both.

    `other` has father's and grandfather's names, clan names, names known by; `as_in_document` the name as printed.
    """

    given: Annotated[Items[NamePart], Field(max_length=8)]
    family: Annotated[Items[NamePart], Field(max_length=8)]
    other: Maybe[Annotated[Items[NamePart], Field(max_length=8)]] = None
    script: Script
    as_in_document: Maybe[Annotated[str, line(160)]] = None


class Birth(Closed):
    """When and where a person was born. `date` has the form that `precision` says, a year if ESTIMATED."""

    date: Maybe[BirthDate] = None
    precision: Literal["DAY", "MONTH", "YEAR", "ESTIMATED", "UNKNOWN"]
    place: Maybe[Annotated[str, line(120)]] = None
    country: Maybe[Country] = None


class Person(Closed):
    """Who the person is, as far as known. `stateless` is absent while it is undetermined."""

    name: Maybe[Name] = None
    birth: Maybe[Birth] = None
    sex: Sex
    nationalities: Annotated[Items[Country], Field(max_length=4)]
    stateless: Maybe[bool] = None
    languages: Annotated[Items[Language], Field(max_length=8)]


class Document(Closed):
    """A document of the person, and what the officer had in hand."""

    kind: DocumentKind
    number: Number
    issuer: Country
    valid_until: Maybe[Date] = None
    seen: Literal["original", "copy", "told"]


class Reference(Closed):
    """A number under which someone keeps a file or a record."""

    scheme: ReferenceScheme
    value: Number


class Place(Closed):
    """Where something happened, or is to happen."""

    country: Country
    subdivision: Maybe[Subdivision] = None
    post: Maybe[Post] = None
    text: Maybe[Note] = None


class Moment(Closed):
    """An instant, and the offset from UTC of the clock on the wall there."""

    utc: Instant
    zone: UtcOffset


class Contact(Closed):
    """An officer to speak to; never the person."""

    role: OfficerRole
    agency: AgencyId
    phone: Maybe[Phone] = None
    email: Maybe[Email] = None


class Evidence(Closed):
    """One piece of evidence and how much it proves."""

    kind: EvidenceKind
    grade: Grade
    text: Maybe[Note] = None
    date: Maybe[Date] = None


class Informed(Closed):
    """When, in which language and by which agency the person was told what happens with their case and data."""

    at: Moment
    language: Language
    by: AgencyId


class Profile(Closed):
    """One protection profile; a prima facie refugee's names the group declaration."""

    profile: ProfileCode
    basis: Maybe[RefugeeBasis] = None
    declaration: Maybe[Uuid7] = None


class Relative(Closed):
    """A member of the family, and the case of theirs, if there is one."""

    relation: Relation
    name: Maybe[Name] = None
    where: Maybe[Place] = None
    case: Maybe[Uuid7] = None


class Guardian(Closed):
    """Who answers for a child."""

    kind: GuardianKind
    name: Name
    agency: Maybe[AgencyId] = None
    phone: Maybe[Phone] = None
    email: Maybe[Email] = None


class BestInterests(Closed):
    """The child's best-interests procedure; `ref` and `date` of any kind but NONE."""

    kind: Literal["NONE", "SHORT_BIA", "COMPREHENSIVE_BIA", "BID", "REVIEW"]
    ref: Maybe[Reference] = None
    date: Maybe[Date] = None


class Suggested(Closed):
    """The agency that is held responsible instead, and on which legal ground."""

    agency: AgencyId
    ground: LegalBasis
