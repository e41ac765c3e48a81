"""A bundle of entries, read for an audit: each entry by itself, and against its hash in the tile of level 0. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Tampered
from hifadhi.evidence.entry import Entry, read_entry
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.tiles import WIDTH, Tile
from hifadhi.evidence.tree import HASH_BYTES

_LENGTH_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Bundle:
    """The entries in order, up to where the files contradict each other: there `broken` says why, and at which index.

    So the entries before are still looked at: of two wrongs the first is named.
    """

    first: int
    entries: tuple[Entry, ...]
    broken: tuple[str, int] | None = None


def read_bundle(files: Mapping[str, bytes], tile: Tile, keys: Mapping[str, Jwk]) -> Bundle:
    """The bundle of these coordinates; `keys`: see `read_entry`."""
    first, entries = tile.index * WIDTH, list[Entry]()
    try:
        entries.extend(_checked(files, tile, keys))
    except Tampered as why:
        return Bundle(first, tuple(entries), (why.why, first if why.index is None else why.index))
    return Bundle(first, tuple(entries))


def _checked(files: Mapping[str, bytes], tile: Tile, keys: Mapping[str, Jwk]) -> Iterator[Entry]:
    first = tile.index * WIDTH
    hashes = read_file(files, Tile(0, tile.index, tile.width), first)
    for index, raw in enumerate(_entries(read_file(files, tile, first), first, tile.width), first):
        entry, at = read_entry(raw, keys), (index - first) * HASH_BYTES
        if hashes[at : at + HASH_BYTES] != entry.hash:
            raise Tampered("the entry's hash is not the one in its tile", index=index)
        yield entry


def read_file(files: Mapping[str, bytes], tile: Tile, first: int) -> bytes:
    """The file of a tile, whose first leaf is `first`; else `Tampered`."""
    raw = files.get(tile.path())
    if raw is None:
        raise Tampered(f"the archive has no {tile.path()}", index=first)
    return raw


def _entries(raw: bytes, first: int, width: int) -> Iterator[bytes]:
    """The entries of a bundle one by one, so that those before a broken one are still looked at."""
    end = 0
    for index in range(first, first + width):
        start = end + _LENGTH_BYTES
        end = start + int.from_bytes(raw[end:start])
        if end > len(raw):
            raise Tampered("its bundle ends before this entry does", index=index)
        yield raw[start:end]
    if end != len(raw):
        raise Tampered("its bundle holds more than the checkpoint's tree has", index=first + width)
