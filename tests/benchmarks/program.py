"""A program that a benchmark starts, and ends: it says its base URL in its first line."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

START_S: Final = 60.0
END_S: Final = 15.0
TESTS: Final = Path(__file__).parent.parent


def python(module: str, *arguments: object) -> list[str]:
    """The command line of one of our modules."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@asynccontextmanager
async def running(command: list[str], environment: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """The process, until the block ends."""
    environment = (
        os.environ
        | {"PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent / "deploy" / "local")))}
        | dict(environment or {})
    )
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        await _ended(process)


async def first_line(process: Process) -> str:
    """What it says when it is ready."""
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), START_S)
    if not line:
        raise RuntimeError("a program of the benchmark ended before it was ready")
    return line.decode().strip()


async def _ended(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        process.kill()
        await process.wait()
