"""What lies over a case beside its referrals: a dispute, a restriction of its data, links to other cases."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import PlainSerializer

# A set's order is each process's own; sorted, the same case is the same bytes everywhere, and rows can be compared.
Parties: TypeAlias = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str], when_used="json")]


class Link(StrEnum):
    """Whether two cases are said to be of one person; that is never merged."""

    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two agencies contest who owes protection. `due`: of the conciliation, milliseconds UTC; None once it lapsed."""

    id: str
    referral: str
    sides: tuple[str, str]
    due: int | None

    def other(self, agency: str) -> str | None:
        """The other side, or None for an agency that is neither."""
        return dict(zip(self.sides, reversed(self.sides), strict=True)).get(agency)


@dataclass(frozen=True, slots=True)
class Restriction:
    """The newest change of consent that an agency told, which `pending` have not confirmed; `due` as of a dispute."""

    message: str
    pending: Parties
    due: int | None
