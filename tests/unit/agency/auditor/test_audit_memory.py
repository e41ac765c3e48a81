"""What an audit holds in memory does not depend on how long the ledger is.

Counted are the bytes of all that can be reached from the audit, by type: the fold's cases, messages and clocks, the
findings, what the state has not written yet, lent keys, hashes. `benchmarks.growth_verify` asks the kernel, and for
millions of leaves.
"""

import gc
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Final

import pytest

from benchmarks import long_ledger
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.audit_state import AuditState
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.memory import InMind, Memory
from hifadhi.evidence.report import Verified
from hifadhi.evidence.tiles import WIDTH
from sealed_ledgers import the_root

pytestmark = pytest.mark.slow

EVERY: Final = 2 * WIDTH
SMALL: Final = 2 * EVERY
LARGE: Final = 4 * SMALL
AGO: Final = 200
PROGRAM: Final = (type, ModuleType, FunctionType, BuiltinFunctionType)
ROOM: Final = 16_384
"""Bytes. SQLite's connection looks for cursors that are gone only now and then."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Cases of long ago are spoken of again all along."""
    folder = tmp_path_factory.mktemp("long")
    long_ledger.write(folder, LARGE, ago=AGO)
    return Archive(folder / "copy")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[AuditState]:
    with closing(sqlite3.connect(tmp_path / "state", isolation_level=None)) as db:
        yield AuditState(db, "1 root", every=EVERY)


def held(thing: object) -> Counter[str]:
    """Bytes, by the type of what has them; the program itself left out."""
    found, known, waiting = Counter[str](), set[int](), [thing]
    while waiting:
        one = waiting.pop()
        if id(one) not in known and not isinstance(one, PROGRAM):
            known.add(id(one))
            found[type(one).__name__] += sys.getsizeof(one)
            waiting.extend(gc.get_referents(one))
    return found


def most_held(ledger: Archive, memory: Memory) -> tuple[Counter[str], Counter[str]]:
    """Of each type the most that was held while the first `SMALL` leaves were audited, and while all were."""
    audit, small, large = Audit(ledger, the_root(), memory=memory), Counter[str](), Counter[str]()

    def look(verified: Verified) -> None:
        """At the end of each bundle, before anything is let go of."""
        nonlocal small, large
        if verified.index % WIDTH == WIDTH - 1:
            large = large | held(audit)
            small = large if verified.index < SMALL else small

    report = audit.run(look)
    assert report.leaves == LARGE and report.findings == ()
    return small, large


def grown(small: Counter[str], large: Counter[str]) -> dict[str, tuple[int, int]]:
    return {name: (small[name], most) for name, most in large.items() if most > small[name] + small[name] // 4 + ROOM}


def test_four_times_the_leaves_do_not_take_more_memory(ledger: Archive, state: AuditState) -> None:
    small, large = most_held(ledger, state)
    assert {"Case", "Sealed", "Clock", "Referral"} <= small.keys()
    assert grown(small, large) == {}


def test_without_a_file_they_do(ledger: Archive) -> None:
    """So what the other test denies would be seen."""
    small, large = most_held(ledger, InMind())
    assert {"Case", "Sealed", "Clock", "Referral", "array"} <= grown(small, large).keys()
