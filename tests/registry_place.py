"""The registry alone on a folder: its stream, its database, submissions as a gateway stores them, what is sealed."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cast import Body
from folder_database import FolderStore
from hifadhi.errors import Unavailable
from hifadhi.evidence.checkpoint import SigningKeys
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle, tiles_at
from hifadhi.evidence.tree import HASH_BYTES
from hifadhi.hub.gateway import reception
from hifadhi.hub.registry import rows, tables, tiling
from hifadhi.hub.registry.head import Head
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.publisher import Publisher
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.hub.registry.service import Registry
from hifadhi.store.metadata import METADATA
from hifadhi.stream.port import Appended, Entry, Record
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS, topics
from hub_ledger import Audited, audited
from time_machine import CastInTime, Clock

DEADLINE_S = 20.0
AUDIENCE = "https://exchange.example"


class DoubtfulStore(FolderStore):
    """Writes while it is `free`. The next `doubts` batches it commits, and then says that it does not know."""

    doubts = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.free = asyncio.Event()
        self.free.set()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        await self.free.wait()
        async with super().write() as db:
            before = (await db.execute(select(tables.state.c.position))).scalar()
            yield db
            ruled = before != (await db.execute(select(tables.state.c.position))).scalar()
        if ruled and self.doubts:
            self.doubts -= 1
            raise Unavailable("the connection was lost")


class PausedStream(SqliteStream):
    """Appends to the topic `paused` wait until `go`; those to `broken` fail, and so do reads of `unreadable`."""

    paused = broken = unreadable = ""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, clock)
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        if topic == self.broken:
            self.reached.set()
            raise Unavailable("the disk does not answer")
        if topic == self.paused:
            self.reached.set()
            await self.go.wait()
        return await super().append(topic, entries, deadline_s=deadline_s)

    async def read(self, topic: str, position: int, **bounds: Any) -> list[Record]:
        if topic == self.unreadable:
            raise Unavailable("the disk does not answer")
        return await super().read(topic, position, **bounds)


@dataclass
class Place:
    """One process: a connection to the stream and one to the database."""

    cast: CastInTime
    stream: PausedStream
    store: DoubtfulStore

    def registry(self) -> Registry:
        return Registry(
            stream=self.stream,
            store=self.store,
            root=self.cast.root,
            ledger_keys=self.keys,
            audience=AUDIENCE,
            clock_ms=self.cast.clock,
        )

    def publisher(self) -> Publisher:
        signer = LedgerSigner(self.cast.root, self.keys)
        return Publisher(self.store, self.stream, signer, Head(signer))

    @property
    def keys(self) -> SigningKeys:
        """The ledger's."""
        first, second = self.cast.ledger.key, self.cast.ledger_pq.key
        assert isinstance(first, Ed25519PrivateKey)
        assert isinstance(second, MLDSA44PrivateKey)
        return first, second

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Registry]:
        registry = self.registry()
        await registry.start()
        try:
            yield registry
        finally:
            await registry.stop()

    async def submit(self, *bodies: Body | bytes) -> list[int]:
        """Store them as a gateway does, or as they are; their positions."""
        entries = [_entry(one) for one in bodies]
        return [stored.position for stored in await self.stream.append(SUBMISSIONS, entries)]

    async def admit(self) -> None:
        for statements in self.cast.admissions():
            await self.submit(*statements)

    async def seal_only(self) -> None:
        """Rule and commit all submissions, and make nothing known: a crash right after the commit."""
        sealer = Sealer(self.store, self.cast.root)
        await sealer.load()
        while records := await self.stream.read(SUBMISSIONS, sealer.position):
            await sealer.seal(records)

    async def ruled(self) -> None:
        """Everything submitted by now is ruled, and said to be."""
        end = await self.stream.end(SUBMISSIONS)
        async with asyncio.timeout(DEADLINE_S):
            while await self.progress() < end:
                await asyncio.sleep(0.01)

    async def progress(self) -> int:
        found = await self.records(PROGRESS)
        return int(json.loads(found[-1].value or b"")["position"]) if found else 0

    async def records(self, topic: str) -> list[Record]:
        found: list[Record] = []
        while page := await self.stream.read(topic, found[-1].position + 1 if found else 0):
            found += page
        return found

    async def files(self) -> dict[str, bytes]:
        """The ledger's files, from the rows."""
        async with self.store.read() as db:
            state = await rows.read_state(db)
            found = await db.execute(select(tables.leaves.c.leaf).order_by(tables.leaves.c.leaf_index))
            leaves = list(found.scalars())[: state.checkpoint_size]
            files = {"checkpoint": state.checkpoint.encode()}
            for tile in tiles_at(state.checkpoint_size):
                raw = await tiling.read_tile(db, tile.level, tile.index)
                files[tile.path()] = raw[: tile.width * HASH_BYTES]
                if tile.level == 0:
                    first = tile.index * WIDTH
                    entries = leaves[first : first + tile.width]
                    files[Tile(ENTRIES, tile.index, tile.width).path()] = entry_bundle(entries)
        return files

    async def audited(self) -> Audited:
        return audited(await self.files(), self.cast)


@asynccontextmanager
async def opened(cast: CastInTime) -> AsyncIterator[Place]:
    """Another process on the same folder."""
    stream = PausedStream(cast.folder / "stream.sqlite", cast.clock)
    store = DoubtfulStore(cast.folder)
    await stream.create(topics(1))
    async with store.beneath.write() as db:
        await db.run_sync(METADATA.create_all)
    try:
        yield Place(cast, stream, store)
    finally:
        await stream.close()
        await store.close()


def _entry(said: Body | bytes) -> Entry:
    if isinstance(said, bytes):
        return Entry(b"anything", said)
    posted = reception.read(json.dumps(said).encode())
    return Entry(posted.header.about.encode(), posted.envelope.to_bytes())
