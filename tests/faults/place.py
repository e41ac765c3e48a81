"""Where an exchange runs that is killed: how it is started, what of it can die, where its topics and rows are."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp

from hifadhi.store.port import Store
from hifadhi.stream.port import Stream

READY_S: Final = 60.0
GONE_S: Final = 60.0


class Place(Protocol):
    """One exchange, of one process or of several. `services`: what of it dies by itself, and what `beneath` it."""

    @property
    def name(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def services(self) -> Sequence[str]: ...
    @property
    def beneath(self) -> Sequence[str]: ...
    @property
    def parts_partitions(self) -> int: ...

    def service_of(self, point: str, /) -> str:
        """The service that dies at this point of `crash_point`."""

    async def start(self, service: str, **environment: str) -> None:
        """Start it again, whether it runs or not. It may not be ready yet."""

    async def gone(self, service: str, /) -> None:
        """Wait until it has died by itself; `TimeoutError` if it does not."""

    async def kill(self, service: str, /) -> None:
        """As the power goes."""

    def pause(self, service: str, /) -> None:
        """As a machine that hangs."""

    def resume(self, service: str, /) -> None:
        """It goes on, and knows of no pause."""

    async def ready(self) -> None:
        """Every service says that it is."""

    async def end(self) -> None:
        """As an operator ends it, in ten seconds."""

    def stream(self) -> Stream:
        """Its topics, for who asks from outside."""

    def store(self) -> Store:
        """Its rows, likewise."""


async def answers(url: str, log: Path) -> None:
    """Wait until `/readyz` says yes; what it said last, and where the log is, if it does not in time."""
    said: Any = "nothing"
    async with aiohttp.ClientSession() as session:
        try:
            async with asyncio.timeout(READY_S):
                while True:
                    try:
                        async with session.get(f"{url}/readyz?verbose") as response:
                            said = await response.json()
                            if response.status == 200:
                                return
                    except aiohttp.ClientError as error:
                        said = type(error).__name__
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not ready: {said}; see {log}") from None
