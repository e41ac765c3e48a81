"""Fuzz parsers for long: `python -m fuzz 30 jws note` gives each of these 30 minutes; without names, all, in turn.

Each is a process of its own. What it finds stands under `build/fuzz/NAME`; the program ends with 1 if there is any.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from fuzz.targets import TARGETS

FOUND: Final = Path(__file__).parents[2] / "build" / "fuzz"


def run(name: str, minutes: float) -> bool:
    """Whether this target was found sound."""
    print(f"fuzz {name} for {minutes:g} min", flush=True)
    command = [sys.executable, "-m", "fuzz.guided", name, str(round(minutes * 60)), str(FOUND / name)]
    return subprocess.run(command, cwd=Path(__file__).parents[1], check=False).returncode == 0


def main(minutes: float, names: list[str]) -> int:
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        print(f"no such target: {', '.join(unknown)}; there are: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    unsound = [name for name in names or TARGETS if not run(name, minutes)]
    for name in unsound:
        print(f"{name}: see {FOUND / name}")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
