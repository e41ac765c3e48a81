"""Processes of the exchange: started cheaply, killed by what cannot be anybody else's number, waited for."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

_TESTS: Final = Path(__file__).parent.parent
START_S: Final = 30.0


class Started:
    """One process, until it is gone."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._stat = Path(f"/proc/{pid}/stat")
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:  # it is gone already
            self._handle = -1

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._handle >= 0:
            try:
                signal.pidfd_send_signal(self._handle, number)
            except ProcessLookupError:
                return

    async def gone(self, within_s: float) -> None:
        """Wait until it is; `TimeoutError` if it is not in time."""
        if self._handle < 0:
            return
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._handle, ended.set)
        try:
            async with asyncio.timeout(within_s):
                await ended.wait()
        finally:
            loop.remove_reader(self._handle)
        os.close(self._handle)
        self._handle = -1

    async def stopped(self, within_s: float) -> None:
        """Wait until it stands still, by SIGSTOP."""
        async with asyncio.timeout(within_s):
            while self._stat.read_text().rpartition(")")[2].split()[0] != "T":
                await asyncio.sleep(0.02)

    def resident_mb(self) -> float:
        """Its memory at this moment."""
        return self._status_mb("VmRSS")

    def peak_mb(self) -> float:
        """The most memory that it ever had, by the kernel's own count."""
        return self._status_mb("VmHWM")

    def _status_mb(self, name: str) -> float:
        [line] = [one for one in Path(f"/proc/{self.pid}/status").read_text().splitlines() if name in one]
        return int(line.split()[1]) / 1024

    def sockets(self) -> int:
        """How many it has open, its listening one among them."""
        return sum(1 for one in Path(f"/proc/{self.pid}/fd").iterdir() if _is_socket(one))

    async def kill(self) -> None:
        """As the power goes."""
        self.signal(signal.SIGKILL)
        await self.gone(START_S)


def _is_socket(file: Path) -> bool:
    try:
        return str(file.readlink()).startswith("socket:")
    except FileNotFoundError:  # it was closed meanwhile
        return False


class Starter:
    """Starts processes, which end with it."""

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "faults.up_again", cwd=_TESTS, stdin=PIPE, stdout=PIPE
        )
        self._turn = asyncio.Lock()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        await self._process.communicate()

    async def start(self, command: str, log: Path, environment: Mapping[str, str], *, ahead_ms: int = 0) -> Started:
        """`hifadhi <command>`, which may not be ready yet; `environment` on top of ours."""
        said = {"command": command, "log": str(log), "ahead_ms": ahead_ms}
        said["environment"] = {**os.environ, **environment}
        assert self._process.stdin and self._process.stdout
        async with self._turn, asyncio.timeout(START_S):
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            line = await self._process.stdout.readline()
        assert line, "the starter has ended"
        return Started(int(line))
