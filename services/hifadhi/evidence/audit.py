"""The audit of a whole archive: checkpoint, tiles, entries, every leaf. Pure: the files are a mapping.

Beyond the rules of `verify`, and the attack that each stops:

1. The checkpoint is signed under the origin of the auditor's own root, by a ledger key in force after its leaves:
   another exchange's ledger, or a made-up one. So this is looked at last, when its leaves have been decided again.
2. Every entry hashes to its place in the tile of level 0, every tile above is the hash of those below: an archive that
   proves one thing with its entries and another with its tiles.
3. Under `tile/` stands what a tree of this size has, and nothing else: leaves kept beside the tree, to be shown when it
   suits.
4. An earlier audit is gone on with only where its leaves are the first of this ledger: a history told anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.bundle import Bundle, read_bundle, read_file
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint, unsigned
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.evidence.memory import Memory
from hifadhi.evidence.progress import Progress
from hifadhi.evidence.report import Report, Verified
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, HEIGHT, WIDTH, Tile, node_from_tiles, parse_path
from hifadhi.evidence.tree import HASH_BYTES, Edge
from hifadhi.evidence.verify import Verifier
from hifadhi.referral.root import Root

CHECKPOINT: Final = "checkpoint"
TILES: Final = "tile/"

MOST_KEYS: Final = 256
"""Lent to who reads bundles; what is missing there is checked here."""

Seen = Callable[[Verified], None]


def claimed_checkpoint(files: Mapping[str, bytes], root: Root) -> Checkpoint:
    """What the archive's checkpoint says of itself, under the root's origin; no signature is checked. `Tampered`."""
    signed = files.get(CHECKPOINT)
    if signed is None:
        raise Tampered("the archive has no checkpoint")
    return unsigned(signed, root.origin)


class Bundles(Protocol):
    """Who reads the bundles: here, or in processes of their own, ahead of the rules."""

    def read(self, tiles: Iterable[Tile], keys: Mapping[str, Jwk]) -> Iterator[Bundle]:
        """Each bundle, in order. `keys` grows while they are read: those that were found missing, by kid."""


class InLine:
    """Reads each bundle when its turn comes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, tiles: Iterable[Tile], keys: Mapping[str, Jwk]) -> Iterator[Bundle]:
        """See `Bundles`."""
        return (read_bundle(self._files, tile, keys) for tile in tiles)


class Audit:
    """Checks the files of an archive (path to bytes) against the root; the verifier's agencies can be asked after.

    `memory`: see `Verifier`. `Tampered`, if it has an earlier audit of another ledger.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        root: Root,
        bundles: Bundles | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._files, self._bundles = files, bundles or InLine(files)
        self.checkpoint = claimed_checkpoint(files, root)
        self.verifier = Verifier(root, memory)
        self._rows = TileRows()
        self._keys: dict[str, Jwk] = {}
        self.earlier = 0
        if resumed := memory.resumed() if memory else None:
            self._resume(Progress.from_bytes(resumed.progress), resumed.statements)

    def _resume(self, progress: Progress, statements: Sequence[bytes]) -> None:
        """Rule 4."""
        size = self.checkpoint.size
        if progress.size > size or edge_at(self._files, progress.size, size).to_bytes() != progress.edge:
            raise Tampered(f"the first {progress.size} leaves are not those that were verified before")
        self.verifier.resume(progress, statements)
        self._rows = TileRows(progress.size, lambda level, _: progress.rows[level])
        self.earlier = progress.size

    def run(self, seen: Seen = lambda _: None) -> Report:
        """The report, after `seen` has been told every leaf that stands, in order; else `Tampered`."""
        for bundle in self._bundles.read(_bundles(self.earlier, self.checkpoint.size), self._keys):
            self.verifier.relieve(self._unfinished)
            self._take(bundle, seen)
        self._compare(self._rows.partial())
        self._check_layout()
        now = self.verifier.root
        signed = open_checkpoint(self._files[CHECKPOINT], now.origin, ledger_verifiers(now))  # rule 1
        report = replace(self.verifier.finish(signed), earlier=self.earlier)
        self.verifier.relieve(self._unfinished, at_end=True)
        return report

    def _unfinished(self) -> list[bytes]:
        return [raw for _, raw in self._rows.unfinished()]

    def _take(self, bundle: Bundle, seen: Seen) -> None:
        entries = bundle.entries[max(0, self.verifier.size - bundle.first) :]
        self.verifier.prepare(entries)
        for entry in entries:
            seen(self.verifier.take(entry))
            self._compare(self._rows.add(entry.hash))
            if entry.submission and not entry.is_signed:
                self._lend(entry.submission.envelope)
        if bundle.broken:  # rule 2
            why, index = bundle.broken
            raise Tampered(why, index=index)

    def _lend(self, envelope: Envelope) -> None:
        """The keys that a reader of bundles did not have, for the bundles to come."""
        known = self.verifier.keys
        self._keys.update((one.kid, known[one.kid].jwk) for one in envelope.signatures if one.kid in known)
        while len(self._keys) > MOST_KEYS:
            del self._keys[next(iter(self._keys))]

    def _compare(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Rule 2, of whole tiles."""
        for tile, raw in tiles:
            span = 1 << (HEIGHT * tile.level)
            found = read_file(self._files, tile, tile.index * WIDTH * span)
            if found != raw:
                index = (tile.index * WIDTH + _first_difference(found, raw)) * span
                raise Tampered(f"{tile.path()} does not hold the hashes of the leaves", index=index)

    def _check_layout(self) -> None:
        """Rule 3. What is missing has been missed before."""
        for path in self._files:
            if path.startswith(TILES) and not belongs(path, self.checkpoint.size):
                raise Tampered("the archive holds a file under tile/ that a tree of its size does not have")


def edge_at(files: Mapping[str, bytes], size: int, within: int) -> Edge:
    """The right edge of the tree of the first `size` leaves, out of the tiles of a tree of `within` leaves."""

    def read(level: int, index: int) -> bytes:
        width = min(WIDTH, (within >> (HEIGHT * level)) - index * WIDTH)
        return read_file(files, Tile(level, index, width), index * WIDTH << (HEIGHT * level))

    hashes, first = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(node_from_tiles(level, first >> level, read))
            first += 1 << level
    return Edge(size, tuple(hashes))


def _bundles(after: int, size: int) -> Iterable[Tile]:
    """The entry bundles of a tree that hold leaves from index `after` on, in order."""
    yield from (Tile(ENTRIES, index) for index in range(after // WIDTH, size // WIDTH))
    if size % WIDTH and after < size:
        yield Tile(ENTRIES, size // WIDTH, size % WIDTH)


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
