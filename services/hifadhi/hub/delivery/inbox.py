"""An agency's inbox: the items after an index, in the ledger's order, as one bounded page."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence import b64u
from hifadhi.hub.delivery.tables import inbox, leaves, parts

MAX_BYTES: Final = 4 << 20
"""Of the leaves and parts of one page; a single item may be larger."""


async def page(db: AsyncConnection, agency: str, *, after: int, limit: int) -> dict[str, Any]:
    """`{"data": [item], "after": the last index, or the one given, "done": whether that was all}` (`wire.md` §5)."""
    found = await _rows(db, agency, after, limit + 1)
    taken = _bounded(found[:limit])
    sealed_leaves = await _leaves(db, [row.leaf_index for row in taken])
    sealed_parts = await _parts(db, {digest for row in taken for digest in row.parts.values()})
    data = [_item(row, sealed_leaves[row.leaf_index], sealed_parts) for row in taken]
    return {"data": data, "after": data[-1]["index"] if data else after, "done": len(taken) == len(found)}


async def _rows(db: AsyncConnection, agency: str, after: int, limit: int) -> Sequence[Any]:
    wanted = select(inbox).where(inbox.c.agency == agency, inbox.c.leaf_index > after)
    return (await db.execute(wanted.order_by(inbox.c.leaf_index).limit(limit))).all()


def _bounded(rows: Iterable[Any]) -> list[Any]:
    taken: list[Any] = []
    size = 0
    for row in rows:
        size += row.size
        if taken and size > MAX_BYTES:
            break
        taken.append(row)
    return taken


async def _leaves(db: AsyncConnection, indexes: Iterable[int]) -> dict[int, bytes]:
    wanted = select(leaves.c.leaf_index, leaves.c.leaf).where(leaves.c.leaf_index.in_(indexes))
    return {row.leaf_index: row.leaf for row in await db.execute(wanted)}


async def _parts(db: AsyncConnection, digests: Iterable[str]) -> dict[str, bytes | None]:
    wanted = select(parts.c.digest, parts.c.sealed).where(parts.c.digest.in_(digests))
    return {row.digest: row.sealed for row in await db.execute(wanted)}


def _item(row: Any, leaf: bytes, sealed: dict[str, bytes | None]) -> dict[str, Any]:  # noqa: ANN401 (a row)
    here = {name: sealed[digest] for name, digest in row.parts.items()}
    return {
        "index": row.leaf_index,
        "role": row.role,
        "leaf": b64u.encode(leaf),
        # Whatever the sender had sealed reaches the reader; that it is no JWE, or no text, the reader's edge finds.
        "parts": {name: part.decode(errors="replace") for name, part in here.items() if part is not None},
        "erased": [name for name, part in here.items() if part is None],
    }
