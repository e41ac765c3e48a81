"""The rows that reading every topic again from its beginning gives: what the rows of a running exchange must equal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest

from faults.remains import Rows, rows
from hifadhi.evidence import projection
from hifadhi.hub.console import tables as console
from hifadhi.hub.console.dead_letters import DeadLetters
from hifadhi.hub.console.handovers import Handovers
from hifadhi.hub.console.ledger import Ledger
from hifadhi.hub.delivery import follower as following
from hifadhi.hub.delivery import tables as delivery
from hifadhi.hub.registry import tables as registry
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.referral.root import Root
from hifadhi.store.metadata import METADATA
from hifadhi.store.port import Store
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import SUBMISSIONS

TABLES = (
    *(registry.leaves, registry.messages, registry.cases, registry.clocks),
    *delivery.REBUILT,
    *console.ALL,
)

# What a leaf says depends on its bytes alone, and the check after each death reads all of them, some many times.
_READ: Final = lru_cache(maxsize=10_000)(projection.read)


async def folded(stream: Stream, root: Root, folder: Path) -> Rows:
    """By table, everything that the topics can give again."""
    async with _fresh(folder / "folded.sqlite") as store:
        await _sealed(store, stream, root)
        await _delivered(store, stream, root)
        await _shown(store, stream, root)
        return {table.name: await rows(store, table) for table in TABLES}


@asynccontextmanager
async def _fresh(path: Path) -> AsyncIterator[Store]:
    path.unlink(missing_ok=True)
    store = SqliteStore(path)
    try:
        async with store.write() as db:
            await db.run_sync(METADATA.create_all)
        yield store
    finally:
        await store.close()


async def _sealed(store: Store, stream: Stream, root: Root) -> None:
    sealer = Sealer(store, root)
    await sealer.load()
    while sealer.position < await stream.end(SUBMISSIONS):
        await sealer.seal(await stream.read(SUBMISSIONS, sealer.position))


async def _delivered(store: Store, stream: Stream, root: Root) -> None:
    follower = following.Follower(store, stream, root)
    await follower.load()
    async with store.read() as db:
        size = (await db.execute(registry.state.select())).one().size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "read", _READ)
        while follower.size < size:  # `Unavailable`, should a part be missing that nobody had erased
            await follower.step(0)


async def _shown(store: Store, stream: Stream, root: Root) -> None:
    for follower in (Ledger(store, stream, root), Handovers(store, stream), DeadLetters(store, stream)):
        await follower.load()
        while await follower.step(0):
            pass
