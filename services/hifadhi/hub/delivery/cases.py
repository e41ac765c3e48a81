"""A case as its parties see it: who is responsible, what was asked of whom, which deadlines run, what lies over it.

`unconfirmed`: by the message that changed a consent, who has not confirmed it yet.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.delivery.tables import cases
from hifadhi.referral import instant
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.directory import Directory
from hifadhi.referral.succession import inherited
from hifadhi.referral.table import SUBJECT


async def view(db: AsyncConnection, case: str, agency: str, directory: Directory) -> dict[str, Any] | None:
    """The answer of `wire.md` §5; None for who is not a party, as for a case that there is not."""
    row = (await db.execute(select(cases).where(cases.c.id == case))).one_or_none()
    head = inherited(Case.from_bytes(row.head), directory) if row else None
    if row is None or head is None or agency not in head.parties | {head.responsible}:
        return None
    return {
        "case": head.id,
        "version": head.version,
        "closed": head.is_closed,
        "responsible": head.owed_by,
        "parties": sorted(head.parties),
        "referrals": [_referral(one) for one in head.referrals.values()],
        "clocks": [_clock(one) for one in sorted(head.clocks)],
        "contested": list(head.dispute.sides) if head.dispute else [],
        "unconfirmed": {one.message: sorted(one.pending) for one in head.restrictions.values()},
        "links": {case: link.value for case, link in head.links.items()},
        "index": row.leaf_index,
    }


def _referral(one: Referral) -> dict[str, Any]:
    asked = {"id": one.id, "kind": one.kind, "urgency": one.urgency, "sender": one.sender, "receiver": one.receiver}
    planned = {"transfer": one.transfers[-1]} if one.transfers else {}
    return {**asked, "state": one.state.value, "version": one.version, **planned}


def _clock(one: Clock) -> dict[str, str]:
    return {"clock": one.clock, SUBJECT.get(one.clock, "referral"): one.subject, "due": instant.write(one.due)}
