"""What became of a message: its ruling, and who has fetched and answered it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence import leaf
from hifadhi.evidence.recipients import PARTY
from hifadhi.hub.delivery import handovers
from hifadhi.hub.delivery.tables import answers, inbox, leaves, messages


async def status(db: AsyncConnection, message: str, agency: str) -> dict[str, Any] | None:
    """The answer of `wire.md` §5, or None for who is not its sender, addressee or reader, as for an unsealed one.

    Of a reused id it is the first payload's.
    """
    named = (inbox.c.agency == agency) & (inbox.c.leaf_index == messages.c.leaf_index) & (inbox.c.role != PARTY)
    sealed = leaves.c.leaf_index == messages.c.leaf_index
    asked = select(messages, leaves.c.leaf).join(inbox, named).join(leaves, sealed).where(messages.c.id == message)
    row = (await db.execute(asked)).one_or_none()
    if row is None:
        return None
    code = {"code": row.code} if row.code else {}
    irregular = {"irregular": True} if leaf.parse(row.leaf).ruling.irregular else {}
    answer = {"id": row.id, "digest": row.digest, "state": "sealed", "ruling": row.ruling, **code, **irregular}
    return {**answer, "index": row.leaf_index, "delivered": await _delivered(db, row.id, row.leaf_index)}


async def _delivered(db: AsyncConnection, message: str, index: int) -> list[dict[str, str]]:
    found = await db.execute(select(answers.c.agency, answers.c.stored_at).where(answers.c.message == message))
    answered = {row.agency: {"answered": row.stored_at} for row in found}
    told = (await handovers.states(db, [index])).get(index, [])
    return [{**one, **answered.get(one["agency"], {})} for one in told]
