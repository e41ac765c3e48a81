"""Server-sent events as a browser reads them, over a bare connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

DEADLINE_S = 10.0


@dataclass
class EventSource:
    response: ClientResponse
    retry_ms: int = 0
    last_id: str = ""
    heard: list[str] = field(default_factory=list)

    async def next(self) -> str | None:
        """The name of the next event; None if the stream ends."""
        name = ""
        async with asyncio.timeout(DEADLINE_S):
            while line := (await self.response.content.readline()).decode():
                key, _, value = line.rstrip("\n").partition(": ")
                if key == "retry":
                    self.retry_ms = int(value)
                if key == "id":
                    self.last_id = value
                if key == "event":
                    name = value
                if line == "\n" and name:
                    self.heard.append(name)
                    return name
        return None

    async def changed(self) -> str:
        """The revision that the next notice names, beats apart."""
        while (name := await self.next()) != "changed":
            assert name == "beat", "the stream has ended"
        return self.last_id


@asynccontextmanager
async def listening(
    client: TestClient[web.Request, web.Application], path: str, last_id: str = ""
) -> AsyncIterator[EventSource]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with client.get(path, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield EventSource(response)


async def until(true: Any) -> None:
    """Return when a condition holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not true():
            await asyncio.sleep(0.005)
