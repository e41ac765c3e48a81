"""The registry's statements: what it loads before it rules a batch, and what one transaction writes afterwards."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Unavailable
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf
from hifadhi.hub.registry import tiling
from hifadhi.hub.registry.batch import Batch
from hifadhi.hub.registry.sealing import Sealing
from hifadhi.hub.registry.tables import cases, clocks, dead_letters, leaves, messages, state
from hifadhi.referral.case import Case, Clock, Sealed
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.upsert import insert_ignoring, upsert
from hifadhi.stream.port import Record

STATE_ID = 1
# What a dead letter keeps of its bytes. All of them stand in `submissions` at its position, and may be a whole MiB:
# a page of such letters would be more than one append takes.
DEAD_LETTER_BYTES = 32 * 1024

# A statement that is made once is worked out once: SQLAlchemy remembers what it becomes.
_CLOCK = (clocks.c.due, clocks.c.case, clocks.c.subject, clocks.c.clock)
_STATE = select(state)
_DUE = select(*_CLOCK).where(clocks.c.due <= bindparam("until")).order_by(*_CLOCK).limit(bindparam("most"))
_NEXT_DUE = select(func.min(clocks.c.due))
_PAST = select(messages).where(among(messages.c.id, "ids"))
_CASES = select(cases).where(among(cases.c.id, "ids"))
_TOLD = bindparam("told", type_=BigInteger)
_SWAP = (
    update(state)
    .where(state.c.position == bindparam("old_position"), state.c.size == bindparam("old_size"))
    .values({name: bindparam(f"new_{name}") for name in ("position", "size", "stored_at", "edge")})
    .values(published=case((state.c.published < _TOLD, _TOLD), else_=state.c.published))
)
_SWAP_SIGNED = _SWAP.values({name: bindparam(f"new_{name}") for name in ("checkpoint_size", "checkpoint")})
_ADD_LEAVES, _ADD_MESSAGES, _ADD_CLOCKS = insert(leaves), insert_ignoring(messages), insert(clocks)
_ADD_DEAD = insert(dead_letters)
_SET_CASES = upsert(cases, keys=["id"], set_=["head"])
_DROP_CLOCKS = delete(clocks).where(among(clocks.c.case, "ids"))


class SwapLost(Unavailable):
    """Another registry sealed first. Forget everything, read the row, stand by."""


async def prepare(db: AsyncConnection) -> None:
    """The row that the swap needs, if it is not there yet."""
    first = {"id": STATE_ID, "position": 0, "size": 0, "stored_at": 0, "edge": b""}
    first |= {"published": 0, "checkpoint_size": -1, "checkpoint": ""}
    await db.execute(insert_ignoring(state), [first])


async def read_state(db: AsyncConnection) -> Any:  # noqa: ANN401 (a row)
    """The one row of `registry_state`."""
    return (await db.execute(_STATE)).one()


async def statements(db: AsyncConnection, after: int = -1) -> list[tuple[int, bytes]]:
    """The directory's leaves behind the index `after`, each with its own, in order."""
    columns = leaves.c
    found = select(columns.leaf_index, columns.leaf).where(columns.is_statement, columns.leaf_index > after)
    return [(row.leaf_index, row.leaf) for row in await db.execute(found.order_by(columns.leaf_index))]


async def due_clocks(db: AsyncConnection, until: int, limit: int) -> list[Clock]:
    """The first clocks that lapse at or before `until` (milliseconds), in the order in which they lapse."""
    return [Clock(*row) for row in await db.execute(_DUE, {"until": until, "most": limit})]


async def next_due(db: AsyncConnection) -> int | None:
    """When the first clock lapses, milliseconds UTC."""
    first: int | None = (await db.execute(_NEXT_DUE)).scalar()
    return first


