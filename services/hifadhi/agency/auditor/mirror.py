"""A copy of the ledger, brought up to date over HTTP (`interfaces.md`). Every hash in it is computed here.

Rules, and the attack that each stops:

1. With a root, a ledger key in force has signed the checkpoint: a ledger put in its place on the way. The directory is
   asked for newer keys if none that is known has signed it.
2. It is of the same origin, and not smaller: a ledger that was rolled back.
3. Its tree begins with the leaves that the archive has: a ledger that forked or rewrote what was sealed.
4. The entries give exactly its root: entries and checkpoint of two different histories.

What arrives lies in `incoming/` until rule 4 has been checked, and only then replaces what the archive had; what breaks
rule 3 or 4 goes. A mirror that was interrupted goes on where it stopped; the archive is whole at every moment but that
of the replacement, which the next run completes. In memory: one bundle.

The checkpoint that breaks rule 2, 3 or 4 is kept beside the archive's own (`contradictions`), if there is a root to say
that the ledger signed it. The archive is as whole as before: nothing of it is under `tile/`.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hifadhi.agency import durable_file
from hifadhi.agency.auditor.archive import MAX_FILE, Archive
from hifadhi.agency.known.contradictions import Contradictions, Kind
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.exchange import Exchange
from hifadhi.agency.wire.transport import Transport
from hifadhi.errors import HifadhiError, Refused, Tampered
from hifadhi.evidence.audit import CHECKPOINT, belongs, edge_at
from hifadhi.evidence.checkpoint import Checkpoint, unsigned
from hifadhi.evidence.note import MAX_NOTE
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle, parse_bundle, tiles_changed
from hifadhi.evidence.tree import EMPTY_ROOT, HASH_BYTES, Edge, leaf_hash
from hifadhi.referral.root import Root

INCOMING: Final = "incoming"

Progress = Callable[[int, int], None]
"""Leaves that have arrived, of how many."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The tree that the archive has now, and how many leaves are new in it."""

    checkpoint: Checkpoint
    new: int


class Contradicted(Tampered):
    """The checkpoint that is shown contradicts the archive, or the entries that are shown with it."""

    def __init__(self, kind: Kind, why: str, *, index: int | None = None) -> None:
        super().__init__(why, index=index)
        self.kind = kind


@dataclass(slots=True)
class Growth:
    """A tree as it grows from the old one to the new one."""

    edge: Edge
    rows: TileRows


