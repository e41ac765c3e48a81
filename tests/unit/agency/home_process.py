"""A process that writes into a folder beside another one: what it does, the folder, how it differs from the other."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.agency import durable_file
from hifadhi.agency.home.keyring import read_key
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.referral import root as root_file

TURNS = 150
WIDTH = 100_000
KNOWN = 4
_TESTS = Path(__file__).parents[2]


@contextmanager
def started(does: str, folder: Path, *differ: str) -> Iterator[list[subprocess.Popen[str]]]:
    """One for each way to differ; they begin together, and are killed when the block is left."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_waiting(does, str(folder), one)) for one in differ]
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes


@contextmanager
def _waiting(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = (sys.executable, "-m", "unit.agency.home_process", *arguments)
    with subprocess.Popen(command, cwd=_TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def replace(folder: Path, letter: str) -> None:
    for _ in range(TURNS):
        durable_file.replace(folder / "state", letter.encode() * WIDTH)


def create(folder: Path, letter: str) -> None:
    for number in range(TURNS):
        try:
            durable_file.create(folder / f"key-{number}", letter.encode())
        except Refused:
            continue
        sys.stdout.write(f"{number}\n")


def die(folder: Path, letter: str) -> None:
    """Killed when half of the bytes are written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WIDTH // 2, WIDTH // 2))
    durable_file.replace(folder / "state", letter.encode() * WIDTH)


def follow(folder: Path, step: str) -> None:
    """Is shown trees, larger and larger; the other one is shown those between."""
    exchange = folder / "exchange"
    root, ledger = root_file.parse((exchange / "root.json").read_bytes()), read_key(exchange / "ledger.jwk").key
    assert isinstance(ledger, Ed25519PrivateKey)
    latest = LatestCheckpoint(root, folder / "checkpoint")
    for size in range(1 + int(step), 2 * TURNS + 1, 2):
        latest.take(checkpoint.sign(Checkpoint(root.origin, size, bytes([1] * 32)), ledger), at_least=0)
        assert LatestCheckpoint(root, folder / "checkpoint").size >= size


def contradict(folder: Path, letter: str) -> None:
    """Is shown one other root after another for as many leaves as it knows."""
    exchange = folder / "exchange"
    root, ledger = root_file.parse((exchange / "root.json").read_bytes()), read_key(exchange / "ledger.jwk").key
    assert isinstance(ledger, Ed25519PrivateKey)
    latest = LatestCheckpoint(root, folder / "checkpoint")
    latest.take(checkpoint.sign(Checkpoint(root.origin, KNOWN, bytes([1] * 32)), ledger), at_least=0)
    for turn in range(TURNS // 10):
        other = Checkpoint(root.origin, KNOWN, bytes([2 + int(letter), turn, *[0] * 30]))
        with suppress(Tampered):
            latest.take(checkpoint.sign(other, ledger), at_least=KNOWN)


def lines(folder: Path, letter: str) -> None:
    for turn in range(TURNS):
        durable_file.append(folder / "log", f'{{"{letter}":"{turn}{"x" * (turn * 97)}"}}'.encode(), whole=is_json)


def die_in_a_line(folder: Path, letter: str) -> None:
    """Killed when half of the bytes are written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WIDTH // 2, WIDTH // 2))
    durable_file.append(folder / "log", f'{{"{letter}":"{letter * WIDTH}"}}'.encode(), whole=is_json)


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    does = {one.__name__: one for one in (replace, create, die, follow, contradict, lines, die_in_a_line)}
    does[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
