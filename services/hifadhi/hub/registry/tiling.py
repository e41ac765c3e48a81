"""Tiles and checkpoints: a cache of the leaf rows, made again from them after any crash.

They are written together and only ever rise: a process that wakes from a pause overwrites nothing newer. Most of them
are written along with the leaves (`head`); here is how they are made of the rows when they were not.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.evidence import tree
from hifadhi.evidence.tiles import WIDTH, Tile, grown, node_from_tiles, partial_tiles, tile_of
from hifadhi.evidence.tree import Edge
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.tables import leaves, state, tiles
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import upsert

T = TypeVar("T")
Tiles: TypeAlias = dict[tuple[int, int], bytes]
"""By level and index."""

# Tiles of so many leaves are written in one transaction at most.
STEP = 16 * WIDTH

_TILE = select(tiles.c.hashes).where(tiles.c.level == bindparam("level"), tiles.c.tile_index == bindparam("index"))
_SET_TILE = upsert(tiles, keys=["level", "tile_index"], set_=["hashes"])
_HASHES = (
    select(leaves.c.hash)
    .where(leaves.c.leaf_index >= bindparam("first"), leaves.c.leaf_index < bindparam("end"))
    .order_by(leaves.c.leaf_index)
)


async def catch_up(store: Store, row: Any, signer: LedgerSigner) -> None:  # noqa: ANN401 (a row)
    """Sign the tree of `row`, the committed state, and write its tiles, from wherever the cache is. `KeyNotInForce`."""
    stands = row.checkpoint_size
    while stands < row.size:
        rises = signer.next_size(min(row.size, max(stands, 0) + STEP))
        crash_point.reach("registry: before tiles")
        await _rise(store, row, (stands, rises), partial(signer.note, rises))
        crash_point.reach("registry: after checkpoint")
        stands = rises


async def _rise(store: Store, row: Any, steps: tuple[int, int], note: Callable[[bytes], str]) -> None:  # noqa: ANN401
    """From one checkpoint to the next, unless another process has come as far; the first statement locks the row."""
    old, new = steps
    signed = {"checkpoint": note(Edge.from_bytes(new, row.edge).root())} if new == row.size else {}
    async with store.write() as db:
        here = state.c.checkpoint_size < new
        if (await db.execute(update(state).where(here).values(checkpoint_size=new, **signed))).rowcount != 1:
            return
        await _write_tiles(db, max(old, 0), new)
        crash_point.reach("registry: in tiles")
        if not signed:
            await db.execute(update(state).values(checkpoint=note(await _root(db, new))))
        crash_point.reach("registry: in checkpoint")


async def _write_tiles(db: AsyncConnection, old: int, new: int) -> None:
    partial = await read_partial(db, old)
    hashes = (await db.execute(_HASHES, {"first": old, "end": new})).scalars().all()
    await write(db, grown(old, hashes, lambda level, index: partial[level, index]))


async def read_partial(db: AsyncConnection, size: int) -> Tiles:
    """The tiles of the tree of this size that are not full."""
    return {(tile.level, tile.index): await read_tile(db, tile.level, tile.index) for tile in partial_tiles(size)}


async def write(db: AsyncConnection, changed: Tiles) -> None:
    """Put these in place of what they grew from."""
    rows = [{"level": level, "tile_index": index, "hashes": raw} for (level, index), raw in changed.items()]
    await insert_all(db, _SET_TILE, rows)


async def _root(db: AsyncConnection, size: int) -> bytes:
    return await with_tiles(size, lambda tile: read_tile(db, tile.level, tile.index), partial(tree.root_hash, size))


async def with_tiles(size: int, read: Callable[[Tile], Awaitable[bytes]], ask: Callable[[tree.NodeReader], T]) -> T:
    """What a pure function of the nodes of a tree of `size` gives; the tiles that it turns out to need are read."""
    at_hand: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        return node_from_tiles(level, index, lambda tile_level, tile_index: at_hand[tile_level, tile_index])

    while True:
        try:
            return ask(node)
        except KeyError as missing:
            level, index = missing.args[0]
            at_hand[level, index] = await read(tile_of(size, level, index))


async def read_tile(db: AsyncConnection, level: int, index: int) -> bytes:
    """The hashes of a tile as far as it is filled; empty if there is none."""
    hashes: Any = (await db.execute(_TILE, {"level": level, "index": index})).scalar_one_or_none()
    return bytes(hashes or b"")
