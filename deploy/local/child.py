"""A process that ends with the one that started it, and that can be paused."""

import asyncio
import ctypes
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)


class Child:
    """What it says goes to a file."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, said: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Self:
        """Run a command; `environment` on top of ours."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *said,
                env=os.environ | dict(environment or {}),
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                preexec_fn=_end_with_parent,
            )
        return cls(process)

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.returncode is not None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if not self.ended:
            self._process.send_signal(number)

    def kill(self) -> None:
        """As the power goes."""
        self.signal(signal.SIGKILL)

    def pause(self) -> None:
        """As a machine that hangs: when this returns, none of its threads runs."""
        self.signal(signal.SIGSTOP)
        with suppress(ChildProcessError):  # on a busy machine the signal takes a while
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """It goes on, and knows of no pause."""
        self.signal(signal.SIGCONT)

    async def end(self, within_s: float) -> int:
        """Ask it to end, and kill it if it does not in time; its exit code."""
        self.signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            self.kill()
            return await self.gone()

    async def gone(self) -> int:
        """Wait until it is; its exit code."""
        return await self._process.wait()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on at present."""
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in found]
    finally:
        for one in found:
            one.close()


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
