"""Other processes that a contract is tried with."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_TESTS: Final = Path(__file__).parent.parent


@asynccontextmanager
async def started(module: str, *arguments: str) -> AsyncIterator[Process]:
    """A Python module run as a process; killed when the block is left."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, cwd=_TESTS, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def finished(module: str, *arguments: str) -> list[str]:
    """The lines that the process wrote, once it has ended well."""
    async with started(module, *arguments) as process:
        output, _ = await process.communicate()
        assert process.returncode == 0, f"{module} {arguments} ended with {process.returncode}"
        return output.decode().splitlines()


async def line_of(process: Process) -> str:
    """The next line that the process writes."""
    assert process.stdout
    return (await process.stdout.readline()).decode().strip()


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 30.0) -> None:
    """Wait until the condition holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.01)
