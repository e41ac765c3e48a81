"""The README's commands, run as they stand, in their order, in an empty folder."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def commands() -> list[str]:
    """The lines of the README's `sh` blocks that call `hifadhi`, or set what it reads."""
    blocks = re.findall(r"```sh\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith(("hifadhi ", "export "))]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def with_ids(line: str, ids: list[str]) -> str:
    """The first message that was sent opened the case, the second is the referral."""
    for name, found in zip(("CASE", "REFERRAL"), ids, strict=False):
        line = line.replace(name, found)
    return line


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "schemas").symlink_to(PROJECT / "schemas")
    return tmp_path


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.terminate()
        assert process.wait(15) == 0
        assert process.stdout
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_of_the_readme_works(place: Path, running: list[subprocess.Popen[str]]) -> None:
    port, ids, verified = str(free_port()), list[str](), False
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    for line in commands():
        shell = with_ids(line.replace("8400", port), ids)
        if line.startswith("export "):
            environment |= dict(said.split("=") for said in shell.split()[1:])
            continue
        if line.startswith("hifadhi up"):
            process = subprocess.Popen(
                ["sh", "-c", f"exec {shell}"],
                cwd=place,
                env=environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            running.append(process)
            assert process.stdout and port in process.stdout.readline()
            continue
        done = subprocess.run(
            ["sh", "-c", shell], cwd=place, env=environment, text=True, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if line.startswith("hifadhi send"):
            found = UUID.search(done.stdout)
            assert found
            ids.append(found[0])
        verified = verified or (line.startswith("hifadhi verify") and "VERIFIED" in done.stdout)
    assert verified and running
