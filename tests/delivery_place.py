"""The delivery service on a folder: its stream, its database, its faces, and what a crash leaves of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncConnection

from folder_database import FolderStore
from hifadhi.errors import Unavailable
from hifadhi.hub.delivery import inbox, tables
from hifadhi.hub.delivery.follower import Follower
from hifadhi.hub.delivery.service import Delivery
from hifadhi.hub.delivery.waiters import Waiters
from hifadhi.hub.problem import problems
from hifadhi.store.metadata import METADATA
from hifadhi.stream.port import Stream
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import DELIVERIES, topics
from ledger_maker import AUDIENCE, LedgerMaker

DEADLINE_S = 10.0
Client = TestClient[web.Request, web.Application]


class CrashingStore(FolderStore):
    """Ends the next `crashes` write transactions before their commit."""

    crashes = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as db:
            yield db
            if self.crashes:
                self.crashes -= 1
                raise Unavailable("the process was killed before the commit")


@dataclass
class Place:
    ledger: LedgerMaker
    stream: Stream
    store: CrashingStore

    async def publish(self) -> None:
        await self.ledger.publish(self.stream)

    async def follower(self) -> Follower:
        follower = Follower(self.store, self.stream, self.ledger.root)
        await follower.load()
        return follower

    async def follow(self, follower: Follower | None = None) -> Follower:
        """Publish, and follow to the end."""
        await self.publish()
        follower = follower or await self.follower()
        while await self.behind():
            await follower.step(0)
        return follower

    async def behind(self) -> bool:
        async with self.store.read() as db:
            size = (await db.execute(tables.progress.select().where(tables.progress.c.topic == "record"))).one().size
        return bool(size < len(self.ledger.leaves))

    async def inbox(self, agency: str, after: int = -1, limit: int = 500) -> list[dict[str, Any]]:
        async with self.store.read() as db:
            data: list[dict[str, Any]] = (await inbox.page(db, agency, after=after, limit=limit))["data"]
        return data

    async def inboxes(self) -> dict[str, list[dict[str, Any]]]:
        return {agency: await self.inbox(agency) for agency in self.ledger.keys}

    async def deliveries(self) -> dict[str, Any]:
        """Topic `deliveries`: the newest value of each message."""
        found = await self.stream.read(DELIVERIES, 0)
        return {record.key.decode(): json.loads(record.value or b"") for record in found}

    @asynccontextmanager
    async def serving(self, waiters: Waiters | None = None, *, inbox_topics: bool = False) -> AsyncIterator["Served"]:
        delivery = Delivery(
            store=self.store,
            stream=self.stream,
            root=self.ledger.root,
            audience=AUDIENCE,
            waiters=waiters,
            inbox_topics=inbox_topics,
        )
        app = web.Application(middlewares=[problems])
        app.add_routes(delivery.routes())
        await delivery.start()
        async with TestClient(TestServer(app)) as client:
            yield Served(self, delivery, client)
            await delivery.stop()


@dataclass
class Served:
    place: Place
    delivery: Delivery
    client: Client

    async def caught_up(self) -> None:
        await self.place.publish()

        async def there() -> bool:
            return not await self.place.behind()

        await eventually(there)

    async def get(self, agency: str, path: str, **query: int) -> Any:
        status, answer = await self.ask(agency, path, **query)
        assert status == 200, answer
        return answer

    async def ask(self, agency: str, path: str, **query: int | str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.place.ledger.token(agency)}"}
        async with self.client.get(path, params=query, headers=headers) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def opened(folder: Path, ledger: LedgerMaker, stream: Stream | None = None) -> AsyncIterator[Place]:
    stream, store = stream or SqliteStream(folder / "stream.sqlite"), CrashingStore(folder)
    await stream.create(topics())
    async with store.write() as db:
        await db.run_sync(METADATA.create_all)
    try:
        yield Place(ledger, stream, store)
    finally:
        await stream.close()
        await store.close()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Until it holds; fails after the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not await holds():
            await asyncio.sleep(0.005)
