"""What the page of a case shows: where it stands, which clocks run, and its whole story."""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence import story
from hifadhi.hub.console.listing import Cells, Listing
from hifadhi.hub.console.query import TIMELINE, TIMELINE_PAGE, line
from hifadhi.hub.console.tables import cases, entries, referrals, timeline
from hifadhi.referral.case import Case

MOST_REFERRALS: Final = 200


async def case(db: AsyncConnection, case_id: str) -> Cells | None:
    """Who owes protection, what was asked of whom, what lies over the case; None if there is no such case."""
    row = (await db.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    if row is None:
        return None
    head = Case.from_bytes(row.head)
    return {
        "case": head.id,
        "version": head.version,
        "responsible": row.responsible,
        "parties": sorted(head.parties),
        "contested": list(head.dispute.sides) if head.dispute else [],
        "unconfirmed": sorted({one for told in head.restrictions.values() for one in told.pending}),
        "links": {other: link.value for other, link in head.links.items()},
        "clocks": story.deadlines(head),
        "referrals": [*head.referrals.values()],
    }


async def case_story(db: AsyncConnection, case_id: str, after: int) -> Listing:
    """Every line of the case and of its referrals, behind an index; each leaf once."""
    within = select(referrals.c.id).where(referrals.c.case == case_id).limit(MOST_REFERRALS)
    ours = (timeline.c.concerns == case_id) | timeline.c.concerns.in_(within)
    wanted = select(timeline, entries).where(timeline.c.leaf_index == entries.c.leaf_index)
    ordered = wanted.where(ours, timeline.c.leaf_index > after).order_by(timeline.c.leaf_index, timeline.c.state)
    rows: dict[int, Any] = {}
    for row in await db.execute(ordered.limit(2 * TIMELINE_PAGE + 2)):
        rows[row.leaf_index] = row if row.state or row.leaf_index not in rows else rows[row.leaf_index]
    page = sorted(rows)[:TIMELINE_PAGE]
    last = str(page[-1]) if len(rows) > len(page) else None
    return Listing(TIMELINE, [line(rows[index], None) for index in page], last)


async def newest(db: AsyncConnection, case_id: str) -> int | None:
    """The index of the last entry that concerns the case."""
    index: int | None = (
        await db.execute(select(func.max(entries.c.leaf_index)).where(entries.c.case == case_id))
    ).scalar_one()
    return index
