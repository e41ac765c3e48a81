"""May this be said of the case as a whole now? Rules 3 to 7 of `decide`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hifadhi.referral.case import Case
from hifadhi.referral.headers import (
    CaseClosed,
    CaseReopened,
    DisputeResolved,
    EncounterReported,
    LinkAnswered,
    LinkProposed,
    MessageBounced,
    ObserverAdvised,
    RemovalRecorded,
    ResponsibilityAssumed,
)
from hifadhi.referral.overlays import Link
from hifadhi.referral.table import State
from hifadhi.referral.verdict import IRREGULAR, RECORDED, Known, Verdict

MOST_LINKS: Final = 50


def _met(header: EncounterReported, case: Case, known: Known) -> Verdict:
    """A closed case opens under a state's agency only; an observer has to address one."""
    return RECORDED if not case.is_closed or known.directory.owes_after(header) else IRREGULAR


def _removed(_header: RemovalRecorded, case: Case, _known: Known) -> Verdict:
    return IRREGULAR if case.is_closed else RECORDED


def _assumed(header: ResponsibilityAssumed, case: Case, _known: Known) -> Verdict:
    """Who loses the responsibility is told; said to another, it does not take effect."""
    told = case.responsible in header.to
    return RECORDED if told and not case.is_closed else IRREGULAR


def _closed(header: CaseClosed, case: Case, _known: Known) -> Verdict:
    if header.linked_to is not None and case.links.get(header.linked_to) is not Link.CONFIRMED:  # rule 4
        return Verdict("OTHER_CASE")
    under_way = any(referral.state is State.DEPARTED for referral in case.referrals.values())
    return _by_the_responsible(header, case, fits=not (case.is_closed or case.dispute or under_way))


def _reopened(header: CaseReopened, case: Case, _known: Known) -> Verdict:
    return _by_the_responsible(header, case, fits=case.is_closed)


def _by_the_responsible(header: CaseClosed | CaseReopened, case: Case, *, fits: bool) -> Verdict:
    if header.sender != case.responsible:  # rule 5
        return Verdict("NOT_RESPONSIBLE")
    if not fits:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return RECORDED if header.seen == case.version else Verdict("STALE_STATE")  # rule 7


def _linked(header: LinkProposed, case: Case, known: Known) -> Verdict:
    other = known.cases.get(header.other_case)
    if other is None:  # rule 4
        return Verdict("OTHER_CASE")
    between = (header.sender, header.to[0]), (header.to[0], header.sender)
    if not any(here in case.parties and there in other.parties for here, there in between):  # rule 3
        return Verdict("NOT_PARTY")
    room = header.other_case in case.links or len(case.links) < MOST_LINKS
    return RECORDED if room and case.links.get(header.other_case) is not Link.CONFIRMED else IRREGULAR


def _link_answered(header: LinkAnswered, case: Case, known: Known) -> Verdict:
    asked = known.in_case(header.in_reply_to, case.id)
    if asked is None or asked.type != "link.proposed" or header.other_case not in case.links:  # rule 4
        return Verdict("OTHER_CASE")
    if asked.to != (header.sender,) or header.to != (asked.sender,):  # rule 3
        return Verdict("NOT_PARTY")
    return RECORDED if case.links[header.other_case] is Link.PROPOSED else IRREGULAR


def _advised(header: ObserverAdvised, case: Case, _known: Known) -> Verdict:
    return RECORDED if case.dispute and case.dispute.id == header.in_reply_to else IRREGULAR


def _resolved(header: DisputeResolved, case: Case, _known: Known) -> Verdict:
    if case.dispute is None:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    if case.dispute.id != header.in_reply_to:  # rule 4
        return Verdict("OTHER_CASE")
    if case.dispute.other(header.sender) != header.to[0] or header.responsible not in case.dispute.sides:  # rule 3
        return Verdict("NOT_PARTY")
    return RECORDED if header.seen == case.version else Verdict("STALE_STATE")  # rule 7


def _bounced(header: MessageBounced, case: Case, known: Known) -> Verdict:
    broken = known.in_case(header.in_reply_to, case.id)
    if broken is None:  # rule 4
        return Verdict("OTHER_CASE")
    ours = header.sender in broken.to and header.to == (broken.sender,)
    return RECORDED if ours else Verdict("NOT_PARTY")  # rule 3


RULES: Final[Mapping[str, Callable[[Any, Case, Known], Verdict]]] = {
    "encounter.reported": _met,
    "removal.recorded": _removed,
    "responsibility.assumed": _assumed,
    "case.closed": _closed,
    "case.reopened": _reopened,
    "link.proposed": _linked,
    "link.answered": _link_answered,
    "observer.advised": _advised,
    "dispute.resolved": _resolved,
    "message.bounced": _bounced,
}
