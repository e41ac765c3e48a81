"""Tiles that were read not long ago. What is in a tile stays, and it only gets wider: wide enough is good enough."""

from collections import OrderedDict
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.evidence.tiles import Tile
from hifadhi.evidence.tree import HASH_BYTES
from hifadhi.hub.registry import tiling

MOST: Final = 64
"""Of 8 KiB each: all that proofs of new leaves need, and some of older ones."""


class TileCache:
    """The last `MOST` tiles."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def read(self, db: AsyncConnection, tile: Tile) -> bytes:
        """The tile, exactly as wide as it says; shorter, if the tree is not that large."""
        key, size = (tile.level, tile.index), tile.width * HASH_BYTES
        hashes = self._tiles.get(key, b"")
        if len(hashes) < size:
            hashes = await tiling.read_tile(db, *key)
        if hashes:
            self._keep(key, hashes)
        return hashes[:size]

    def _keep(self, key: tuple[int, int], hashes: bytes) -> None:
        self._tiles[key] = hashes
        self._tiles.move_to_end(key)
        if len(self._tiles) > MOST:
            self._tiles.popitem(last=False)
