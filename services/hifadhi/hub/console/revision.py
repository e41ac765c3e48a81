"""What a page is made of, as a short word: another word, another page. Every process on these rows finds the same."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.console import case_query, query
from hifadhi.hub.console.tables import progress, timeline

_LENGTH: Final = 16


async def overview(db: AsyncConnection, told: Iterable[str]) -> str:
    """Of the first page: how far each topic is followed, and what is said to be wrong."""
    places = (await db.execute(select(progress).order_by(progress.c.topic))).all()
    return _word([tuple(place) for place in places], *told)


async def referral(db: AsyncConnection, referral_id: str) -> str | None:
    """Of a referral's page: where it stands, and the last lines that concern it; None if there is no such referral."""
    one = await query.referral(db, referral_id)
    if one is None:
        return None
    last = [await _last(db, one[name]) for name in ("case", "referral")]
    return _word(sorted(one.items()), last)


async def case(db: AsyncConnection, case_id: str) -> str | None:
    """Of a case's page: the last entry that concerns it; None if there is no such case."""
    index = await case_query.newest(db, case_id)
    return None if index is None else _word(case_id, index)


async def _last(db: AsyncConnection, concerns: str) -> int | None:
    newest = select(func.max(timeline.c.leaf_index)).where(timeline.c.concerns == concerns)
    index: int | None = (await db.execute(newest)).scalar_one()
    return index


def _word(*facts: object) -> str:
    return sha256(repr(facts).encode()).hexdigest()[:_LENGTH]
