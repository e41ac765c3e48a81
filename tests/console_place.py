"""The console on a folder, behind the real server's headers, and its pages as a reader sees them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from folder_database import database_of
from hifadhi.hub.console import tables
from hifadhi.hub.console.event_stream import Pace
from hifadhi.hub.console.service import Console
from hifadhi.hub.server import application
from hifadhi.store.metadata import METADATA
from hifadhi.store.port import Store
from hifadhi.stream.port import Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import (
    DEAD_LETTERS,
    DELIVERIES,
    PROGRESS,
    PROGRESS_KEY,
    RECORD,
    SUBMISSIONS,
    topics,
)
from ledger_maker import LedgerMaker

DEADLINE_S = 10.0
NOTHING = "\N{EN DASH}"
FOLLOWED = (RECORD, DELIVERIES, DEAD_LETTERS)


@dataclass
class ConsolePlace:
    ledger: LedgerMaker
    stream: SqliteStream
    store: Store
    console: Console
    client: TestClient[web.Request, web.Application]

    async def caught_up(self) -> None:
        """Publish what is new, and wait until the console has followed it."""
        await self.ledger.publish(self.stream)
        await self.followed()

    async def followed(self) -> None:
        """Return when the console has followed every topic to its end."""
        ends = {topic: await self.stream.end(topic) for topic in FOLLOWED}
        async with asyncio.timeout(DEADLINE_S):
            while await self.places() != ends:
                await asyncio.sleep(0.005)

    async def stopped(self) -> dict[str, str]:
        """Return when a follower has given up: why, by topic."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.console.stopped:
                await asyncio.sleep(0.005)
        return self.console.stopped

    async def places(self) -> dict[str, int]:
        return {row.topic: row.position for row in await self.rows(tables.progress)}

    async def rows(self, table: Any) -> Sequence[Any]:
        async with self.store.read() as db:
            return (await db.execute(table.select())).all()

    async def page(self, path: str, status: int = 200) -> "Page":
        async with self.client.get(path) as response:
            assert response.status == status, await response.text()
            assert response.content_type == "text/html"
            return Page.of(await response.text())

    async def json(self, path: str) -> dict[str, Any]:
        async with self.client.get(path) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
        return answer

    async def fetched(self, index: int, *agencies: str, waiting: Sequence[str] = ()) -> None:
        """What delivery tells once these have fetched an entry, and those have not."""
        at = [{"agency": agency, "at": "2026-11-23T10:00:00.000Z"} for agency in agencies]
        value = {"index": index, "delivered": [*at, *({"agency": agency} for agency in waiting)]}
        await self.stream.append(DELIVERIES, [Entry(f"message {index}".encode(), json.dumps(value).encode())])

    async def submitted(self, waiting: int, *, ruled: int = 0) -> None:
        """Submissions that the registry has ruled, and a second later those that it has not."""
        await self.stream.append(SUBMISSIONS, [Entry(b"case", b"envelope")] * ruled)
        self.ledger.now_ms += 1000
        await self.stream.append(SUBMISSIONS, [Entry(b"case", b"envelope")] * waiting)
        value = json.dumps({"position": ruled, "size": len(self.ledger.leaves)}).encode()
        await self.stream.append(PROGRESS, [Entry(PROGRESS_KEY, value)])

    async def died(self, position: int, cause: str, value: bytes = b"") -> None:
        entry = Entry(f"submissions:{position}".encode(), value, (("cause", cause.encode()),))
        await self.stream.append(DEAD_LETTERS, [entry])


@asynccontextmanager
async def console_on(folder: Path, ledger: LedgerMaker, pace: Pace = Pace()) -> AsyncIterator[ConsolePlace]:  # noqa: B008 (frozen)
    stream = SqliteStream(folder / "stream.sqlite", clock_ms=lambda: ledger.now_ms)
    store = database_of(folder)
    await stream.create(topics())
    async with store.write() as db:
        await db.run_sync(METADATA.create_all, tables=tables.ALL)
    console = Console(stream=stream, store=store, root=ledger.root, clock_ms=lambda: ledger.now_ms, pace=pace)
    await console.start()
    try:
        async with TestClient(TestServer(application({"console": console}))) as client:
            yield ConsolePlace(ledger, stream, store, console, client)
    finally:
        await console.stop()
        await stream.close()
        await store.close()


@dataclass
class Page(HTMLParser):
    """`tables`: rows by the id of the table's heading, each cell's words by its column.

    `tiles`, `facts`: words by heading.
    """

    html: str = ""
    text: str = ""
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    tiles: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    _table: str = ""
    _into: list[str] | None = None
    _tile: list[str] | None = None

    @classmethod
    def of(cls, html: str) -> "Page":
        page = cls(html=html)
        HTMLParser.__init__(page)
        page.feed(html)
        page.text = " ".join(page.text.split())
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append((tag, named))
        if tag == "a":
            self.links.append(named["href"] or "")
        if tag == "table":
            self._table = named["aria-labelledby"] or ""
            self.tables[self._table] = []
        if tag == "tr":
            self.tables[self._table].append({})
        if tag == "td":
            self._column, self._into = named["data-label"] or "", []
        if tag in {"dt", "dd"}:
            self._into = []
        if tag == "li" and "tile" in (named.get("class") or ""):
            self._tile = []

    def handle_data(self, data: str) -> None:
        self.text += data
        for words in (self._into, self._tile):
            if words is not None:
                words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._into is not None:
            self.tables[self._table][-1][self._column] = " ".join("".join(self._into).split())
            self._into = None
        if tag == "dt" and self._into is not None:
            self._column, self._into = "".join(self._into), None
        if tag == "dd" and self._into is not None:
            self.facts[self._column], self._into = " ".join("".join(self._into).split()), None
        if tag == "table":
            self.tables[self._table] = [row for row in self.tables[self._table] if row]
        if tag == "li" and self._tile is not None:
            name = next(word for word in map(str.strip, self._tile) if word)
            self.tiles[name] = " ".join("".join(self._tile).split()).removeprefix(name).strip()
            self._tile = None
