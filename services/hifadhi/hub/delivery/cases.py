"""A case as its parties see it: who is responsible, what was asked of whom, which deadlines run."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.delivery.tables import cases
from hifadhi.referral import instant
from hifadhi.referral.case import Case, Clock, Referral


async def view(db: AsyncConnection, case: str, agency: str) -> dict[str, Any] | None:
    """The answer of `wire.md` §5; None for who is not a party, as for a case that there is not."""
    row = (await db.execute(select(cases).where(cases.c.id == case))).one_or_none()
    head = Case.from_bytes(row.head) if row else None
    if row is None or head is None or agency not in head.parties | {head.responsible}:
        return None
    return {
        "case": head.id,
        "version": head.version,
        "responsible": head.responsible,
        "parties": sorted(head.parties),
        "referrals": [_referral(one) for one in head.referrals.values()],
        "clocks": [_clock(one) for one in sorted(head.clocks)],
        "index": row.leaf_index,
    }


def _referral(one: Referral) -> dict[str, Any]:
    asked = {"id": one.id, "kind": one.kind, "urgency": one.urgency, "sender": one.sender, "receiver": one.receiver}
    return {**asked, "state": one.state.value, "version": one.version}


def _clock(one: Clock) -> dict[str, str]:
    return {"clock": one.clock, "referral": one.referral, "due": instant.write(one.due)}