class Mirror:
    """Brings one archive up to date. Without a root, signatures are left to `hifadhi verify`."""

    def __init__(self, archive: Archive, transport: Transport, root: Root | None = None) -> None:
        self._archive, self._transport = archive, transport
        self._kept = Contradictions(archive.folder / CHECKPOINT, durable_file.PUBLIC)
        self._known = KnownDirectory(root, LatestCheckpoint(root, kept=self._kept)) if root else None
        self._incoming = Archive(archive.folder / INCOMING)

    async def update(self, progress: Progress = lambda _done, _of: None) -> Mirrored:
        """The archive has the newest tree. Tampered, Unavailable, Refused by the exchange."""
        if CHECKPOINT in self._incoming:
            self._replace()
        note = await self._fetch(CHECKPOINT, MAX_NOTE)
        new = await self._opened(note)
        old = await self._old(new.origin)
        try:
            self._compare_trees(old, new)
            if old.size < new.size or CHECKPOINT not in self._archive:
                await self._grow(old, new, progress)
                self._incoming.write(CHECKPOINT, note)
                self._replace()
        except Contradicted as found:
            raise self._keeping(found, note) from found
        return Mirrored(new, new.size - old.size)

    async def _old(self, origin: str) -> Checkpoint:
        note = self._archive.get(CHECKPOINT)
        if note is None:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        old = await self._opened(note)
        if old.origin != origin:  # rule 2
            raise Tampered("the archive is of another ledger")
        return old

    def _compare_trees(self, old: Checkpoint, new: Checkpoint) -> None:
        if old.size > new.size and self._begins_with(new, old.size):  # rule 2
            why = f"the ledger was rolled back: {old.size} leaves are here, it shows {new.size}"
            raise Contradicted(Kind.SMALLER, why)
        if old.size > new.size or (old.size == new.size and old.root != new.root):  # rule 3
            raise Contradicted(Kind.TWO_ROOTS, f"the ledger shows another tree of {new.size} leaves than before")

    def _begins_with(self, smaller: Checkpoint, size: int) -> bool:
        """Whether the archive does, as far as its tiles can say."""
        try:
            return edge_at(self._archive, smaller.size, size).root() == smaller.root
        except HifadhiError:
            return True

    def _keeping(self, found: Contradicted, note: bytes) -> Tampered:
        """The error, once the note is kept: it says where."""
        told = "its checkpoint is not kept, for nobody has checked who signed it: mirror with --root"
        if self._known is not None:
            told = self._kept.keep(found.kind, note, self._archive.get(CHECKPOINT))
        return Tampered(f"{found.why}; {told}", index=found.index)

    async def _grow(self, old: Checkpoint, new: Checkpoint, progress: Progress) -> None:
        growth = Growth(self._archive.edge(old.size), TileRows(old.size, self._old_tiles(old.size)))
        if growth.edge.root() != old.root:
            raise Tampered("the archive's tiles do not give its own checkpoint; verify it, or start a new one")
        for tile in tiles_changed(old.size, new.size):
            if tile.level == 0:
                bundle = await self._bundle(Tile(ENTRIES, tile.index, tile.width))
                self._append(bundle, tile.index * WIDTH, growth)
                progress(growth.edge.size, new.size)
        for tile, raw in growth.rows.partial():
            self._incoming.write(tile.path(), raw)
        if growth.edge.root() != new.root:  # rule 4
            raise self._rejected("the ledger's entries do not give the root that its checkpoint signs")

    def _append(self, bundle: list[bytes], first: int, growth: Growth) -> None:
        known = growth.edge.size - first
        if known:  # rule 3: the archive ended within this bundle
            self._compare(bundle[:known], first, growth.edge.size)
        hashes = [leaf_hash(entry) for entry in bundle[known:]]
        growth.edge = growth.edge.extend(hashes)
        for hashed in hashes:
            for tile, raw in growth.rows.add(hashed):
                self._incoming.write(tile.path(), raw)

    def _compare(self, entries: list[bytes], first: int, size: int) -> None:
        raw = self._archive.tile(0, first // WIDTH, size)
        for number, entry in enumerate(entries):
            if raw[number * HASH_BYTES : (number + 1) * HASH_BYTES] != leaf_hash(entry):
                raise self._rejected("the ledger shows another leaf than before", first + number)

    def _rejected(self, why: str, index: int | None = None) -> Contradicted:
        """It may have been garbled on its way: were it kept, every further run would find it and ask for nothing."""
        shutil.rmtree(self._incoming.folder)
        return Contradicted(Kind.LARGER, why, index=index)

    def _old_tiles(self, size: int) -> Callable[[int, int], bytes]:
        return lambda level, index: self._archive.tile(level, index, size)

    async def _bundle(self, tile: Tile) -> list[bytes]:
        """The entries of a bundle, which lies in `incoming/` now if it did not since an interrupted run."""
        kept = self._incoming.get(tile.path())
        raw = kept or await self._fetch_bundle(tile)
        try:
            entries = parse_bundle(raw, tile.width)
        except Tampered:
            if kept:
                self._incoming.remove(tile.path())
            raise
        if not kept:
            self._incoming.write(tile.path(), raw)
        return entries

    async def _fetch_bundle(self, tile: Tile) -> bytes:
        try:
            return await self._fetch(tile.path(), MAX_FILE)
        except Refused as refusal:
            if tile.width == WIDTH or refusal.code != "NOT_FOUND":
                raise
        # A log may drop a partial bundle once the full one is there (C2SP tlog-tiles).
        whole = await self._fetch(Tile(ENTRIES, tile.index).path(), MAX_FILE)
        return entry_bundle(parse_bundle(whole, WIDTH)[: tile.width])

    async def _fetch(self, path: str, at_most: int) -> bytes:
        private = path.startswith("tile/entries/")
        answer = await self._transport.get(f"/ledger/{path}", at_most=at_most, private=private)
        if not answer.ok:
            raise answer.error()
        return answer.body

    def _replace(self) -> None:
        """What is in `incoming/`, which is complete, takes its place. Doing it twice is harmless."""
        note = self._incoming[CHECKPOINT]
        size = unsigned(note).size
        for path in [path for path in self._incoming if path != CHECKPOINT]:
            self._archive.take(path, self._incoming)
        self._archive.write(CHECKPOINT, note)
        for path in [path for path in self._archive if ".p/" in path and not belongs(path, size)]:
            self._archive.remove(path)
        shutil.rmtree(self._incoming.folder)

    async def _opened(self, note: bytes) -> Checkpoint:
        """Rule 1. The directory is read after the note was: so it has all the rotations that the note's tree has."""
        if self._known is None:
            return unsigned(note)
        try:
            return self._known.latest.keys.open(note)
        except Tampered as forged:
            try:
                await self._known.read_on(Exchange(self._transport, self._known).directory)
            except Refused:
                raise forged from None
        return self._known.latest.keys.open(note)
