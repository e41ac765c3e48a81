"""A real PostgreSQL on loopback, from the system's packages: killed, paused and restarted.

It refuses to run as root: then it runs as the user `postgres`.
"""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from child import Child, free_ports

READY_S: Final = 30.0
END_S: Final = 8.0
USER: Final = "postgres"
# fsync stays on: this is about what a crash leaves.
_OPTIONS: Final = ("-c", "shared_buffers=64MB", "-c", "max_connections=120", "-c", "listen_addresses=127.0.0.1")


def binaries() -> Path | None:
    """Where the server's programs are; the newest of those there."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def missing() -> str | None:
    """What of this machine is missing to run a server."""
    return None if binaries() else "PostgreSQL is not installed"


class PostgresServer:
    """One server in `folder`, with the databases that are asked for. `url`: of a first one."""

    def __init__(self, folder: Path) -> None:
        found = binaries()
        if found is None:
            raise RuntimeError(missing())
        self._bin, self._data = found, folder / "data"
        self.port = free_ports(1)[0]
        self.url = self._url("hifadhi")
        self._server: Child | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Make it if it is not there, start it, and wait until it answers."""
        if not self._data.exists():
            await self._make()
            await self.start()
            await self.create_database("hifadhi")
            return
        said = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), "-k", str(self._data)]
        self._server = await Child.start(_as_user([*said, *_OPTIONS]), log=self._data.parent / "postgres.log")
        await self._ready()

    async def stop(self) -> None:
        """End it and all its processes."""
        if self._server:
            self.resume()
            self._server.signal(signal.SIGQUIT)  # at once; what is committed is on disk
            await self._server.end(END_S)

    async def kill(self) -> None:
        """As the power goes: the server and every process of its own."""
        if self._server:
            for pid in self._pids():
                _send(pid, signal.SIGKILL)
            await self._server.gone()

    def pause(self) -> None:
        """As a machine that hangs."""
        for pid in self._pids():
            _send(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on."""
        for pid in self._pids():
            _send(pid, signal.SIGCONT)

    async def create_database(self, name: str) -> str:
        """A new database, whose texts are in the order of their bytes; its address."""
        await self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-T", "template0", name)
        return self._url(name)

    def new_database(self, name: str) -> str:
        """The same for who has no loop running."""
        with asyncio.Runner() as runner:
            return runner.run(self.create_database(name))

    async def backup(self, url: str, file: Path) -> None:
        """Write a consistent copy of a database, as an operator does while it is in use."""
        copy = await self._run("pg_dump", "--format=custom", "--dbname", url)
        await asyncio.to_thread(file.write_bytes, copy)

    async def restore(self, file: Path, name: str) -> str:
        """A new database, made of such a copy; its address."""
        url = await self.create_database(name)
        copy = await asyncio.to_thread(file.read_bytes)
        await self._run("pg_restore", "--exit-on-error", "--dbname", url, said=copy)
        return url

    def _url(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    async def _make(self) -> None:
        self._data.parent.mkdir(parents=True, exist_ok=True)
        await self._run("initdb", "-D", str(self._data), "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "-N")

    async def _run(self, program: str, *arguments: str, said: bytes | None = None) -> bytes:
        command = _as_user([str(self._bin / program), *arguments])
        done = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd="/")
        output, errors = await done.communicate(said)
        if done.returncode:
            raise RuntimeError(f"{program}: {errors.decode()}")
        return output

    async def _ready(self) -> None:
        asked = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        async with asyncio.timeout(READY_S):
            while await (await asyncio.create_subprocess_exec(*asked)).wait():
                if self._server and self._server.ended:
                    raise RuntimeError(f"the server has ended; see {self._data.parent}/postgres.log")
                await asyncio.sleep(0.05)

    def _pids(self) -> list[int]:
        """The server and its processes."""
        if self._server is None or self._server.ended:
            return []
        master = self._server.pid
        told = Path(f"/proc/{master}/task/{master}/children")
        return [master, *map(int, told.read_text().split())] if told.exists() else []


def _as_user(said: Sequence[str]) -> list[str]:
    """The command, as a user that the server accepts; the kernel ends it with us all the same."""
    if os.geteuid() != 0:
        return list(said)
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--pdeathsig", "KILL"]
    # Root's temporary folders are closed to others, and the next test session closes them again.
    return [*user, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *said]


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