async def load_past(db: AsyncConnection, ids: Collection[str]) -> dict[str, Sealed]:
    """The messages of these ids that have a leaf."""
    rows = await db.execute(_PAST, {"ids": sorted(ids)}) if ids else ()
    return {
        row.id: Sealed(
            row.leaf_index, row.digest, row.type, row.sender, tuple(json.loads(row.addressees)), row.case, row.recorded
        )
        for row in rows
    }


async def load_cases(db: AsyncConnection, ids: Collection[str]) -> dict[str, Case]:
    """The heads of these cases."""
    rows = await db.execute(_CASES, {"ids": sorted(ids)}) if ids else ()
    return {row.id: Case.from_bytes(row.head) for row in rows}


async def commit(db: AsyncConnection, sealing: Sealing, fold: Fold) -> None:
    """Everything that the batch made true, first of all the swap. The caller's transaction is the commit point."""
    batch = sealing.batch
    await _swap(db, sealing, fold)
    await _insert_leaves(db, sealing)
    await _write_messages(db, batch, fold)
    await _write_cases(db, batch, fold)
    if sealing.head:
        await tiling.write(db, sealing.head.tiles)
    await insert_all(db, _ADD_DEAD, [_dead_row(record, dead) for record, dead in batch.dead])


def key_of(new: NewLeaf) -> str:
    """The key under which the leaf stands in `record`."""
    return new.case or new.message or ""


async def _swap(db: AsyncConnection, sealing: Sealing, fold: Fold) -> None:
    batch, head = sealing.batch, sealing.head
    bound: dict[str, Any] = {"old_position": batch.position, "old_size": batch.size, "told": sealing.published}
    bound |= {"new_position": batch.next_position, "new_size": fold.size, "new_stored_at": fold.stored_at}
    bound |= {"new_edge": sealing.edge.to_bytes()}
    if head:
        bound |= {"new_checkpoint_size": head.size, "new_checkpoint": head.checkpoint}
    if (await db.execute(_SWAP_SIGNED if head else _SWAP, bound)).rowcount != 1:
        raise SwapLost("another registry has sealed this batch")


def _dead_row(record: Record, dead: DeadLetter) -> dict[str, Any]:
    return {"position": record.position, "cause": dead.cause, "value": (record.value or b"")[:DEAD_LETTER_BYTES]}


async def _insert_leaves(db: AsyncConnection, sealing: Sealing) -> None:
    rows = [
        {"leaf_index": n.index, "hash": h, "leaf": r, "key": key_of(n), "is_statement": n.is_statement}
        for n, r, h in zip(sealing.batch.leaves, sealing.raw, sealing.hashes, strict=True)
    ]
    await insert_all(db, _ADD_LEAVES, rows)


async def _write_messages(db: AsyncConnection, batch: Batch, fold: Fold) -> None:
    rows = [_message_row(n.message, fold.past[n.message]) for n in batch.leaves if n.message]
    await insert_all(db, _ADD_MESSAGES, rows)  # a reused id has its row already, of its first payload


def _message_row(message_id: str, sealed: Sealed) -> dict[str, Any]:
    return {
        "id": message_id,
        "leaf_index": sealed.index,
        "digest": sealed.digest,
        "type": sealed.type,
        "sender": sealed.sender,
        "addressees": json.dumps(sealed.to),
        "case": sealed.case,
        "recorded": sealed.recorded,
    }


async def _write_cases(db: AsyncConnection, batch: Batch, fold: Fold) -> None:
    touched = [fold.cases[case] for case in sorted({n.case for n in batch.leaves if n.case})]
    if not touched:
        return
    heads = [{"id": case.id, "head": case.to_bytes()} for case in touched]
    await insert_all(db, _SET_CASES, heads)
    await db.execute(_DROP_CLOCKS, {"ids": [case.id for case in touched]})
    await _insert_clocks(db, touched)


async def _insert_clocks(db: AsyncConnection, touched: Iterable[Case]) -> None:
    running = [clock._asdict() for case in touched for clock in case.clocks]
    await insert_all(db, _ADD_CLOCKS, running)
