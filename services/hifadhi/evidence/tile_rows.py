"""The hash tiles of a tree that grows leaf by leaf (C2SP tlog-tiles): one unfinished row per level in memory."""

from collections.abc import Iterator

from hifadhi.evidence.tiles import HEIGHT, WIDTH, ReadTile, Tile, complete_hash
from hifadhi.evidence.tree import HASH_BYTES


class TileRows:
    """The unfinished rows of a tree of `size` leaves; `read_tile` gives its partial tiles, if it is not empty."""

    def __init__(self, size: int = 0, read_tile: ReadTile | None = None) -> None:
        self.size = size
        self._rows: list[bytearray] = []
        for tile in _partial(size):
            raw = read_tile(tile.level, tile.index) if tile.width and read_tile else b""
            self._rows.append(bytearray(raw[: tile.width * HASH_BYTES]))

    def add(self, leaf: bytes) -> Iterator[tuple[Tile, bytes]]:
        """One more leaf, given by its hash; the tiles that it fills, the lowest first. Must be read to its end."""
        self.size += 1
        node, level = leaf, 0
        while True:
            if level == len(self._rows):
                self._rows.append(bytearray())
            row = self._rows[level]
            row += node
            if len(row) < WIDTH * HASH_BYTES:
                return
            full = bytes(row)
            row.clear()
            yield Tile(level, (self.size >> (HEIGHT * (level + 1))) - 1), full
            node, level = complete_hash(full), level + 1

    def unfinished(self) -> Iterator[tuple[Tile, bytes]]:
        """The same, and those that are empty: one for each level."""
        return ((tile, bytes(row)) for tile, row in zip(_partial(self.size), self._rows, strict=False))

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """The unfinished tiles, the lowest first."""
        return ((tile, raw) for tile, raw in self.unfinished() if tile.width)


def _partial(size: int) -> Iterator[Tile]:
    """On each level that the tree has, its partial tile, which may be 0 wide."""
    level = 0
    while size:
        yield Tile(level, size // WIDTH, size % WIDTH)
        level, size = level + 1, size // WIDTH
