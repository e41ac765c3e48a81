"""How many submissions a registry rules, seals and publishes in a second, on each store: nothing else is running.

The submissions lie in the stream before the clock starts: encounters, requests, and their acceptances.
"""

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from benchmarks.acceptances import directory_of, requests
from benchmarks.figure import Figure
from cast import Cast
from hifadhi.evidence.jws import MESSAGE, parse_envelope
from hifadhi.hub.registry.service import Registry
from hifadhi.store.port import Store
from hifadhi.store.postgres import PostgresStore
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Entry
from hifadhi.stream.sqlite import SqliteStream, wall_clock_ms
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS, topics
from postgres_server import PostgresServer

ACCEPTANCES: Final = 4500
DEADLINE_S: Final = 120.0
# Rare enough to cost nothing: it is the registry's own loop that asks.
POLL_S: Final = 0.05

Opener = Callable[[Path], Store]


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """`registry` on SQLite."""
    return await on_store("sqlite", folder, lambda where: SqliteStore(where / "store.sqlite"))


async def measure_postgres(folder: Path, _raw: float) -> list[Figure]:
    """`registry` on PostgreSQL; the database's own time is not in the figure of the processor."""
    async with PostgresServer(folder / "postgres") as server:
        return await on_store("postgresql", folder, lambda _: PostgresStore(server.url))


async def on_store(name: str, folder: Path, opener: Opener) -> list[Figure]:
    """Rulings a second, and the processor time of each, on a store."""
    cast, store = Cast(folder), opener(folder)
    submissions = _submissions(cast)
    async with _stream(folder) as stream:
        await store.migrate()
        for at in range(0, len(submissions), 500):
            await stream.append(SUBMISSIONS, submissions[at : at + 500])
        registry = _registry(cast, stream, store)
        gc.freeze()
        began, used = time.perf_counter(), time.process_time()
        try:
            await registry.start()
            await _ruled(stream, len(submissions))
            took, used = time.perf_counter() - began, time.process_time() - used
        finally:
            await registry.stop()
            await store.close()
    return [
        Figure(f"registry on {name}", len(submissions) / took, "rulings/s"),
        Figure(f"registry on {name}, cpu", used / len(submissions) * 1e6, "us/ruling"),
    ]


def _submissions(cast: Cast) -> list[Entry]:
    statements = [body for stage in cast.admissions() for body in stage]
    directory, acceptances = directory_of(cast, statements), []
    entries = [_entry(body["header"]) for body in statements]
    for number, (body, asked) in enumerate(requests(cast, ACCEPTANCES), 1):
        entries.append(_entry(body["header"]))
        if asked:
            acceptances.append(json.loads(asked.accepted(cast, directory, number).line)["header"])
    return entries + [_entry(header) for header in acceptances]


def _entry(header: object) -> Entry:
    return Entry(b"case", parse_envelope(header, typ=MESSAGE).to_bytes())


def _registry(cast: Cast, stream: SqliteStream, store: Store) -> Registry:
    assert isinstance(cast.ledger.key, Ed25519PrivateKey)
    assert isinstance(cast.ledger_pq.key, MLDSA44PrivateKey)
    return Registry(
        stream=stream,
        store=store,
        root=cast.root,
        ledger_keys=(cast.ledger.key, cast.ledger_pq.key),
        audience="https://exchange.example",
        clock_ms=wall_clock_ms,
    )


async def _ruled(stream: SqliteStream, end: int) -> None:
    """Until everything submitted is ruled and published."""
    async with asyncio.timeout(DEADLINE_S):
        while await _progress(stream) < end:
            await asyncio.sleep(POLL_S)


async def _progress(stream: SqliteStream) -> int:
    at = await stream.end(PROGRESS)
    newest = await stream.read(PROGRESS, at - 1, limit=1) if at else []
    return int(json.loads(newest[-1].value or b"{}").get("position", 0)) if newest else 0


@asynccontextmanager
async def _stream(folder: Path) -> AsyncIterator[SqliteStream]:
    stream = SqliteStream(folder / "stream.sqlite")
    await stream.create(topics(1))
    try:
        yield stream
    finally:
        await stream.close()
