"""What a message makes of the case as a whole: who owes protection, whether it is open, what lies over it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hifadhi.referral import clocks
from hifadhi.referral.case import Case
from hifadhi.referral.headers import (
    CaseClosed,
    CaseReopened,
    ConsentChanged,
    DataRestricted,
    DisputeOpened,
    DisputeResolved,
    EncounterReported,
    LinkAnswered,
    LinkProposed,
    ResponsibilityAssumed,
)
from hifadhi.referral.moment import Moment
from hifadhi.referral.moves import overtaken, responsibility_moved
from hifadhi.referral.overlays import Dispute, Link, Restriction
from hifadhi.referral.table import CONCILIATION, CONSENT


def _met(case: Case, header: EncounterReported, now: Moment) -> Case:
    """A closed case opens again, under who met the person."""
    owes = now.directory.owes_after(header) if case.is_closed else None
    if owes is None:
        return case
    return responsibility_moved(replace(case, is_closed=False), owes, now.at, now.directory, counts=True)


def _assumed(case: Case, header: ResponsibilityAssumed, now: Moment) -> Case:
    """Nothing is contested any more: somebody owes protection of their own will."""
    return responsibility_moved(replace(case, dispute=None), header.sender, now.at, now.directory)


def _closed(case: Case, _header: CaseClosed, now: Moment) -> Case:
    ended = overtaken(case, now.at, now.directory)
    return replace(ended, version=case.version + 1, is_closed=True)


def _reopened(case: Case, _header: CaseReopened, _now: Moment) -> Case:
    return replace(case, version=case.version + 1, is_closed=False)


def _linked(case: Case, header: LinkProposed, _now: Moment) -> Case:
    return replace(case, links={**case.links, header.other_case: Link.PROPOSED})


def _link_answered(case: Case, header: LinkAnswered, _now: Moment) -> Case:
    answer = Link.CONFIRMED if header.answer == "yes" else Link.DENIED
    return replace(case, links={**case.links, header.other_case: answer})


def _disputed(case: Case, header: DisputeOpened, now: Moment) -> Case:
    referral = case.referrals[header.referral]
    other = referral.other(header.sender) or ""
    due = clocks.due(CONCILIATION, "standard", now.at, now.directory.agencies[other].utc_offset)
    dispute = Dispute(header.id, referral.id, (header.sender, other), due)
    return replace(case, version=case.version + 1, dispute=dispute)


def _resolved(case: Case, header: DisputeResolved, now: Moment) -> Case:
    ended = overtaken(case, now.at, now.directory, only=[case.dispute.referral] if case.dispute else [])
    settled = replace(ended, dispute=None)
    return responsibility_moved(settled, header.responsible, now.at, now.directory, counts=True)


def _consent(case: Case, header: ConsentChanged, now: Moment) -> Case:
    """All past recipients are to confirm, also one that this message forgot to address."""
    pending = case.parties - {header.sender}
    if not pending:
        return case
    due = clocks.due(CONSENT, "standard", now.at, now.directory.agencies[header.sender].utc_offset)
    restriction = Restriction(header.id, pending, due)
    return replace(case, restrictions={**case.restrictions, header.sender: restriction})


def _restricted(case: Case, header: DataRestricted, _now: Moment) -> Case:
    holder = header.to[0]
    asked = case.restrictions.get(holder)
    if asked is None or asked.message != header.in_reply_to:
        return case
    pending = asked.pending - {header.sender}
    others = {one: restriction for one, restriction in case.restrictions.items() if one != holder}
    return replace(case, restrictions={**others, holder: replace(asked, pending=pending)} if pending else others)


EFFECTS: Final[Mapping[str, Callable[[Case, Any, Moment], Case]]] = {
    "encounter.reported": _met,
    "responsibility.assumed": _assumed,
    "case.closed": _closed,
    "case.reopened": _reopened,
    "link.proposed": _linked,
    "link.answered": _link_answered,
    "dispute.opened": _disputed,
    "dispute.resolved": _resolved,
    "consent.changed": _consent,
    "data.restricted": _restricted,
}
