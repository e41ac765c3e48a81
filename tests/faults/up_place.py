"""`hifadhi up` on a folder and a port, killed and started again."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final, Self

_TESTS: Final = Path(__file__).parent.parent
START_S: Final = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


class UpPlace:
    """At most one exchange at a time; whatever still runs when the block is left is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.pid = 0
        self._starter: Process

    async def __aenter__(self) -> Self:
        said = [sys.executable, "-m", "faults.up_again", str(self.folder), str(self.port)]
        self._starter = await asyncio.create_subprocess_exec(*said, cwd=_TESTS, stdin=PIPE, stdout=PIPE)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        self._starter.kill()
        await self._starter.communicate()

    async def start(self) -> None:
        """A new process, which may not be ready yet."""
        assert self._starter.stdin
        self._starter.stdin.write(b"up\n")
        while not (line := await self._line()).startswith("pid "):
            pass  # the address of a process that was killed meanwhile
        self.pid = int(line.removeprefix("pid "))

    async def ready(self) -> None:
        """It answers."""
        assert await self._line() == self.base_url

    def kill(self) -> None:
        """As the power goes."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        self.pid = 0

    async def end(self) -> None:
        """As an operator ends it."""
        pid, self.pid = self.pid, 0
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(10):
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.01)

    async def _line(self) -> str:
        assert self._starter.stdout
        async with asyncio.timeout(START_S):
            line = (await self._starter.stdout.readline()).decode().strip()
        assert line, "the starter has ended"
        return line
