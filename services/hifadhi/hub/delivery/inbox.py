"""An agency's inbox: the items after an index, in the ledger's order, as one bounded page.

It is put together of several questions, and needs no snapshot: an item's rows are written together and stay, but when
everything is emptied to be made again from the topics. A page that this happens to ends before the item that it misses.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence import b64u
from hifadhi.hub.delivery.tables import inbox, leaves, parts
from hifadhi.store.among import among

MAX_BYTES: Final = 4 << 20
"""Of the leaves and parts of one page; a single item may be larger."""

_ROWS: Final = (
    select(inbox)
    .where(inbox.c.agency == bindparam("reader"), inbox.c.leaf_index > bindparam("after"))
    .order_by(inbox.c.leaf_index)
    .limit(bindparam("most"))
)
_LEAVES: Final = select(leaves.c.leaf_index, leaves.c.leaf).where(among(leaves.c.leaf_index, "indexes"))
_PARTS: Final = select(parts.c.digest, parts.c.sealed).where(among(parts.c.digest, "digests"))


@dataclass(frozen=True, slots=True)
class Item:
    """`parts`: name to digest, of those that the agency may read. `sealed`: their bytes by digest, None once erased."""

    index: int
    role: str
    leaf: bytes
    parts: dict[str, str]
    sealed: dict[str, bytes | None]

    @property
    def here(self) -> list[str]:
        """The digests of its parts that are not gone."""
        return [digest for digest, sealed in self.sealed.items() if sealed is not None]

    @property
    def erased(self) -> list[str]:
        """The names of its parts that are gone."""
        return [name for name, digest in self.parts.items() if self.sealed[digest] is None]


async def page(db: AsyncConnection, agency: str, *, after: int, limit: int) -> dict[str, Any]:
    """`{"data": [item], "after": the last index, or the one given, "done": whether that was all}` (`wire.md` §5)."""
    found, done = await items(db, agency, after=after, limit=limit, max_bytes=MAX_BYTES)
    return {"data": [_shown(item) for item in found], "after": found[-1].index if found else after, "done": done}


async def items(db: AsyncConnection, agency: str, *, after: int, limit: int, max_bytes: int) -> tuple[list[Item], bool]:
    """The items after an index, one at least if there is one, and whether that was all."""
    found = (await db.execute(_ROWS, {"reader": agency, "after": after, "most": limit + 1})).all()
    whole = await loaded(db, bounded(found[:limit], max_bytes))
    return whole, len(whole) == len(found)


async def loaded(db: AsyncConnection, rows: Sequence[Any]) -> list[Item]:
    """The items of these rows of `inbox`, up to the first of which not everything is there."""
    if not rows:
        return []
    sealed_leaves = await _leaves(db, [row.leaf_index for row in rows])
    sealed = await _parts(db, {digest for row in rows for digest in row.parts.values()})
    whole = takewhile(lambda row: row.leaf_index in sealed_leaves and sealed.keys() >= {*row.parts.values()}, rows)
    return [_item(row, sealed_leaves[row.leaf_index], sealed) for row in whole]


def bounded(rows: Iterable[Any], max_bytes: int) -> list[Any]:
    """The first of these rows of `inbox`, one at least if there is one, whose items have so many bytes together."""
    taken: list[Any] = []
    size = 0
    for row in rows:
        size += row.size
        if taken and size > max_bytes:
            break
        taken.append(row)
    return taken


async def _leaves(db: AsyncConnection, indexes: Collection[int]) -> dict[int, bytes]:
    return {row.leaf_index: row.leaf for row in await db.execute(_LEAVES, {"indexes": indexes})}


async def _parts(db: AsyncConnection, digests: Collection[str]) -> dict[str, bytes | None]:
    return {row.digest: row.sealed for row in await db.execute(_PARTS, {"digests": digests})}


def _item(row: Any, leaf: bytes, sealed: dict[str, bytes | None]) -> Item:  # noqa: ANN401 (a row)
    return Item(row.leaf_index, row.role, leaf, row.parts, {digest: sealed[digest] for digest in row.parts.values()})


def _shown(item: Item) -> dict[str, Any]:
    here = {name: item.sealed[digest] for name, digest in item.parts.items()}
    return {
        "index": item.index,
        "role": item.role,
        "leaf": b64u.encode(item.leaf),
        # Whatever the sender had sealed reaches the reader; that it is no JWE, or no text, the reader's edge finds.
        "parts": {name: part.decode(errors="replace") for name, part in here.items() if part is not None},
        "erased": item.erased,
    }
