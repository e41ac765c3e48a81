"""Which processes run and what they have used, as the kernel counts it (Linux)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
# In /proc/PID/stat, counted behind the name in brackets, which may itself hold spaces. The last two: of its children
# that have ended.
_TIMES: Final = (11, 12, 13, 14)
_RESIDENT: Final = 21


def cpu_s(pid: int) -> float:
    """Seconds of one core that a process and its children have used, in the program and in the kernel for it."""
    return sum(int(fields[at]) for one in family(pid) if (fields := _stat(one)) for at in _TIMES) * _TICK_S


def resident_mb(pid: int) -> float:
    """Megabytes in memory, without its children's."""
    return int(_stat(pid)[_RESIDENT]) * _PAGE / 1e6


def peak_mb(pid: int) -> float:
    """Megabytes that it had in memory at most until now, without its children's; 0, if it has ended."""
    said = _text(Path(f"/proc/{pid}/status")).partition("VmHWM:")[2].split()
    return int(said[0]) * 1024 / 1e6 if said else 0.0


def children(pid: int) -> list[int]:
    """The processes that it has started and that have not ended."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in _text(task).split()]


def runs(pid: int) -> bool:
    """Whether it has not ended; who has, and was not waited for, runs no more."""
    return _stat(pid)[:1] not in ([], ["Z"])


def family(pid: int) -> Iterator[int]:
    """The process, then all that it and its children have started and that have not ended."""
    yield pid
    for child in children(pid):
        yield from family(child)


def _stat(pid: int) -> list[str]:
    return _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _text(path: Path) -> str:
    """Empty, if the process has ended meanwhile."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
