"""The tree and its entries as files (C2SP tlog-tiles): 256 hashes to a tile, 256 entries to a bundle.

The tile (level, index) holds the nodes (8 * level, 256 * index) and the following ones, so that each hash at level 1
and above is that of a full tile one level below. The last tile of a level is partial until it is full.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence.tree import HASH_BYTES, MAX_SIZE, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
ENTRIES: Final = -1
"""The level of an entry bundle. Its index and width are those of the level 0 tile with its entries' hashes."""
MAX_ENTRY: Final = 0xFFFF

ReadTile = Callable[[int, int], bytes]
"""(level, index) of a hash tile to its bytes, at least as wide as the tree in question makes it."""

_TILE_BYTES: Final = WIDTH * HASH_BYTES
_MAX_INDEX: Final = MAX_SIZE >> HEIGHT
_LENGTH: Final = struct.Struct(">H")
_PATH: Final = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """The coordinates of a hash tile, level 0 to 63, or of an entry bundle, level `ENTRIES`; 1 to 256 wide."""

    level: int
    index: int
    width: int = WIDTH

    def path(self) -> str:
        """Where it is served, below the ledger's prefix: `tile/0/x001/234`, partial `tile/0/x001/234.p/5`."""
        level = "entries" if self.level == ENTRIES else self.level
        *groups, last = (f"{group:0>3}" for group in f"{self.index:,}".split(","))
        number = "".join(f"x{group}/" for group in groups) + last
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that has exactly this path. Refused: NOT_FOUND for any other spelling, and for an index of no tree."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise _not_found()
    level, number, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    if tile.index > _MAX_INDEX or tile.width > WIDTH or tile.path() != path:
        raise _not_found()
    return tile


def tiles_at(size: int) -> Iterator[Tile]:
    """All hash tiles of the tree of this size, level by level: the full ones, then the partial one."""
    return tiles_changed(0, size)


def tiles_changed(old_size: int, new_size: int) -> Iterator[Tile]:
    """The hash tiles of the tree of `new_size` that the tree of `old_size` did not have as they are now.

    Those of level 0 are also the changed entry bundles. Tampered, if the tree has shrunk.
    """
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise Tampered(f"a tree of {old_size} leaves cannot become one of {new_size}")
    return _changed(old_size, new_size)


def _changed(old: int, new: int) -> Iterator[Tile]:
    """`old` and `new` count the hashes of a level; each level has one for every full tile below."""
    level = 0
    while old < new:
        yield from (Tile(level, index) for index in range(old // WIDTH, new // WIDTH))
        if new % WIDTH:
            yield Tile(level, new // WIDTH, new % WIDTH)
        level, old, new = level + 1, old // WIDTH, new // WIDTH


def partial_tiles(size: int) -> Iterator[Tile]:
    """The tiles of the tree of this size that are not full: one of a level at most."""
    level = 0
    while size:
        if size % WIDTH:
            yield Tile(level, size // WIDTH, size % WIDTH)
        level, size = level + 1, size // WIDTH


def tile_of(size: int, level: int, index: int) -> Tile:
    """This hash tile, as wide as the tree of this size makes it: 0 or less wide, if it has no such tile."""
    return Tile(level, index, min(WIDTH, (size >> HEIGHT * level) - index * WIDTH))


def grown(size: int, leaves: Sequence[bytes], read_tile: ReadTile) -> dict[tuple[int, int], bytes]:
    """The tiles that a tree of `size` leaves gets with these more, given by their hashes: by (level, index), whole.

    `read_tile` is asked for its partial tiles only. Tampered, if one is not as wide as `size` makes it.
    """
    made: dict[tuple[int, int], bytes] = {}
    level, old, hashes = 0, size, list(leaves)
    while hashes:
        index, width = divmod(old, WIDTH)
        row = (_of_width(read_tile(level, index), width) if width else b"") + b"".join(hashes)
        whole = [row[at : at + _TILE_BYTES] for at in range(0, len(row), _TILE_BYTES)]
        made |= {(level, index + number): hashes for number, hashes in enumerate(whole)}
        hashes = [complete_hash(one) for one in whole if len(one) == _TILE_BYTES]
        level, old = level + 1, index
    return made


def _of_width(tile: bytes, width: int) -> bytes:
    if len(tile) < width * HASH_BYTES:
        raise Tampered(f"a tile has {len(tile)} bytes; {width * HASH_BYTES} were written")
    return tile[: width * HASH_BYTES]


def node_from_tiles(level: int, index: int, read_tile: ReadTile) -> bytes:
    """The root of a complete subtree, out of the one hash tile that holds its leaves or the roots just below it.

    Tampered, if the tile is not as wide as that needs. With `read_tile` bound it is a `NodeReader`.
    """
    row, above = divmod(level, HEIGHT)
    tile, first = divmod(index << above, WIDTH)
    raw = read_tile(row, tile)
    end = (first + (1 << above)) * HASH_BYTES
    if len(raw) % HASH_BYTES or not end <= len(raw) <= _TILE_BYTES:
        raise Tampered(f"{Tile(row, tile, WIDTH).path()} has {len(raw)} bytes; at least {end} are needed")
    return complete_hash(raw[first * HASH_BYTES : end])


def complete_hash(row: bytes) -> bytes:
    """The root over a row of 2**n hashes, else Tampered. A full tile's is what stands for it one level above."""
    count, rest = divmod(len(row), HASH_BYTES)
    if rest or count.bit_count() != 1:
        raise Tampered("a complete subtree has a power of two of hashes")
    hashes = [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The entries one after the other, each behind its length (2 bytes, big-endian). Refused: TOO_LARGE."""
    if len(entries) > WIDTH:
        raise Refused(Fault("TOO_LARGE", "", f"a bundle has at most {WIDTH} entries"))
    for number, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY:
            raise Refused(Fault("TOO_LARGE", f"/{number}", f"an entry has at most {MAX_ENTRY} bytes"))
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def parse_bundle(raw: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle that holds exactly these, else Tampered."""
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        start = at + _LENGTH.size
        if start > len(raw):
            raise Tampered(f"the bundle ends before its entry {len(entries)} of {width}")
        at = start + _LENGTH.unpack_from(raw, at)[0]
        entries.append(raw[start:at])
    if at != len(raw):
        raise Tampered(f"the bundle does not end with its last entry, of {width}")
    return entries


def _not_found() -> Refused:
    return Refused(Fault("NOT_FOUND", "", "no tile of a ledger has this path (C2SP tlog-tiles)"))
