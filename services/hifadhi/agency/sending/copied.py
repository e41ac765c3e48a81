"""Who may, and who has to be told something, as far as the states and the case decide it.

Of the observers, `domain.md` §8 says which may read along. What the person asked for stands in the sealed consent,
where only the edge's rules look.
"""

from collections.abc import Mapping
from typing import Any, Final

from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.wire.exchange import Exchange
from hifadhi.errors import Refused
from hifadhi.referral.directory import Directory
from hifadhi.referral.table import SIDE, State

REQUEST: Final = "referral.requested"


async def who_may_be_copied(draft: Draft, directory: Directory, exchange: Exchange) -> frozenset[str] | None:
    """Those of the addressees who may be copied in, whatever the person asked; None where nobody asks for that.

    Within a referral the registry decides. Unavailable.
    """
    observers = frozenset(agency for agency in draft.to if _observes(agency, directory))
    if not observers or draft.type in SIDE:
        return None
    if draft.type == REQUEST:
        arrangement = directory.arrangements.get(str(draft.facts.get("arrangement")))
        return observers.intersection(arrangement.observers if arrangement else ())
    try:
        case = await exchange.case(str(draft.facts.get("case")))
    except Refused:  # no party of it yet, or no such case: the registry will tell which
        return frozenset()
    return observers if _is_escalated(case) else observers.intersection(case["parties"])


async def who_owes(case: str, exchange: Exchange) -> frozenset[str]:
    """Who owes the person protection now; nobody, as far as a stranger to the case can tell. Unavailable."""
    try:
        stands = await exchange.case(case)
    except Refused:
        return frozenset()
    return frozenset({stands["responsible"]}) if stands["responsible"] else frozenset()


def _observes(agency: str, directory: Directory) -> bool:
    return agency in directory.agencies and not directory.agencies[agency].is_state


def _is_escalated(case: Mapping[str, Any]) -> bool:
    return bool(case["contested"]) or any(one["state"] == State.ESCALATED for one in case["referrals"])
