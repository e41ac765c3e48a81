"""The broker's programs, fetched once from Maven."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

KAFKA: Final = Path(__file__).parent.parent / "kafka"
BUILD: Final = Path(__file__).parent.parent.parent / "build" / "kafka"
LIBRARIES: Final = BUILD / "libs"
ARCHIVE: Final = BUILD / "classes.jsa"
PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FETCH_S: Final = 900


def missing() -> str | None:
    """What of this machine is missing to run a broker."""
    return next((f"{program} is not installed" for program in ("java", "mvn") if shutil.which(program) is None), None)


def ensure() -> None:
    """Have them in `LIBRARIES`, whoever else asks for them at the same time."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not LIBRARIES.exists():
            _fetch()


def _fetch() -> None:
    coming = BUILD / f"libs.{os.getpid()}"
    said = ["mvn", "-B", "-q", "-f", str(KAFKA / "pom.xml"), PLUGIN]
    said += ["-DincludeScope=runtime", f"-DoutputDirectory={coming}"]
    done = subprocess.run(said, capture_output=True, text=True, timeout=FETCH_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the broker's programs could not be fetched: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    coming.rename(LIBRARIES)  # so it is there whole or not at all
