"""The directory's statements: who may speak, with which keys, under which agreements (`wire.md` §1). Without a case."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import (
    AgencyId,
    ArrangementId,
    Closed,
    Country,
    Digest,
    Exactly,
    Instant,
    Items,
    Maybe,
    Urgency,
    UtcOffset,
    Uuid7,
    text,
)
from hifadhi.referral.coded import LegalBasis, RefugeeBasis
from hifadhi.referral.codes.list_file import ListName, ListVersion
from hifadhi.referral.header import Header
from hifadhi.referral.key_fields import JwkFields, ReadingJwkFields
from hifadhi.referral.pieces import Date
from hifadhi.referral.root import Root

Role = Literal["state", "focal", "observer", "detection", "statistics", "auditor"]
KeyUse = Literal["sign", "countersign", "read"]


class AgencyAdmitted(Header):
    """Governance lets an agency in, with its roles and the identity key that adds its other keys."""

    type: Literal["agency.admitted"]
    agency: AgencyId
    name: Annotated[str, text(120)]
    country: Country
    roles: Annotated[Items[Role], Field(min_length=1, max_length=6)]
    utc_offset: UtcOffset
    identity: JwkFields


class KeyAdded(Header):
    """An agency adds a key of its own; signed by its identity key."""

    type: Literal["key.added"]
    agency: AgencyId
    use: KeyUse
    key: JwkFields


class ReadingKeyAdded(Header):
    """An agency adds a reading key of a kind that `key.added`, released before there were these, does not know."""

    type: Literal["reading_key.added"]
    agency: AgencyId
    key: ReadingJwkFields

    @property
    def use(self) -> KeyUse:
        """What the key is for."""
        return "read"


class KeyRevoked(Header):
    """A key ends; `invalid_since` flags earlier leaves and never flips them."""

    type: Literal["key.revoked"]
    agency: AgencyId
    kid: Digest
    invalid_since: Maybe[Instant] = None


class AgencyRemoved(Header):
    """Governance ends an agency's part. A state's agency has a successor: its open cases are never without one."""

    type: Literal["agency.removed"]
    agency: AgencyId
    successor: Maybe[AgencyId] = None


class AgencySuspended(Header):
    """Governance stops an agency's keys, all but for `key.revoked`, or lifts that again. It reads on, and owes on."""

    type: Literal["agency.suspended"]
    agency: AgencyId
    lifted: Maybe[Annotated[Literal[True], Exactly()]] = None


class Deadline(Closed):
    """Another length of a clock between two states, in days of the calendar."""

    clock: Literal["reply", "reexamination", "answer", "transfer"]
    urgency: Urgency
    days: Annotated[int, Field(ge=1, le=366)]


class ArrangementPublished(Header):
    """Two states agree how they refer to each other. Signed by an agency of each; published again, it is replaced.

    What runs already runs on as it was. `observers` may be copied in; `legal_bases` are what they invoke.
    """

    type: Literal["arrangement.published"]
    arrangement: ArrangementId
    other: AgencyId
    deadlines: Annotated[Items[Deadline], Field(max_length=12)]
    observers: Annotated[Items[AgencyId], Field(max_length=8)]
    legal_bases: Annotated[Items[LegalBasis], Field(max_length=16)]


class DeclarationPublished(Header):
    """A state recognises a group prima facie, from a day on: a basis for refugee status, not a status."""

    type: Literal["declaration.published"]
    origins: Annotated[Items[Country], Field(min_length=1, max_length=8)]
    basis: RefugeeBasis
    title: Annotated[str, text(300)]
    since: Date


class DeclarationEnded(Header):
    """The state's declaration ends with a day. No status ends with it."""

    type: Literal["declaration.ended"]
    declaration: Uuid7
    until: Date


class CodelistPublished(Header):
    """There is a newer version of a code list; `digest` is of the bytes of its file."""

    type: Literal["codelist.published"]
    list_name: ListName = Field(alias="list")
    version: ListVersion
    digest: Digest


class RulesAdopted(Header):
    """From the next leaf on, rulings follow the rules of this number."""

    type: Literal["rules.adopted"]
    rules: Annotated[int, Field(ge=2, le=9_999)]


class GovernanceRotated(Header):
    """A whole new `root.json`: other governance keys, other keys of the hub, another promise of delay (ADR 8).

    Signed by the threshold of the governance keys in force, one of them first, and by that of the new ones (TUF's rule
    for a new root). `version` counts the rotations, from 1.
    """

    type: Literal["governance.rotated"]
    version: Annotated[int, Field(ge=1, le=9_999)]
    root: Root


STATEMENTS: Mapping[str, type[Header]] = {
    "agency.admitted": AgencyAdmitted,
    "key.added": KeyAdded,
    "reading_key.added": ReadingKeyAdded,
    "key.revoked": KeyRevoked,
    "agency.removed": AgencyRemoved,
    "agency.suspended": AgencySuspended,
    "arrangement.published": ArrangementPublished,
    "declaration.published": DeclarationPublished,
    "declaration.ended": DeclarationEnded,
    "codelist.published": CodelistPublished,
    "rules.adopted": RulesAdopted,
    "governance.rotated": GovernanceRotated,
}
