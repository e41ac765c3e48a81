"""How the other services are, when they are other processes: asked again and again, told in sentences."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import web

EVERY_S: Final = 2.0
DEADLINE: Final = aiohttp.ClientTimeout(total=3.0)
MOST_BYTES: Final = 64 << 10


class Neighbours:
    """`watched`: base URL by service. Calling it gives what is wrong with them at this moment."""

    trouble = None

    def __init__(self, watched: Mapping[str, str]) -> None:
        self._watched = watched
        self._said: dict[str, list[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> list[str]:
        """Sentences; none if all are well."""
        return [sentence for name in self._watched for sentence in self._said.get(name, [])]

    def routes(self) -> list[web.RouteDef]:
        """None: it asks."""
        return []

    async def start(self) -> None:
        """Ask in the background."""
        self._task = asyncio.create_task(self._ask_for_ever(), name="neighbours")

    def hush(self) -> None:
        """Nobody waits here."""

    async def stop(self) -> None:
        """Ask no more. Idempotent."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task])

    async def _ask_for_ever(self) -> None:
        async with aiohttp.ClientSession(timeout=DEADLINE) as session:
            while True:
                found = await asyncio.gather(*(_ask(session, name, url) for name, url in self._watched.items()))
                self._said = dict(zip(self._watched, found, strict=True))
                await asyncio.sleep(EVERY_S)


async def _ask(session: aiohttp.ClientSession, name: str, url: str) -> list[str]:
    try:
        async with session.get(f"{url}/readyz?verbose", allow_redirects=False) as response:
            raw = await response.content.read(MOST_BYTES)
            if response.status == web.HTTPOk.status_code:
                return []
        return _troubles(name, raw)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return [f"The service {name} does not answer."]


def _troubles(name: str, raw: bytes) -> list[str]:
    try:
        said: Any = json.loads(raw)
        found = [str(trouble) for trouble in said["services"].values() if trouble]
    except (ValueError, KeyError, TypeError, AttributeError):
        found = []
    return found or [f"The service {name} is not ready."]
