"""The audit of a whole archive: checkpoint, tiles, entries, every leaf. Pure: the files are a mapping.

Beyond the rules of `verify`, and the attack that each stops:

1. The checkpoint is signed under the origin of the auditor's own root: another exchange's ledger, or a made-up one.
2. Every entry hashes to its place in the tile of level 0, every tile above is the hash of those below: an archive that
   proves one thing with its entries and another with its tiles.
3. Under `tile/` stands what a tree of this size has, and nothing else: leaves kept beside the tree, to be shown when it
   suits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import note
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, HEIGHT, WIDTH, Tile, parse_path
from hifadhi.evidence.tree import HASH_BYTES, leaf_hash
from hifadhi.evidence.verify import IN_LINE, Report, Signatures, Verified, Verifier
from hifadhi.referral.root import Root

CHECKPOINT: Final = "checkpoint"
TILES: Final = "tile/"

_LENGTH_BYTES: Final = 2

Seen = Callable[[Verified], None]


def ledger_verifiers(root: Root) -> list[note.Verifier]:
    """The keys of checkpoints, under the origin's name."""
    return [note.Verifier(root.origin, jwk.public) for jwk in root.ledger_keys]


def read_checkpoint(files: Mapping[str, bytes], root: Root) -> Checkpoint:
    """Rule 1: the archive's checkpoint; else `Tampered`."""
    signed = files.get(CHECKPOINT)
    if signed is None:
        raise Tampered("the archive has no checkpoint")
    return open_checkpoint(signed, root.origin, ledger_verifiers(root))


class Audit:
    """Checks the files of an archive (path to bytes) against the root; the verifier's agencies can be asked after."""

    def __init__(self, files: Mapping[str, bytes], root: Root, signatures: Signatures = IN_LINE) -> None:
        self._files, self._signatures = files, signatures
        self.checkpoint = read_checkpoint(files, root)
        self.verifier = Verifier(root, signatures)
        self._rows = TileRows()

    def run(self, seen: Seen = lambda _: None) -> Report:
        """The report, after `seen` has been told every leaf that stands, in order; else `Tampered`.

        Whether what `seen` is told was signed, is known at the end, where signatures are checked elsewhere.
        """
        try:
            return self._run(seen)
        finally:
            self._signatures.settle()  # of two leaves that do not stand, the first is named

    def _run(self, seen: Seen) -> Report:
        for bundle in _bundles(self.checkpoint.size):
            self._check_bundle(bundle, seen)
        self._compare(self._rows.partial())
        self._check_layout()
        return self.verifier.finish(self.checkpoint)

    def _check_bundle(self, bundle: Tile, seen: Seen) -> None:
        first = bundle.index * WIDTH
        hashes = self._file(Tile(0, bundle.index, bundle.width), first)
        for index, entry in enumerate(_entries(self._file(bundle, first), first, bundle.width), first):
            hashed, at = leaf_hash(entry), (index - first) * HASH_BYTES
            if hashes[at : at + HASH_BYTES] != hashed:  # rule 2
                raise Tampered("the entry's hash is not the one in its tile", index=index)
            seen(self.verifier.add(entry))
            self._compare(self._rows.add(hashed))

    def _compare(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Rule 2, of whole tiles."""
        for tile, raw in tiles:
            span = 1 << (HEIGHT * tile.level)
            found = self._file(tile, tile.index * WIDTH * span)
            if found != raw:
                index = (tile.index * WIDTH + _first_difference(found, raw)) * span
                raise Tampered(f"{tile.path()} does not hold the hashes of the leaves", index=index)

    def _file(self, tile: Tile, first: int) -> bytes:
        raw = self._files.get(tile.path())
        if raw is None:
            raise Tampered(f"the archive has no {tile.path()}", index=first)
        return raw

    def _check_layout(self) -> None:
        """Rule 3. What is missing has been missed before."""
        for path in self._files:
            if path.startswith(TILES) and not belongs(path, self.checkpoint.size):
                raise Tampered("the archive holds a file under tile/ that a tree of its size does not have")


def _bundles(size: int) -> Iterable[Tile]:
    """The entry bundles of a tree, in order."""
    yield from (Tile(ENTRIES, index) for index in range(size // WIDTH))
    if size % WIDTH:
        yield Tile(ENTRIES, size // WIDTH, size % WIDTH)


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


def belongs(path: str, size: int) -> bool:
    """Whether a tree of this size has a tile or a bundle with this path."""
    try:
        tile = parse_path(path)
    except Refused:
        return False
    hashes = size >> (HEIGHT * max(tile.level, 0))
    return tile.width == min(WIDTH, max(0, hashes - tile.index * WIDTH))


def _first_difference(one: bytes, other: bytes) -> int:
    """The number of the first hash in which two tiles differ, or in which one of them ends."""
    shared = min(len(one), len(other))
    differing = (at for at in range(shared) if one[at] != other[at])
    return next(differing, shared) // HASH_BYTES
