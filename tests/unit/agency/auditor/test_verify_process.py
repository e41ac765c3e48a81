"""`hifadhi verify` as an auditor runs it: a process on a terminal, which may be killed and goes on where it stopped."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import pytest

from benchmarks.process_cost import family, runs
from hifadhi.agency.auditor.audit_state import EVERY
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile
from sealed_ledgers import DAY, Exchange, root_bytes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who runs"),
]

HIFADHI: Final = Path(sys.executable).with_name("hifadhi")
DEADLINE_S: Final = 120.0
STYLE: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COUNT: Final = re.compile(r"verifying .* (\d+)/(\d+) ")
ERASED: Final = "\x1b[2K"


class Ledger:
    """As files, one bundle of which can be late: whoever opens it waits for the disk."""

    def __init__(self, folder: Path, exchange: Exchange) -> None:
        self.size, self._folder = len(exchange.leaves), folder
        for path, raw in {"root.json": root_bytes(), **exchange.files()}.items():
            self._file(path).parent.mkdir(parents=True, exist_ok=True)
            self._file(path).write_bytes(raw)

    def command(self, *words: object) -> list[str]:
        return [str(word) for word in (HIFADHI, "verify", self._folder, "--root", self._file("root.json"), *words)]

    def late(self, number: int) -> "Late":
        return Late(self._file(Tile(ENTRIES, number, min(WIDTH, self.size - number * WIDTH)).path()))

    def _file(self, path: str) -> Path:
        return self._folder / path


class Late:
    """A bundle that has not come yet."""

    def __init__(self, path: Path) -> None:
        self._path, self._raw = path, path.read_bytes()
        path.unlink()
        os.mkfifo(path)

    def comes(self) -> None:
        """To who waits for it."""
        self._path.write_bytes(self._raw)

    def is_there(self) -> None:
        """From now on, for all."""
        self._path.unlink()
        self._path.write_bytes(self._raw)


class OnTerminal:
    """The program, its stderr a terminal. Ends with it, whatever happens."""

    def __init__(self, command: Sequence[str]) -> None:
        self._told = b""
        self._ours, theirs = os.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True)
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._ours)

    @property
    def told(self) -> str:
        """All that the terminal was sent."""
        return self._told.decode(errors="replace")

    @property
    def counts(self) -> list[tuple[int, int]]:
        """How many leaves of how many it has told, in order."""
        lines = STYLE.sub("", self.told).split("\r")
        return [(int(found[1]), int(found[2])) for line in lines if (found := COUNT.search(line))]

    def wait_for(self, done: int) -> None:
        """Until it says so."""
        while done not in {count for count, _ in self.counts}:
            assert self._read(), self.told

    def rest(self) -> str:
        """All that it still says; its stdout."""
        while self._read():
            pass
        return self.process.communicate(timeout=DEADLINE_S)[0]

    def _read(self) -> bool:
        """Whether there was more: the terminal is gone when nobody writes to it any more."""
        assert select.select([self._ours], [], [], DEADLINE_S)[0], self.told
        try:
            read = os.read(self._ours, 65_536)
        except OSError:
            return False
        self._told += read
        return bool(read)


def exchange_of(cases: int) -> Exchange:
    """Of each case eight leaves, three of them signed: what nobody answers lapses at the end."""
    exchange = Exchange()
    exchange.admit_all()
    exchange.fold.signed = lambda _envelope, _header, _directory: None
    for _ in range(cases):
        case = exchange.opened()
        for _ in range(2):
            exchange.asked(case, "MZ-INAR", "ZA-DHA", kind="service")
    exchange.tick(100 * DAY)
    return exchange


@pytest.fixture
def short(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "short", exchange_of(100))


def test_on_a_terminal_it_says_how_far_it_is_and_stdout_has_the_report_alone(short: Ledger) -> None:
    late = short.late(1)
    with OnTerminal(short.command()) as running:
        running.wait_for(WIDTH)
        late.comes()
        report = running.rest()
    counts = running.counts
    assert counts == sorted(counts) and {WIDTH, short.size} <= {done for done, _ in counts}
    assert {of for _, of in counts} == {short.size}
    assert running.told.endswith(ERASED)
    assert running.process.returncode == 0
    assert report.startswith("VERIFIED  ledger.example.org\n") and report.replace("\n", "").isprintable()
    assert report.count("\n") == 8


@pytest.mark.parametrize("word", ["--quiet", "--json"])
def test_who_wants_no_words_gets_none_on_a_terminal_either(short: Ledger, word: str) -> None:
    with OnTerminal(short.command(word)) as running:
        report = running.rest()
    assert (running.told, running.process.returncode) == ("", 0)
    assert report.count("\n") == (word == "--json")


def test_killed_midway_it_goes_on_from_what_its_state_holds_and_no_process_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "long", exchange_of(EVERY // 8 + 2 * WIDTH // 8))
    undisturbed = reported(ledger.command())
    verified = EVERY + WIDTH  # of these all but the last bundle are in the state
    late, resumable = ledger.late(verified // WIDTH), ledger.command("--state", tmp_path / "state")
    with OnTerminal(resumable) as running:
        running.wait_for(verified)
        processes = list(family(running.process.pid))
        running.process.kill()
        assert running.process.wait(DEADLINE_S) == -signal.SIGKILL
        assert len(processes) > 1 or os.cpu_count() == 1
        wait_until_gone(processes)
    late.is_there()
    earlier = f"  earlier   the first {EVERY} were verified before, as the state says\n"
    again = reported(resumable)
    assert earlier in again and again.replace(earlier, "") == undisturbed


def reported(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=DEADLINE_S).stdout


def wait_until_gone(processes: Sequence[int]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while left := [pid for pid in processes if runs(pid)]:
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            pytest.fail(f"{len(left)} of {len(processes)} processes stayed")
        time.sleep(0.02)
