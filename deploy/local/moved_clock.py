"""A time of day that a scenario moves, for the broker and every service at once: weeks pass between two messages.

A broker stamps records by the machine's clock. `moved_clock.c`, loaded into each process, adds to it what a file says.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hifadhi.demo.stage import Clock

SOURCE: Final = Path(__file__).with_suffix(".c")
COMPILE_S: Final = 60


def missing() -> str | None:
    """What of this machine is missing to move a clock."""
    return None if shutil.which("cc") else "a C compiler (cc) is not installed"


class MovedClock(Clock):
    """`folder`, made here, holds the file and the compiled library, both needed while a process lives by them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._library = folder / "ahead_ms", folder / "moved_clock.so"
        _compile(self._library)
        self._write(0)

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a process that lives by this clock."""
        return {"LD_PRELOAD": str(self._library), "MOVED_CLOCK": str(self._file)}

    def _move(self, ahead_ms: int) -> None:
        self._write(ahead_ms)
        super()._move(ahead_ms)

    def _write(self, ahead_ms: int) -> None:
        """In place: the processes have the file mapped, and see eight bytes change as one."""
        with self._file.open("r+b" if self._file.exists() else "wb", buffering=0) as file:
            file.write(ahead_ms.to_bytes(8, sys.byteorder, signed=True))


def _compile(library: Path) -> None:
    said = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(said, capture_output=True, text=True, timeout=COMPILE_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the clock was not compiled: {done.stderr}")
