"""Fuzz for long: `python -m fuzz 30 compact note` gives each of these 30 minutes of processor time; without names, all.

Each is a process of its own, and goes on with the inputs that it found before; `http` is all of the HTTP interface,
asked by its own document. What it finds stands under `build/fuzz/NAME`; the program ends with 1 if there is any.
"""

import math
import os
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

from fuzz.targets import TARGETS

TESTS: Final = Path(__file__).parents[1]
FOUND: Final = TESTS.parent / "build" / "fuzz"
HTTP: Final = "http"
EXAMPLES: Final = "100"
NAMES: Final = (HTTP, *TARGETS)


def run(name: str, minutes: float) -> bool:
    """Whether this target was found sound. A round that others slowed down is followed by another."""
    print(f"fuzz {name} for {minutes:g} min of processor time", flush=True)
    FOUND.mkdir(parents=True, exist_ok=True)
    end = spent() + minutes * 60
    while (left := end - spent()) > 0:
        if not (run_http() if name == HTTP else run_parser(name, math.ceil(left))):
            return False
    return True


def spent() -> float:
    """Seconds of processor time that the rounds until now took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_parser(name: str, seconds: int) -> bool:
    command = [sys.executable, "-m", "fuzz.guided", name, str(seconds), str(FOUND / name)]
    return subprocess.run(command, cwd=TESTS, check=False).returncode == 0


def run_http() -> bool:
    """Whether a round of other examples found nothing; the last round's report is kept."""
    seed = f"--hypothesis-seed={random.randrange(2**32)}"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--timeout=0",
        "flow/test_openapi.py",
    ]
    environment = {**os.environ, "HIFADHI_FUZZ_EXAMPLES": EXAMPLES}
    with (FOUND / HTTP).open("w") as report:
        return subprocess.run([*command, seed], cwd=TESTS, env=environment, stdout=report, check=False).returncode == 0


def main(minutes: float, names: list[str]) -> int:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no such target: {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    unsound = [name for name in names or NAMES if not run(name, minutes)]
    for name in unsound:
        print(f"{name}: see {FOUND / name}")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
