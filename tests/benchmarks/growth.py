"""What agencies read most must not get slower as the record grows: a page of an inbox, the state of a message.

Rows as delivery writes them, put straight into its tables: half of the leaves concern the agency that asks.
"""

import asyncio
import json
import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.figure import Figure
from hifadhi.evidence import b64u
from hifadhi.hub.delivery import inbox, messages, tables
from hifadhi.store.sqlite import SqliteStore

SMALL: Final = 10_000
LARGE: Final = 1_000_000
ASKING: Final = "MZ-INAR"
OTHERS: Final = ("ZA-DHA", "TZ-RSD", "KE-DRS")
LEAF_BYTES: Final = 1_200
PART_BYTES: Final = 1_500
LOOKS: Final = 400
PAGE: Final = 20
CHUNK: Final = 10_000

Look = Callable[[AsyncConnection, int], Awaitable[object]]


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """Milliseconds of each, at both sizes, and their ratio."""
    stores = {size: SqliteStore(folder / f"{size}.sqlite") for size in (SMALL, LARGE)}
    try:
        for size, store in stores.items():
            await store.migrate()
            await asyncio.to_thread(_fill, folder / f"{size}.sqlite", size)
        looks: dict[str, Look] = {"inbox page": _page, "message look-up": _status}
        return [await _compared(f"growth, {name}", stores, look) for name, look in looks.items()]
    finally:
        for store in stores.values():
            await store.close()


async def _compared(name: str, stores: dict[int, SqliteStore], look: Look) -> Figure:
    """In turns, so that both meet the same machine."""
    took: dict[int, list[float]] = {size: [] for size in stores}
    for _ in range(LOOKS):
        for size, store in stores.items():
            at = random.randrange(size - 2 * PAGE)  # noqa: S311 (no secret)
            async with store.read() as db:
                began = time.perf_counter()
                assert await look(db, at)
                took[size].append(time.perf_counter() - began)
    small, large = (median(took[size]) * 1e3 for size in (SMALL, LARGE))
    return Figure(name, large, f"ms at {LARGE} leaves", large / small, f"at {SMALL}")


async def _page(db: AsyncConnection, at: int) -> object:
    page = await inbox.page(db, ASKING, after=at, limit=PAGE)
    return len(page["data"]) == PAGE and not page["done"]


async def _status(db: AsyncConnection, at: int) -> object:
    return await messages.status(db, _id(at - at % 2), ASKING)


def _fill(path: Path, size: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    for first in range(0, size, CHUNK):
        with connection:
            for table, rows in _rows(range(first, min(first + CHUNK, size))).items():
                columns = list(rows[0])
                marks = ",".join(f":{name}" for name in columns)
                connection.executemany(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 (our own names)
    connection.execute("PRAGMA optimize")
    connection.close()


def _rows(indexes: range) -> dict[str, list[dict[str, Any]]]:
    sealed = [os.urandom(PART_BYTES) for _ in indexes]
    digests = [b64u.encode(sha256(part).digest()) for part in sealed]
    stored_at = "2026-11-27T12:00:00.000Z"
    return {
        tables.parts.name: [{"digest": d, "sealed": part} for d, part in zip(digests, sealed, strict=True)],
        tables.leaves.name: [{"leaf_index": i, "leaf": os.urandom(LEAF_BYTES), "is_statement": 0} for i in indexes],
        tables.messages.name: [
            {"id": _id(i), "leaf_index": i, "digest": d, "ruling": "recorded", "code": None}
            for i, d in zip(indexes, digests, strict=True)
        ],
        tables.answers.name: [{"message": _id(i), "agency": OTHERS[i % 3], "stored_at": stored_at} for i in indexes],
        tables.inbox.name: [item for i, d in zip(indexes, digests, strict=True) for item in _items(i, d)],
        tables.handovers.name: [
            {"agency": item["agency"], "leaf_index": i, "at": stored_at, "published": 1}
            for i in indexes
            for item in _items(i, "")
        ],
    }


def _items(index: int, digest: str) -> Iterator[dict[str, Any]]:
    """Each leaf goes to its sender and to one addressee; every other one to the agency that asks."""
    parts, size = json.dumps({"content": digest}), LEAF_BYTES + PART_BYTES
    addressee = OTHERS[(index + 1) % 3] if index % 2 else ASKING
    for agency, role in ((OTHERS[index % 3], "sender"), (addressee, "addressee")):
        yield {"agency": agency, "leaf_index": index, "role": role, "parts": parts, "size": size}


def _id(index: int) -> str:
    """A message's id: in the order of time, as a UUID of version 7 is."""
    return f"{0x0193_0000_0000 + index:012x}"[:8] + f"-{index % 65536:04x}-7000-8000-{index:012x}"
