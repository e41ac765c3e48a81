"""One target, fuzzed by what it covers (atheris), on inputs that are changed with their shape kept.

`python -m fuzz.guided NAME SECONDS FOLDER`: the corpus grows in FOLDER/corpus and is gone on with; what breaks the
target, takes ten seconds or a gigabyte, stays in FOLDER. Where atheris cannot be installed, the same without guidance.
"""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

MOST_S: Final = 10
MOST_MB: Final = 1024
SHARE: Final = 0.6
"""Of the inputs that are changed as the target's own; the rest as libFuzzer changes any bytes."""


def fuzzer() -> Any | None:
    """The module atheris, if it is there."""
    try:
        import atheris  # noqa: PLC0415 (it is for some machines only)
    except ImportError:
        return None
    return atheris


def guided(atheris: Any, name: str, seconds: int, folder: Path) -> None:
    """Ends the process."""
    with atheris.instrument_imports(include=["hifadhi"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 (imported here, they are instrumented)
    from fuzz.mutation import mutated  # noqa: PLC0415 (after it)

    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)

    def change(raw: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < SHARE:
            return mutated([raw, *target.seeds], chance)[:most]
        changed: bytes = atheris.Mutate(raw, most)
        return changed

    options = [f"-max_total_time={seconds}", f"-timeout={MOST_S}", f"-rss_limit_mb={MOST_MB}", "-print_final_stats=1"]
    options += [f"-artifact_prefix={folder}/", f"-max_len={min(target.at_most, 1 << 16)}", "-verbosity=0"]
    atheris.Setup([sys.argv[0], str(corpus), *options], target.meet_once, custom_mutator=change)
    atheris.Fuzz()


def unguided(name: str, seconds: int, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
    """The same inputs without guidance."""
    from fuzz.mutation import mutated  # noqa: PLC0415 (the other way instruments it)
    from fuzz.targets import TARGETS  # noqa: PLC0415 (as above)

    target, chance, end, count = TARGETS[name], random.Random(), now() + seconds, 0
    folder.mkdir(parents=True, exist_ok=True)
    while now() < end:
        raw = mutated(target.seeds, chance)
        (folder / "last").write_bytes(raw)
        target.meet(raw)
        count += 1
    (folder / "last").unlink()
    print(f"{count} inputs")


if __name__ == "__main__":
    _name, _seconds, _folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if (_atheris := fuzzer()) is not None:
        guided(_atheris, _name, _seconds, _folder)
    else:
        unguided(_name, _seconds, _folder)
