"""The time of day that scenarios move, as a process sees it that reads it by every call of libc."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import moved_clock
from moved_clock import MovedClock
from servers import needed

_READER = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
libc.time.restype = ctypes.c_long
for _ in sys.stdin:
    day = (ctypes.c_long * 2)()
    libc.gettimeofday(day, None)
    assert 0 <= day[1] < 1_000_000
    coarse = time.clock_gettime(5)  # CLOCK_REALTIME_COARSE
    print(time.time(), coarse, day[0] + day[1] / 1e6, libc.time(None), time.monotonic(), flush=True)
"""
YEAR_2028_MS = 1_832_967_000_000


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    needed(moved_clock.missing())
    return MovedClock(tmp_path / "clock")


def test_all_that_tell_the_time_move_at_once_and_what_measures_it_does_not(clock: MovedClock) -> None:
    with _reader(clock) as reader:
        _agrees(reader, clock)
        clock.wait(days=31, milliseconds=999)
        _agrees(reader, clock)
        clock.start_at("2028-01-31T21:30:00.000Z")
        _agrees(reader, clock)
        assert abs(clock() - YEAR_2028_MS) < 10_000


@pytest.mark.parametrize("year", [2001, 2099])
def test_before_and_after_the_machines_own_it_counts_whole_seconds_as_they_are(clock: MovedClock, year: int) -> None:
    clock.start_at(f"{year}-01-01T00:00:00.000Z")
    with _reader(clock) as reader:
        for _ in range(11):
            clock.wait(milliseconds=90)  # so the two fractions of a second make more than one, or less than none
            _agrees(reader, clock)


def test_a_process_that_cannot_read_it_ends_rather_than_live_in_the_present(clock: MovedClock, tmp_path: Path) -> None:
    lost = dict(clock.environment) | {"MOVED_CLOCK": str(tmp_path / "nothing")}
    assert subprocess.run(["cat"], env=os.environ | lost, check=False).returncode == -signal.SIGABRT


@contextmanager
def _reader(clock: MovedClock) -> Iterator[subprocess.Popen[str]]:
    said = [sys.executable, "-S", "-c", _READER]
    environment = os.environ | clock.environment
    with subprocess.Popen(said, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()


def _agrees(reader: "subprocess.Popen[str]", clock: MovedClock) -> None:
    assert reader.stdin and reader.stdout
    asked_s, measured = clock.seconds(), time.monotonic()
    reader.stdin.write("\n")
    reader.stdin.flush()
    *told, lasting = map(float, reader.stdout.readline().split())
    for said in told:  # `time` tells whole seconds, the coarse clock is a tick behind, and so may a millisecond be
        assert asked_s - 1 <= said <= clock.seconds() + 0.01
    assert measured <= lasting <= time.monotonic()
