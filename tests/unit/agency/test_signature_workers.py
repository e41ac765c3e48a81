from collections.abc import Iterator
from multiprocessing import Pool
from multiprocessing.pool import Pool as Workers

import pytest

from hifadhi.agency import signature_workers
from hifadhi.agency.signature_workers import SignatureWorkers, signatures_of
from hifadhi.errors import Tampered
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.verify import IN_LINE
from sealed_ledgers import EverythingSealed, archive, everything, the_root


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Pool(2) as pool:
        yield pool


def with_bad_signature(leaf: bytes) -> bytes:
    """The same leaf, its signature another one of the right form."""
    at = leaf.index(b'"signature":"') + len(b'"signature":"')
    return leaf[:at] + (b"A" if leaf[at : at + 1] != b"A" else b"B") + leaf[at + 1 :]


def first_bad(leaves: list[bytes], workers: Workers) -> int | None:
    with pytest.raises(Tampered) as caught:
        Audit(archive(leaves), the_root(), SignatureWorkers(workers)).run()
    return caught.value.index


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature_workers, "BATCH", 3)
    monkeypatch.setattr(signature_workers, "MOST_BATCHES", 2)


def test_the_report_is_that_of_checks_in_line(sealed: EverythingSealed, workers: Workers) -> None:
    files = sealed.exchange.files()
    assert Audit(files, the_root(), SignatureWorkers(workers)).run() == Audit(files, the_root()).run()


@pytest.mark.parametrize("where", ["opened", "asked", "moved", "reused", "after revocation"])
def test_a_signature_that_does_not_match_is_found_at_its_leaf(
    sealed: EverythingSealed, workers: Workers, where: str
) -> None:
    leaves, index = list(sealed.exchange.leaves), sealed.index[where]
    leaves[index] = with_bad_signature(leaves[index])
    assert first_bad(leaves, workers) == index


def test_of_a_bad_signature_and_a_later_wrong_ruling_the_first_is_named(
    sealed: EverythingSealed, workers: Workers
) -> None:
    leaves, index = list(sealed.exchange.leaves), sealed.index["opened"]
    leaves[index] = with_bad_signature(leaves[index])
    del leaves[sealed.index["asked"]]
    assert first_bad(leaves, workers) == index


def test_of_two_bad_signatures_the_first_is_named(sealed: EverythingSealed, workers: Workers) -> None:
    leaves = list(sealed.exchange.leaves)
    for where in ("moved", "opened"):
        leaves[sealed.index[where]] = with_bad_signature(leaves[sealed.index[where]])
    assert first_bad(leaves, workers) == sealed.index["opened"]


def test_a_wrong_ruling_before_a_bad_signature_is_named(sealed: EverythingSealed, workers: Workers) -> None:
    leaves = list(sealed.exchange.leaves)
    leaves[sealed.index["moved"]] = with_bad_signature(leaves[sealed.index["moved"]])
    del leaves[sealed.index["opened"]]
    assert first_bad(leaves, workers) == sealed.index["opened"]


def test_a_small_ledger_is_checked_in_line() -> None:
    with signatures_of(100) as signatures:
        assert signatures is IN_LINE


def test_a_large_one_is_checked_by_processes_that_end_with_it(sealed: EverythingSealed) -> None:
    with signatures_of(signature_workers.WORTHWHILE) as signatures:
        assert isinstance(signatures, SignatureWorkers)
        assert Audit(sealed.exchange.files(), the_root(), signatures).run().leaves == len(sealed.exchange.leaves)
