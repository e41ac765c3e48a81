"""Many leaves proved at once, by the tree's own tiles: one tile proves 256 leaves.

Rules, and the attack that each stops:

1. The unfinished tiles of all levels together give the checkpoint's root: tiles of another tree.
2. Every full tile hashes to its place in the tile above it, up to an unfinished one: a full tile slipped in between.
3. The leaf's hash is the one at its place: a leaf that was never sealed, or at another index.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hifadhi.errors import Tampered
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tiles import WIDTH, Tile, complete_hash, node_from_tiles, partial_tiles, tile_of
from hifadhi.evidence.tree import EMPTY_ROOT, HASH_BYTES, Edge

_ABSENT: Final = b""


def needed(indexes: Iterable[int], size: int) -> set[Tile]:
    """The tiles that prove the leaves at these indexes, all below `size`, in the tree of this size."""
    tiles = set(partial_tiles(size))
    for index in indexes:
        tiles.update(_upwards(index // WIDTH, size))
    return tiles


class TileProof:
    """Proves leaves in the tree of a checkpoint by tiles, which are those that are `needed`; Tampered by rules 1, 2."""

    def __init__(self, checkpoint: Checkpoint, tiles: Mapping[Tile, bytes]) -> None:
        self._checkpoint, self._tiles = checkpoint, tiles
        for tile, raw in tiles.items():
            if len(raw) != tile.width * HASH_BYTES:
                raise Tampered(f"{tile.path()} has {len(raw)} bytes; it is {tile.width} hashes wide")
        if _root(checkpoint.size, tiles) != checkpoint.root:  # rule 1
            raise Tampered("the unfinished tiles do not give the root that the checkpoint signs")
        for tile, raw in tiles.items():
            if tile.width == WIDTH and complete_hash(raw) != self._above(tile):  # rule 2
                raise Tampered(f"{tile.path()} does not hash to its place in the tile above it")

    def check(self, index: int, hashed: bytes) -> None:
        """Nothing, if the leaf at this index has this hash (rule 3); else Tampered."""
        if self._hash(0, index) != hashed:
            raise Tampered("the leaf's hash is not the one in the ledger's tile", index=index)

    def _above(self, tile: Tile) -> bytes:
        return self._hash(tile.level + 1, tile.index)

    def _hash(self, level: int, index: int) -> bytes:
        """The hash in a tile that was proved, or is being."""
        at = index % WIDTH * HASH_BYTES
        tile = _tile(level, index // WIDTH, self._checkpoint.size)
        return self._tiles.get(tile, _ABSENT)[at : at + HASH_BYTES] if tile else _ABSENT


def _root(size: int, tiles: Mapping[Tile, bytes]) -> bytes:
    """From the right edge, all of which lies in unfinished tiles."""
    hashes, first = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(
                node_from_tiles(level, first >> level, lambda row, tile: _unfinished_tile(row, tile, size, tiles))
            )
            first += 1 << level
    return Edge(size, tuple(hashes)).root() if size else EMPTY_ROOT


def _unfinished_tile(level: int, index: int, size: int, tiles: Mapping[Tile, bytes]) -> bytes:
    tile = _tile(level, index, size)
    return tiles.get(tile, _ABSENT) if tile else _ABSENT


def _upwards(index: int, size: int) -> Iterator[Tile]:
    """The tile of level 0 and those above it, up to an unfinished one."""
    level = 0
    while tile := _tile(level, index, size):
        yield tile
        if tile.width < WIDTH:
            return
        level, index = level + 1, index // WIDTH


def _tile(level: int, index: int, size: int) -> Tile | None:
    """As wide as the tree makes it; None if it has no such tile."""
    tile = tile_of(size, level, index)
    return tile if tile.width > 0 else None
