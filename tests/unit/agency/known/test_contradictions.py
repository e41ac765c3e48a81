"""Checkpoints that contradict what was known: what is kept of them, and what is not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hifadhi.agency import durable_file
from hifadhi.agency.directory import governance
from hifadhi.agency.home.keyring import read_key
from hifadhi.agency.known.contradictions import MOST, Contradictions, Kind
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import Tampered
from hifadhi.evidence.checkpoint import Checkpoint, unsigned
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.referral.root import Root
from unit.agency import home_process
from unit.agency.home_process import started
from unit.agency.small_hub import sign_checkpoint

Signed = Callable[[int, int], str]
STRANGER = PrivateJwk.generate(ED25519)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> tuple[Root, PrivateJwk]:
    folder = tmp_path_factory.mktemp("contradicted") / "exchange"
    root = governance.init(folder, origin="hifadhi.example/test")
    return root, read_key(folder / "ledger.jwk")


@pytest.fixture
def signed(exchange: tuple[Root, PrivateJwk]) -> Signed:
    """The note of a tree, by size and by what its root is filled with."""
    root, ledger = exchange
    return lambda size, first: sign_checkpoint(tree(root, size, first), ledger)


@pytest.fixture
def latest(exchange: tuple[Root, PrivateJwk], tmp_path: Path, signed: Signed) -> LatestCheckpoint:
    """Of an agency that knows four leaves."""
    known = LatestCheckpoint(exchange[0], tmp_path / "checkpoint")
    known.take(signed(4, 1), at_least=0)
    return known


def tree(root: Root, size: int, first: int) -> Checkpoint:
    return Checkpoint(root.origin, size, bytes([first] * 32))


def tampered(latest: LatestCheckpoint, note: str, at_least: int = 4) -> str:
    with pytest.raises(Tampered) as caught:
        latest.take(note, at_least=at_least)
    return str(caught.value)


def kept(folder: Path) -> dict[str, bytes]:
    """By name, whatever stands beside `checkpoint`."""
    return {path.name: path.read_bytes() for path in folder.glob("checkpoint?*")}


def test_another_root_for_one_size_is_kept_with_what_was_known(
    latest: LatestCheckpoint, tmp_path: Path, signed: Signed
) -> None:
    why = tampered(latest, signed(4, 2))
    assert kept(tmp_path) == {
        "checkpoint.two-roots-1": signed(4, 2).encode(),
        "checkpoint.two-roots-1.known": signed(4, 1).encode(),
    }
    assert str(tmp_path / "checkpoint.two-roots-1") in why and "hifadhi verify MIRROR --checkpoint FILE" in why
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.glob("checkpoint*"))
    latest.take(signed(5, 1), at_least=4)
    assert (tmp_path / "checkpoint").read_text() == signed(5, 1)
    assert kept(tmp_path)["checkpoint.two-roots-1.known"] == signed(4, 1).encode()


def test_a_smaller_one_is_kept(latest: LatestCheckpoint, tmp_path: Path, signed: Signed) -> None:
    assert "checkpoint.smaller-1" in tampered(latest, signed(3, 1))
    assert kept(tmp_path) == {
        "checkpoint.smaller-1": signed(3, 1).encode(),
        "checkpoint.smaller-1.known": signed(4, 1).encode(),
    }


def test_what_contradicts_no_checkpoint_is_not_kept(latest: LatestCheckpoint, tmp_path: Path, signed: Signed) -> None:
    """An answer that was overtaken; and one that is too small for the row of an inbox."""
    latest.take(signed(3, 1), at_least=2)
    assert tampered(latest, signed(5, 1), at_least=6).endswith("5 are shown")
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("size", [3, 4])
def test_what_the_ledger_did_not_sign_is_not_kept(
    latest: LatestCheckpoint, exchange: tuple[Root, PrivateJwk], tmp_path: Path, signed: Signed, size: int
) -> None:
    forged = sign_checkpoint(tree(exchange[0], size, 2), STRANGER)
    tampered(latest, forged)
    tampered(latest, signed(size, 2).partition("\n\n")[0] + "\n\n" + forged.partition("\n\n")[2])
    tampered(latest, "garbage")
    assert kept(tmp_path) == {}


def test_without_a_file_nothing_is_kept_and_nothing_is_said_of_it(
    exchange: tuple[Root, PrivateJwk], tmp_path: Path, signed: Signed
) -> None:
    latest = LatestCheckpoint(exchange[0])
    latest.take(signed(4, 1), at_least=0)
    assert tampered(latest, signed(4, 2)) == "the ledger shows two trees of 4 leaves"
    assert list(tmp_path.iterdir()) == []


def test_the_first_few_of_each_kind_are_kept_and_none_is_written_over(
    latest: LatestCheckpoint, tmp_path: Path, signed: Signed
) -> None:
    for first in range(50):
        tampered(latest, signed(3, first))  # as many as he likes take no place from a proof
    for first in range(2, 50):
        why = tampered(latest, signed(4, first))
    assert why.endswith(f"it is not kept, for {MOST} such lie beside {tmp_path / 'checkpoint'} already; keep those")
    numbers = range(1, MOST + 1)
    notes = {f"checkpoint.smaller-{number}": signed(3, number - 1).encode() for number in numbers}
    notes |= {f"checkpoint.two-roots-{number}": signed(4, number + 1).encode() for number in numbers}
    assert kept(tmp_path) == {**notes, **{f"{name}.known": signed(4, 1).encode() for name in notes}}


def test_one_tree_is_kept_once_however_it_is_signed(latest: LatestCheckpoint, tmp_path: Path, signed: Signed) -> None:
    tampered(latest, signed(4, 2))
    more = (
        signed(4, 2) + sign_checkpoint(Checkpoint("elsewhere.example", 4, bytes([2] * 32)), STRANGER).split("\n\n")[1]
    )
    assert "checkpoint.two-roots-1, " in tampered(latest, more)
    assert kept(tmp_path).keys() == {"checkpoint.two-roots-1", "checkpoint.two-roots-1.known"}
    assert kept(tmp_path)["checkpoint.two-roots-1"] == signed(4, 2).encode()


def test_what_a_crash_left_out_is_made_good_when_the_same_is_shown_again(
    latest: LatestCheckpoint, tmp_path: Path, signed: Signed
) -> None:
    tampered(latest, signed(4, 2))
    whole = kept(tmp_path)
    (tmp_path / "checkpoint.two-roots-1.known").unlink()
    (tmp_path / "checkpoint.two-roots-1.new").write_bytes(b"half")
    tampered(latest, signed(4, 2))
    tampered(latest, signed(4, 3))
    assert {name: raw for name, raw in kept(tmp_path).items() if "-1" in name and "new" not in name} == whole


def test_who_comes_second_to_a_place_takes_the_next(
    latest: LatestCheckpoint, tmp_path: Path, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process keeps one between our look and our turn."""
    replace, first = durable_file.replace, tmp_path / "checkpoint.two-roots-1"

    def overtaken(path: Path, raw: bytes, **how: Any) -> bool:
        if path == first:
            path.write_text(signed(4, 3))
        return replace(path, raw, **how)

    monkeypatch.setattr(durable_file, "replace", overtaken)
    assert "checkpoint.two-roots-2, " in tampered(latest, signed(4, 2))
    assert first.read_text() == signed(4, 3)


