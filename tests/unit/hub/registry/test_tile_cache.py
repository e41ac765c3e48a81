"""A tile is asked for once for as long as it is wide enough."""

import os

import pytest
from sqlalchemy import delete

from hifadhi.evidence.tiles import Tile
from hifadhi.evidence.tree import HASH_BYTES
from hifadhi.hub.registry import tables, tile_cache, tiling
from hifadhi.hub.registry.tile_cache import TileCache
from registry_place import Place


async def stored(place: Place, tiles: tiling.Tiles) -> None:
    async with place.store.write() as db:
        await db.execute(delete(tables.tiles))
        await tiling.write(db, tiles)


async def read(place: Place, cache: TileCache, tile: Tile) -> bytes:
    async with place.store.look() as db:
        return await cache.read(db, tile)


async def test_a_tile_is_as_wide_as_it_is_asked_for_and_read_again_only_to_be_wider(place: Place) -> None:
    hashes = os.urandom(3 * HASH_BYTES)
    cache = TileCache()
    await stored(place, {(0, 0): hashes[: 2 * HASH_BYTES]})
    assert await read(place, cache, Tile(0, 0, 2)) == hashes[: 2 * HASH_BYTES]
    await stored(place, {})
    assert await read(place, cache, Tile(0, 0, 1)) == hashes[:HASH_BYTES], "it is at hand"
    assert await read(place, cache, Tile(0, 0, 3)) == b"", "what is not there is not made up"
    await stored(place, {(0, 0): hashes})
    assert await read(place, cache, Tile(0, 0, 3)) == hashes


async def test_what_is_not_there_takes_no_room_and_what_was_not_asked_for_long_goes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_cache, "MOST", 2)
    cache = TileCache()
    all_tiles = {(0, index): os.urandom(HASH_BYTES) for index in range(3)}
    await stored(place, all_tiles)
    for index in (0, 1, 0, 7, 8, 9, 2):  # 1 is the oldest
        await read(place, cache, Tile(0, index, 1))
    await stored(place, {})
    found = [bool(await read(place, cache, Tile(0, index, 1))) for index in range(3)]
    assert found == [True, False, True]
