"""Fuzz for long: `python -m fuzz 30 compact note` gives each of these 30 minutes; without names, all, in turn.

Each is a process of its own; `http` is all of the HTTP interface, asked by its own document.
What it finds stands under `build/fuzz/NAME`; the program ends with 1 if there is any.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fuzz.targets import TARGETS

TESTS: Final = Path(__file__).parents[1]
FOUND: Final = TESTS.parent / "build" / "fuzz"
HTTP: Final = "http"
EXAMPLES: Final = "100"
NAMES: Final = (HTTP, *TARGETS)


def run(name: str, minutes: float) -> bool:
    """Whether this target was found sound."""
    print(f"fuzz {name} for {minutes:g} min", flush=True)
    if name == HTTP:
        return run_http(minutes)
    command = [sys.executable, "-m", "fuzz.guided", name, str(round(minutes * 60)), str(FOUND / name)]
    return subprocess.run(command, cwd=TESTS, check=False).returncode == 0


def run_http(minutes: float) -> bool:
    """Whether no round of other examples found anything; the last round's report is kept."""
    end = time.monotonic() + minutes * 60
    FOUND.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=0", "flow/test_openapi.py"]
    environment = {**os.environ, "HIFADHI_FUZZ_EXAMPLES": EXAMPLES}
    while time.monotonic() < end:
        with (FOUND / HTTP).open("w") as report:
            seed = f"--hypothesis-seed={random.randrange(2**32)}"
            if subprocess.run([*command, seed], cwd=TESTS, env=environment, stdout=report, check=False).returncode:
                return False
    return True


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
