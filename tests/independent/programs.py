"""Programs that are not ours, or that share nothing with ours: where their tools are missing, tests are skipped.

In CI (`CI=true`) they fail instead: there the tools, and what the lock files name, must be at hand.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "independent"
CLIENT = ROOT / "schemas" / "examples" / "client"
PATIENCE_S = 110
OLDEST_NODE = 20


def missing(why: str) -> NoReturn:
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    raise AssertionError  # neither of the two returns


def tool(name: str, package: str) -> str:
    """Where a tool is on PATH."""
    return shutil.which(name) or missing(f"no {name} on PATH: install the package '{package}' (Debian) for these tests")


def ran(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@dataclass(frozen=True)
class Verifier:
    """A program that verifies ledgers and proofs."""

    command: tuple[str, ...]

    def says(self, *arguments: str | Path) -> str:
        """What it says that it has verified."""
        done = self._ran(arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("VERIFIED: ")
        return done.stdout.removeprefix("VERIFIED: ").strip()

    def refuses(self, *arguments: str | Path) -> str:
        """Why; a program that stumbles has not refused."""
        done = self._ran(arguments)
        assert (done.returncode, done.stdout) == (1, ""), (done.stdout, done.stderr)
        assert done.stderr.startswith("REFUSED: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("REFUSED: ").strip()

    def _ran(self, arguments: tuple[str | Path, ...]) -> subprocess.CompletedProcess[str]:
        return ran([*self.command, *map(str, arguments)], HERE)


def go() -> Verifier:
    """The program in `go/`, built."""
    compiler, source = tool("go", "golang-go"), HERE / "go"
    fetched = ran([compiler, "mod", "download"], source)
    if fetched.returncode:
        missing(f"what go.sum names cannot be fetched: {fetched.stderr}")
    BUILD.mkdir(parents=True, exist_ok=True)
    program, fresh = BUILD / "verify", BUILD / f"verify.{os.getpid()}"
    built = ran([compiler, "build", "-mod=readonly", "-o", str(fresh), "."], source)
    assert built.returncode == 0, built.stderr
    fresh.replace(program)  # another process may be running it
    return Verifier((str(program),))


def java(classes: Path) -> Verifier:
    """The program in `java/`, compiled once: `java VerifyLedger.java` compiles it each time."""
    compiler, run = tool("javac", "default-jdk-headless"), tool("java", "default-jdk-headless")
    source = HERE / "java" / "VerifyLedger.java"
    built = ran([compiler, "--release", "17", "-Xlint:all", "-Werror", "-d", str(classes), str(source)], HERE)
    assert built.returncode == 0, built.stderr
    return Verifier((run, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", str(classes), "VerifyLedger"))


def node_client() -> tuple[str, ...]:
    """How the example client of `schemas/` is called, with what its lock file names beside it."""
    node = tool("node", "nodejs")
    version = ran([node, "--version"], HERE).stdout
    if int(version.strip().removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        missing(f"Node {OLDEST_NODE} or newer is needed for these tests, not {version}")
    return node, str(installed(CLIENT) / "client.mjs")


def asyncapi_schemas() -> Path:
    """The folder with the JSON Schemas that AsyncAPI publishes for its documents."""
    return installed(HERE / "asyncapi") / "node_modules" / "@asyncapi" / "specs" / "schemas"


def installed(source: Path) -> Path:
    """A copy of this folder, with what its lock file names beside it.

    It is made aside and named when it is whole: several processes may want it at once, and one may die while making it.
    """
    npm, place = tool("npm", "npm"), BUILD / f"{source.name}-{_digest(source)}"
    if not place.is_dir():
        BUILD.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as aside:
            fresh = shutil.copytree(source, Path(aside) / source.name, ignore=shutil.ignore_patterns("node_modules"))
            fetched = ran([npm, "ci", "--no-audit", "--no-fund"], fresh)
            if fetched.returncode:
                missing(f"what package-lock.json names cannot be fetched: {fetched.stderr}")
            _named(fresh, place)
    return place


def _named(fresh: Path, place: Path) -> None:
    try:
        fresh.rename(place)
    except OSError:
        if not place.is_dir():  # otherwise another process was first, with the same
            raise


def _digest(source: Path) -> str:
    """Of the files of this folder, their names and what is in them: others stand at another place."""
    digest = sha256()
    for each in sorted(each for each in source.iterdir() if each.is_file()):
        digest.update(sha256(each.name.encode()).digest() + sha256(each.read_bytes()).digest())
    return digest.hexdigest()[:16]
