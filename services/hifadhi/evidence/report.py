"""What an audit found, leaf by leaf and on the whole."""

from dataclasses import dataclass

from hifadhi.evidence.findings import Finding
from hifadhi.evidence.leaf import Leaf
from hifadhi.referral.case import Case


@dataclass(frozen=True, slots=True)
class Verified:
    """A leaf that stands. `case` is as the leaf leaves it; None where it concerns none. `digest`: None of a lapse."""

    index: int
    leaf: Leaf
    case: Case | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was verified: numbers of leaves by ruling, of cases and agencies, and what an auditor should look at.

    `earlier`: so many of the leaves an earlier audit verified, whose state was given.
    """

    origin: str
    root: bytes
    leaves: int
    recorded: int
    refused: int
    lapsed: int
    irregular: int
    cases: int
    agencies: int
    last_stored_at: str | None
    findings: tuple[Finding, ...]
    earlier: int = 0