def test_something_else_under_such_a_name_is_left_alone(
    latest: LatestCheckpoint, tmp_path: Path, signed: Signed
) -> None:
    (tmp_path / "checkpoint.two-roots-1").write_bytes(b"\xff")
    (tmp_path / "checkpoint.two-roots-2").mkdir()
    assert "checkpoint.two-roots-3, " in tampered(latest, signed(4, 2))
    assert (tmp_path / "checkpoint.two-roots-1").read_bytes() == b"\xff"


def test_what_cannot_be_kept_hides_no_error(tmp_path: Path, signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    said = Contradictions(tmp_path / "file" / "checkpoint").keep(Kind.TWO_ROOTS, signed(4, 2).encode(), None)
    assert said.startswith("it could not be kept beside ") and "fetch /ledger/checkpoint" in said
    monkeypatch.setattr(durable_file, "WAIT_FOR_TURN_S", 0.0)
    monkeypatch.setattr(durable_file, "_holds", lambda *_: False)
    said = Contradictions(tmp_path / "checkpoint").keep(Kind.TWO_ROOTS, signed(4, 2).encode(), None)
    assert "another process is writing" in said


@pytest.mark.slow
def test_several_processes_of_one_home_keep_no_more_than_one_alone(tmp_path: Path, root: Root) -> None:
    with started("contradict", tmp_path, "0", "1", "2") as processes:
        assert [process.wait() for process in processes] == [0, 0, 0]
    shown = {path.name: unsigned(path.read_bytes()) for path in tmp_path.glob("checkpoint.*")}
    notes = [f"checkpoint.two-roots-{number}" for number in range(1, MOST + 1)]
    assert shown.keys() == {name for note in notes for name in (note, f"{note}.known")}
    assert len({shown[note].root for note in notes}) == MOST
    assert all(shown[f"{note}.known"] == tree(root, home_process.KNOWN, 1) for note in notes)


Shown = tuple[int, int, bool]
"""A size, what its root is filled with, and whether the ledger signed it."""
SHOWN = st.tuples(st.integers(1, 4), st.integers(1, 7), st.sampled_from([True, True, True, False]))


@settings(max_examples=60)
@given(st.lists(SHOWN, max_size=40))
def test_whatever_is_shown_what_is_kept_is_signed_contradicts_is_bounded_and_stays(
    exchange: tuple[Root, PrivateJwk], shown: list[Shown]
) -> None:
    (root, ledger), before = exchange, dict[str, bytes]()
    with TemporaryDirectory() as folder:
        latest = LatestCheckpoint(root, Path(folder) / "checkpoint")
        for size, first, is_signed in shown:
            note = sign_checkpoint(tree(root, size, first), ledger if is_signed else STRANGER)
            accepted = is_taken(latest, note)
            now = kept(Path(folder))
            assert now.items() >= before.items()  # nothing is written over, nothing goes
            assert now == before or (is_signed and not accepted and note.encode() in now.values())
            before = now
    assert len(before) <= 2 * MOST * len(Kind)
    for known, contradicting in pairs(before):
        one, other = (LedgerKeys.of(root).open(note) for note in (known, contradicting))
        assert other.size < one.size or (other.size == one.size and other.root != one.root)


def is_taken(latest: LatestCheckpoint, note: str) -> bool:
    try:
        latest.take(note, at_least=latest.size)
    except Tampered:
        return False
    return True


def pairs(files: dict[str, bytes]) -> Iterator[tuple[bytes, bytes]]:
    for name, raw in files.items():
        if not name.endswith(".known"):
            yield files[f"{name}.known"], raw
