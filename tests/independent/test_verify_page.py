"""The commands of `schemas/VERIFY.md`, run as they stand and in their order, on a ledger of a real exchange."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from hifadhi.demo import people
from hifadhi.demo.stage import AUDITOR, Stage, embedded, stage
from hifadhi.demo.steps import recorded
from independent.programs import PATIENCE_S, ROOT, go, tool

PAGE = ROOT / "schemas" / "VERIFY.md"
BASE_URL = "http://127.0.0.1:8400"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as stack:
        run = partial(embedded, port=0, tell=lambda _: None)
        yield await stack.enter_async_context(stage(tmp_path / "stage", run, lambda _: None, ("MZ-INAR",)))


async def outcome(line: str, place: Path) -> str:
    """What a command printed; it must end well."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    pipe, joined = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_shell(line, cwd=place, env=environment, stdout=pipe, stderr=joined)
    printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, (line, printed.decode())
    return printed.decode()


async def test_every_command_of_the_page_works(made: Stage, tmp_path: Path) -> None:
    for name, package in (("java", "default-jdk-headless"), ("curl", "curl")):
        tool(name, package)
    await asyncio.to_thread(go)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "unhcr").symlink_to(made.home(AUDITOR))
    (tmp_path / "root.json").symlink_to(made.folder / "exchange" / "root.json")
    said = []
    for line in commands():
        said.append(await outcome(line.replace(BASE_URL, made.base_url), tmp_path))
        if line.endswith("-o older"):
            recorded(await made.clients["MZ-INAR"].send("encounter.reported", bodies=people.girl_found()))
    verified = [one.splitlines()[0] for one in said if one.startswith("VERIFIED: ")]
    assert len(verified) == 4
    assert len(set(verified)) == 2  # the two programs say the same of the ledger, and of the leaf
    assert verified[0].endswith("1 older checkpoints")
    assert said[-1].splitlines()[0] == "hifadhi/leaf/1"
