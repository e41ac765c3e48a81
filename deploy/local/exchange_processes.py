"""The exchange as it is run: every service its own process, and a front with one base URL; killed, paused, restarted.

What is said by a process goes to `<folder>/<name>.log`. Nothing outlives the process that made this: the kernel ends
its children with it.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from child import Child, free_ports
from front import Front

SERVICES: Final = ("registry", "delivery", "console", "gateway")
START_S: Final = 120.0
END_S: Final = 12.0


class ExchangeProcesses:
    """`data`: the folder of root.json and the keys. `environment`: stream and store, as the services read them.

    A service may run several times: `gateway#2` shares the gateway's port, `registry#2` is a standby on its own.
    """

    def __init__(
        self, data: Path, folder: Path, environment: Mapping[str, str], services: Sequence[str] = SERVICES
    ) -> None:
        self._folder, self._services = folder, services
        found = free_ports(len(services) + 1)
        self._front = Front(found.pop(), {})
        self.base_url = self._front.base_url
        self.ports = dict(zip(services, found, strict=True))
        self.ports |= {name: self.ports["gateway"] for name in services if name.startswith("gateway#")}
        self._environment = dict(environment) | {"HIFADHI_DATA": str(data), "HIFADHI_BASE_URL": self.base_url}
        self.processes: dict[str, Child] = {}

    def url(self, name: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._front.behind |= {name: self.url(name) for name in self._services if "#" not in name}
        await self._front.__aenter__()
        try:
            for name in self._services:
                await self.start(name)
            for name in self._services:
                await self.ready(name)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        for process in self.processes.values():
            process.resume()
        await asyncio.gather(*(process.end(END_S) for process in self.processes.values()))
        await self._front.__aexit__(None, None, None)

    async def start(self, name: str, **environment: str) -> None:
        """A new process of a service, which may not be ready yet."""
        kind = name.partition("#")[0]
        watched = {one: self.url(one) for one in self._services if one != "console"}
        settings = {
            "HIFADHI_PORT": str(self.ports[name]),
            "HIFADHI_INSTANCE": name,
            "HIFADHI_WATCHED": json.dumps(watched),
        }
        program = str(Path(sys.executable).with_name("hifadhi"))
        self.processes[name] = await Child.start(
            [program, kind], log=self._folder / f"{name}.log", environment=self._environment | settings | environment
        )

    def kill(self, name: str) -> None:
        """As the power goes."""
        self.processes[name].kill()

    def pause(self, name: str) -> None:
        """As a machine that hangs."""
        self.processes[name].pause()

    def resume(self, name: str) -> None:
        """It goes on, and knows of no pause."""
        self.processes[name].resume()

    async def end(self, name: str) -> int:
        """As an operator ends it; its exit code."""
        return await self.processes[name].end(END_S)

    async def ready(self, name: str, within_s: float = START_S) -> None:
        """It answers that it is ready."""
        async with asyncio.timeout(within_s), aiohttp.ClientSession() as session:
            while not await _is_ready(session, self.url(name)):
                if self.processes[name].ended:
                    raise RuntimeError(f"{name} has ended; see {self._folder / name}.log")
                await asyncio.sleep(0.05)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/readyz") as response:
            return response.status == 200  # noqa: PLR2004 (HTTP OK)
    except aiohttp.ClientError:
        return False
