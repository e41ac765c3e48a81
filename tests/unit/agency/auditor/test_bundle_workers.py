import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from benchmarks.process_cost import runs
from hifadhi.agency.auditor import bundle_workers
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.bundle_workers import BundleWorkers, bundles_of
from hifadhi.errors import Tampered
from hifadhi.evidence.audit import Audit, InLine
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.report import Report
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile
from sealed_ledgers import EverythingSealed, Exchange, archive, everything, key, the_root

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def audited(tmp_path: Path, workers: ProcessPoolExecutor) -> "Audited":
    return Audited(tmp_path / "copy", workers)


class Audited:
    """Ledgers as files, read by processes."""

    def __init__(self, folder: Path, workers: ProcessPoolExecutor) -> None:
        self._archive, self._workers = Archive(folder), workers

    def __call__(self, leaves: list[bytes]) -> Report:
        for path, raw in archive(leaves).items():
            self._archive.write(path, raw)
        return Audit(self._archive, the_root(), BundleWorkers(self._archive.folder, self._workers, 2)).run()

    def first_bad(self, leaves: list[bytes]) -> int | None:
        with pytest.raises(Tampered) as caught:
            self(leaves)
        return caught.value.index


def with_bad_signature(leaf: bytes) -> bytes:
    """The same leaf, its signature another one of the right form."""
    at = leaf.index(b'"signature":"') + len(b'"signature":"')
    return leaf[:at] + (b"A" if leaf[at : at + 1] != b"A" else b"B") + leaf[at + 1 :]


def test_the_report_is_that_of_one_process(sealed: EverythingSealed, audited: Audited) -> None:
    assert audited(sealed.exchange.leaves) == Audit(sealed.exchange.files(), the_root()).run()


@pytest.fixture(scope="module")
def long() -> Exchange:
    """A ledger of several bundles: behind the first, its keys are at hand."""
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(900):
        exchange.opened()
    return exchange


def test_the_keys_are_lent_to_the_processes(long: Exchange, tmp_path: Path, workers: ProcessPoolExecutor) -> None:
    files, signing = Archive(tmp_path), key("MZ-INAR/sign").public
    for path, raw in long.files().items():
        files.write(path, raw)
    reader = BundleWorkers(files.folder, workers, 1)
    lent: dict[str, Jwk] = {}
    signed = []
    for bundle in reader.read((Tile(ENTRIES, index) for index in range(3)), lent):
        signed.append({entry.is_signed for entry in bundle.entries})
        lent[signing.kid] = signing
    assert signed[0] == {False}
    assert signed[2] == {True}


def test_no_more_bundles_are_read_ahead_than_it_was_told(
    long: Exchange, tmp_path: Path, workers: ProcessPoolExecutor
) -> None:
    for path, raw in long.files().items():
        Archive(tmp_path).write(path, raw)
    asked: list[int] = []

    def tiles() -> Iterator[Tile]:
        for index in range(3):
            asked.append(index)
            yield Tile(ENTRIES, index)

    bundles = BundleWorkers(tmp_path, workers, 2).read(tiles(), {})
    assert next(bundles).first == 0 and asked == [0, 1]
    assert next(bundles).first == WIDTH and asked == [0, 1, 2]


@pytest.mark.parametrize("where", ["opened", "asked", "moved", "reused", "after revocation"])
def test_a_signature_that_does_not_match_is_found_at_its_leaf(
    sealed: EverythingSealed, audited: Audited, where: str
) -> None:
    leaves, index = list(sealed.exchange.leaves), sealed.index[where]
    leaves[index] = with_bad_signature(leaves[index])
    assert audited.first_bad(leaves) == index


@pytest.mark.parametrize("index", [300, 700, 909])
def test_also_where_the_keys_are_at_hand(long: Exchange, audited: Audited, index: int) -> None:
    leaves = list(long.leaves)
    leaves[index] = with_bad_signature(leaves[index])
    assert audited.first_bad(leaves) == index


def test_of_two_wrongs_the_first_is_named(sealed: EverythingSealed, audited: Audited) -> None:
    leaves = list(sealed.exchange.leaves)
    leaves[sealed.index["moved"]] = with_bad_signature(leaves[sealed.index["moved"]])
    del leaves[sealed.index["opened"]]
    assert audited.first_bad(leaves) == sealed.index["opened"]


def test_a_small_ledger_is_read_in_line(tmp_path: Path) -> None:
    with bundles_of(Archive(tmp_path), 100) as bundles:
        assert isinstance(bundles, InLine)


def test_a_large_one_is_read_by_processes_that_end_with_it(long: Exchange, tmp_path: Path) -> None:
    files = Archive(tmp_path)
    for path, raw in long.files().items():
        files.write(path, raw)
    with bundles_of(files, bundle_workers.WORTHWHILE) as bundles:
        assert isinstance(bundles, BundleWorkers)
        assert Audit(files, the_root(), bundles).run().leaves == len(long.leaves)


PROGRAM = """
import multiprocessing, sys, time
from pathlib import Path
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.bundle_workers import WORTHWHILE, bundles_of
from hifadhi.evidence.tiles import ENTRIES, Tile

with bundles_of(Archive(Path(sys.argv[1])), WORTHWHILE) as bundles:
    next(bundles.read((Tile(ENTRIES, index) for index in range(4)), {}))
    print(*(one.pid for one in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""
DEADLINE_S = 10.0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who runs")
def test_no_process_stays_behind_when_the_audit_is_killed(long: Exchange, tmp_path: Path) -> None:
    for path, raw in long.files().items():
        Archive(tmp_path).write(path, raw)
    with subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], stdout=subprocess.PIPE, text=True) as audit:
        assert audit.stdout
        workers = [int(pid) for pid in audit.stdout.readline().split()]
        assert workers and all(map(runs, workers))
        audit.kill()
        # Not read to its end: workers that stayed would hold it open.
        audit.wait(DEADLINE_S)
        deadline = time.monotonic() + DEADLINE_S
        while any(map(runs, workers)):
            assert time.monotonic() < deadline, workers
            time.sleep(0.02)
