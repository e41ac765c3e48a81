"""Tiles and checkpoints: a cache of the leaf rows, made again from them after any crash.

They are written together and only ever rise: a process that wakes from a pause overwrites nothing newer.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.evidence import tree
from hifadhi.evidence.tiles import HEIGHT, WIDTH, Tile, complete_hash, node_from_tiles, tiles_changed
from hifadhi.evidence.tree import HASH_BYTES, Edge
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.tables import leaves, state, tiles
from hifadhi.store.port import Store
from hifadhi.store.upsert import upsert

T = TypeVar("T")

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
    for tile in sorted(tiles_changed(old, new), key=lambda t: t.level):  # a level is made of the one below
        hashes = await _hashes(db, tile, old)
        row = {"level": tile.level, "tile_index": tile.index, "hashes": hashes}
        await db.execute(_SET_TILE, [row])


async def _hashes(db: AsyncConnection, tile: Tile, old: int) -> bytes:
    """The tile as it is to be: what the tree of `old` leaves had of it stands, and only the rest is asked for."""
    first, end = tile.index * WIDTH, tile.index * WIDTH + tile.width
    known = max(0, (old >> (HEIGHT * tile.level)) - first)
    kept = (await read_tile(db, tile.level, tile.index))[: known * HASH_BYTES] if known else b""
    if len(kept) < known * HASH_BYTES:  # rows that somebody emptied
        known, kept = 0, b""
    return kept + b"".join(await _new_hashes(db, tile.level, first + known, end))


async def _new_hashes(db: AsyncConnection, level: int, first: int, end: int) -> list[bytes]:
    if level == 0:
        return list((await db.execute(_HASHES, {"first": first, "end": end})).scalars())
    index = tiles.c.tile_index
    below = select(tiles.c.hashes).where(tiles.c.level == level - 1, index >= first, index < end).order_by(index)
    return [complete_hash(row) for row in (await db.execute(below)).scalars()]


async def _root(db: AsyncConnection, size: int) -> bytes:
    return await with_tiles(db, lambda read: tree.root_hash(size, read))


async def with_tiles(db: AsyncConnection, ask: Callable[[tree.NodeReader], T]) -> T:
    """What a pure function of the tree's nodes gives; the tiles that it turns out to need are fetched for it."""
    at_hand: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        return node_from_tiles(level, index, lambda tile_level, tile_index: at_hand[tile_level, tile_index])

    while True:
        try:
            return ask(node)
        except KeyError as missing:
            level, index = missing.args[0]
            at_hand[level, index] = await read_tile(db, level, index)


async def read_tile(db: AsyncConnection, level: int, index: int) -> bytes:
    """The hashes of a tile as far as it is filled; empty if there is none."""
    hashes: Any = (await db.execute(_TILE, {"level": level, "index": index})).scalar_one_or_none()
    return bytes(hashes or b"")
