"""The items that name a part: those of its own message, and of whatever other message names its digest too.

Each question is bounded by an index, also where a database has not counted its tables yet: so the leaves are asked for
first, some at a time, and then what became of them.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.delivery.inbox import Item, bounded, loaded
from hifadhi.hub.delivery.tables import erased, inbox, naming
from hifadhi.store.among import among

NONE: Final = -1
LEAVES: Final = 200
"""At once, however many name a part."""

# Of a leaf that an earlier release has followed there is no row of `naming`; of what was erased, its own is known.
_LEAVES: Final = (
    union(
        select(naming.c.leaf_index).where(among(naming.c.digest, "digests"), naming.c.leaf_index > bindparam("after")),
        select(erased.c.message_index).where(
            among(erased.c.digest, "digests"), erased.c.message_index > bindparam("after")
        ),
    )
    .order_by("leaf_index")
    .limit(bindparam("most"))
)
_AGENCIES: Final = (
    select(inbox.c.agency)
    .where(inbox.c.leaf_index.between(bindparam("first"), bindparam("last")))  # as in `handovers`
    .where(among(inbox.c.leaf_index, "indexes"))
    .distinct()
)

_before: Final = inbox.alias("before")
_PREVIOUS: Final = (
    select(_before.c.leaf_index)
    .where(_before.c.agency == inbox.c.agency, _before.c.leaf_index < inbox.c.leaf_index)
    .order_by(_before.c.leaf_index.desc())
    .limit(1)
    .scalar_subquery()
)
_ITEMS: Final = (
    select(inbox, func.coalesce(_PREVIOUS, NONE).label("previous"))
    .where(inbox.c.agency == bindparam("reader"), among(inbox.c.leaf_index, "indexes"))
    .order_by(inbox.c.leaf_index)
)


class Linked(NamedTuple):
    """An item, and the index of the one before it in its inbox, -1 for none."""

    previous: int
    item: Item


class Piece(NamedTuple):
    """Some of an agency's items, and after which index it goes on; None: those were the last."""

    linked: list[Linked]
    after: int | None


async def agencies(db: AsyncConnection, digests: Collection[str]) -> set[str]:
    """Whose inboxes have an item of a leaf that names one of these parts, though perhaps not to them."""
    found: set[str] = set()
    after = NONE
    while indexes := await _leaves(db, digests, after):
        said = {"indexes": indexes, "first": indexes[0], "last": indexes[-1]}
        found |= set((await db.execute(_AGENCIES, said)).scalars())
        after = indexes[-1]
    return found


async def items(db: AsyncConnection, agency: str, digests: Collection[str], *, after: int, max_bytes: int) -> Piece:
    """The next items of this agency that name one of these parts, in the order of its inbox. It needs a snapshot."""
    indexes = await _leaves(db, digests, after)
    rows = (await db.execute(_ITEMS, {"reader": agency, "indexes": indexes})).all()
    taken = bounded(rows, max_bytes)
    whole = await loaded(db, taken)
    linked = [Linked(row.previous, item) for row, item in zip(taken, whole, strict=True)]
    naming_one = [one for one in linked if not set(digests).isdisjoint(one.item.parts.values())]
    if len(taken) < len(rows):
        return Piece(naming_one, taken[-1].leaf_index)
    return Piece(naming_one, indexes[-1] if len(indexes) == LEAVES else None)


async def _leaves(db: AsyncConnection, digests: Collection[str], after: int) -> Sequence[int]:
    return (await db.execute(_LEAVES, {"digests": digests, "after": after, "most": LEAVES})).scalars().all()
