from pathlib import Path

import pytest

from hifadhi.agency.directory import governance
from hifadhi.agency.home.keyring import read_key
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import Tampered
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.referral.root import Root
from unit.agency import home_process
from unit.agency.home_process import started
from unit.agency.small_hub import sign_checkpoint


@pytest.fixture
def ledger(tmp_path: Path, root: Root) -> PrivateJwk:  # noqa: ARG001 (founds the exchange)
    return read_key(tmp_path / "exchange" / "ledger.jwk")


def note(root: Root, ledger: PrivateJwk, size: int, first: int = 1) -> str:
    return sign_checkpoint(Checkpoint(root.origin, size, bytes([first] * 32)), ledger)


def test_the_newest_is_known_after_a_restart(tmp_path: Path, root: Root, ledger: PrivateJwk) -> None:
    latest = LatestCheckpoint(root, tmp_path / "checkpoint")
    latest.take(note(root, ledger, 4), at_least=0)
    latest.take(note(root, ledger, 7), at_least=4)
    assert LatestCheckpoint(root, tmp_path / "checkpoint").size == 7


def test_a_ledger_that_shrinks_is_tampered_with(root: Root, ledger: PrivateJwk) -> None:
    latest = LatestCheckpoint(root)
    latest.take(note(root, ledger, 4), at_least=0)
    with pytest.raises(Tampered, match="shrunk"):
        latest.take(note(root, ledger, 3), at_least=latest.size)
    assert latest.size == 4


def test_an_answer_that_was_overtaken_is_no_shrinking(root: Root, ledger: PrivateJwk) -> None:
    latest = LatestCheckpoint(root)
    asked_at = latest.size
    latest.take(note(root, ledger, 4), at_least=asked_at)
    assert latest.take(note(root, ledger, 3), at_least=asked_at).size == 3
    assert latest.size == 4


def test_two_trees_of_one_size_are_tampered_with(root: Root, ledger: PrivateJwk) -> None:
    latest = LatestCheckpoint(root)
    latest.take(note(root, ledger, 4), at_least=0)
    latest.take(note(root, ledger, 4), at_least=4)
    with pytest.raises(Tampered, match="two trees"):
        latest.take(note(root, ledger, 4, first=2), at_least=4)


def test_another_process_of_the_home_puts_no_smaller_tree_back_and_learns_of_the_larger(
    tmp_path: Path, root: Root, ledger: PrivateJwk
) -> None:
    one, other = (LatestCheckpoint(root, tmp_path / "checkpoint") for _ in range(2))
    one.take(note(root, ledger, 7), at_least=0)
    other.take(note(root, ledger, 4), at_least=0)
    assert LatestCheckpoint(root, tmp_path / "checkpoint").size == other.size == 7


def test_two_trees_of_one_size_that_two_processes_of_the_home_are_shown_are_tampered_with(
    tmp_path: Path, root: Root, ledger: PrivateJwk
) -> None:
    one, other = (LatestCheckpoint(root, tmp_path / "checkpoint") for _ in range(2))
    one.take(note(root, ledger, 4), at_least=0)
    with pytest.raises(Tampered, match="two trees"):
        other.take(note(root, ledger, 4, first=2), at_least=0)


@pytest.mark.slow
def test_two_processes_of_one_home_keep_the_largest_tree(tmp_path: Path, root: Root, ledger: PrivateJwk) -> None:
    with started("follow", tmp_path, "0", "1") as processes:
        assert [process.wait() for process in processes] == [0, 0]
    latest = LatestCheckpoint(root, tmp_path / "checkpoint")
    assert latest.size == 2 * home_process.TURNS
    latest.take(note(root, ledger, latest.size + 1), at_least=latest.size)
    assert not (tmp_path / "checkpoint.new").exists()


def test_another_key_or_another_origin_is_tampered_with(root: Root, ledger: PrivateJwk) -> None:
    latest = LatestCheckpoint(root)
    with pytest.raises(Tampered):
        latest.take(note(root, PrivateJwk.generate(ED25519), 4), at_least=0)
    with pytest.raises(Tampered):
        latest.take(sign_checkpoint(Checkpoint("hifadhi.example/other", 4, bytes(32)), ledger), at_least=0)


def test_a_key_of_the_gateway_signs_no_checkpoint(tmp_path: Path) -> None:
    root = governance.init(tmp_path / "second", origin="hifadhi.example/test")
    gateway = read_key(tmp_path / "second" / "gateway.jwk")
    with pytest.raises(Tampered):
        LatestCheckpoint(root).take(note(root, gateway, 4), at_least=0)
