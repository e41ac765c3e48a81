"""What is said of a case as a whole: taken over, ended, opened again, seen to be the same as another."""

from typing import Annotated, Literal

from hifadhi.referral.closed import Items, Maybe, Uuid7
from hifadhi.referral.header import Any16, Header, One, PartEntry, PartsOf, Version


class ResponsibilityAssumed(Header):
    """A state agency takes responsibility by itself, whoever had it."""

    type: Literal["responsibility.assumed"]
    case: Uuid7
    to: Any16
    parts: Annotated[Items[PartEntry], PartsOf("responsibility.assumed")]


class OutcomeReported(Header):
    """What came of a service, or of the case. Which, stands in the sealed content only."""

    type: Literal["outcome.reported"]
    case: Uuid7
    referral: Maybe[Uuid7] = None
    to: Any16
    parts: Annotated[Items[PartEntry], PartsOf("outcome.reported")]


class CaseClosed(Header):
    """The responsible agency ends the case; with `linked_to`, since it is another one's person."""

    type: Literal["case.closed"]
    case: Uuid7
    to: Any16
    seen: Version
    linked_to: Maybe[Uuid7] = None
    parts: Annotated[Items[PartEntry], PartsOf("case.closed")]


class CaseReopened(Header):
    """Who closed the case opens it again, and owes protection again."""

    type: Literal["case.reopened"]
    case: Uuid7
    to: Any16
    seen: Version
    parts: Annotated[Items[PartEntry], PartsOf("case.reopened")]


class LinkProposed(Header):
    """A human at one agency believes that this case and an earlier one are of one person."""

    type: Literal["link.proposed"]
    case: Uuid7
    other_case: Uuid7
    to: One
    parts: Annotated[Items[PartEntry], PartsOf("link.proposed")]


class LinkAnswered(Header):
    """A human at the other agency agrees, or does not. Nothing is merged."""

    type: Literal["link.answered"]
    case: Uuid7
    other_case: Uuid7
    in_reply_to: Uuid7
    to: One
    answer: Literal["yes", "no"]
    parts: Annotated[Items[PartEntry], PartsOf("link.answered")]
