"""What every independent verifier says of ledgers that our own code made, and of ledgers with a fault in them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.evidence.proof import Proof
from independent.ledger_folders import (
    ORIGIN,
    SIZES,
    Files,
    flipped,
    leaves,
    proof,
    root_of,
    signed,
    signed_tree,
    signed_twice,
    whole,
    with_another_ledger_key,
    with_other_origin,
    written,
)
from independent.programs import Verifier
from sealed_ledgers import archive

LARGE = 70_000
MIDDLE = 600
SMALL = 257
STRANGER = Ed25519PrivateKey.generate()


Change = Callable[[Files], object]
"""What is done to the files of a ledger."""


def bit(path: str, number: int) -> Change:
    """One bit of one file."""

    def change(files: Files) -> None:
        files[path] = flipped(files[path], number)

    return change


def set_checkpoint(note: bytes) -> Change:
    return lambda files: files.update(checkpoint=note)


def _surplus_entry(files: Files) -> None:
    files["tile/entries/001.p/1"] += b"\x00\x00"


def _whole_other_ledger(files: Files) -> None:
    """All of it fits together, but the key is a stranger's."""
    files.update(archive(leaves()[:SMALL], STRANGER))


# The size of the ledger, and what is done to it.
BROKEN: Mapping[str, tuple[int, Change]] = {
    "first bit of a tile": (SMALL, bit("tile/0/000", 0)),
    "last bit of a tile": (SMALL, bit("tile/0/000", -1)),
    "bit of the last tile": (SMALL, bit("tile/0/001.p/1", 100)),
    "bit of the only tile": (1, bit("tile/0/000.p/1", 7)),
    "bit of a tile within": (MIDDLE, bit("tile/0/001", 4000)),
    "bit of the second row": (MIDDLE, bit("tile/1/000.p/2", 300)),
    "bit of the full second row": (LARGE, bit("tile/1/000", 4000)),
    "bit of the third row": (LARGE, bit("tile/2/000.p/1", 0)),
    "bit of the first leaf": (SMALL, bit("tile/entries/000", 8 * 40)),
    "bit of the last leaf": (MIDDLE, bit("tile/entries/002.p/88", -9)),
    "bit of a leaf's length": (SMALL, bit("tile/entries/000", 8)),
    "surplus leaf": (SMALL, _surplus_entry),
    "missing tile": (MIDDLE, lambda files: files.pop("tile/0/001")),
    "missing leaves": (SMALL, lambda files: files.pop("tile/entries/001.p/1")),
    "bit of the checkpoint's root": (SMALL, bit("checkpoint", 8 * (len(ORIGIN) + 10))),
    "bit of the checkpoint's size": (SMALL, bit("checkpoint", 8 * (len(ORIGIN) + 1))),
    "bit of the signature": (SMALL, bit("checkpoint", -8 * 40)),
    "another root, signed": (SMALL, set_checkpoint(signed_tree(SMALL, bytes(32)))),
    "missing leaves of a signed size": (SMALL, set_checkpoint(signed_tree(SMALL + 1, bytes(32)))),
    "another origin and its key": (SMALL, set_checkpoint(signed_tree(SMALL, bytes(32), origin="other.example.org"))),
    "another key": (SMALL, _whole_other_ledger),
}


def another_origin_in_the_text() -> bytes:
    """Signed by the ledger under its own name, about another ledger's tree."""
    return signed(whole(SMALL)["checkpoint"].decode().partition("\n\n")[0].replace(ORIGIN, "other.example.org") + "\n")


def _line(number: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\n")
        lines[number] = lines[number].replace(lines[number][5], "A" if lines[number][5] != "A" else "B", 1)
        return "\n".join(lines)

    return change


BROKEN_PROOFS: Mapping[str, Callable[[str], str]] = {
    "bit of a hash": _line(4),
    "a hash left out": lambda text: text.replace(text.split("\n")[2] + "\n", "", 1),
    "a hash twice": lambda text: text.replace(text.split("\n")[2], "\n".join([text.split("\n")[2]] * 2), 1),
    "another place": lambda text: text.replace("index 100\n", "index 101\n"),
    "a place outside": lambda text: text.replace("index 100\n", "index 70000\n"),
    "another version": lambda text: text.replace("@v1", "@v2"),
    "bit of the checkpoint's root": _line(-4),
    "no signature": lambda text: text.rpartition("\n\n")[0] + "\n\n",
}


@pytest.fixture(scope="session")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Path]:
    """A folder for each size, with `ledger/` and `root.json` in it."""
    return {size: written(whole(size), tmp_path_factory.mktemp(f"of-{size}")) for size in SIZES}


class VerifierContract:
    @pytest.mark.parametrize("size", SIZES)
    def test_a_ledger_is_verified_and_begins_with_each_older_one(
        self, verifier: Verifier, ledgers: Mapping[int, Path], size: int
    ) -> None:
        older = [ledgers[each] / "ledger/checkpoint" for each in SIZES if each <= size]
        said = verifier.says("ledger", ledgers[size] / "root.json", ledgers[size] / "ledger", *older)
        tiles = sum("entries" not in path for path in whole(size)) - 1
        assert said == f"{size} leaves, {tiles} tiles, {len(older)} older checkpoints"

    @pytest.mark.parametrize("name", BROKEN)
    def test_a_ledger_with_something_wrong_is_refused(self, verifier: Verifier, name: str, tmp_path: Path) -> None:
        size, change = BROKEN[name]
        files = dict(whole(size))
        change(files)
        assert files != whole(size)
        folder = written(files, tmp_path)
        said = verifier.refuses("ledger", folder / "root.json", folder / "ledger")
        assert ("no such file" in said or "cannot be read" in said) == name.startswith("missing")

    def test_a_signature_of_another_kind_beside_the_first_is_no_fault(self, verifier: Verifier, tmp_path: Path) -> None:
        twice = {**whole(SMALL), "checkpoint": signed_twice(SMALL)}
        folder = written(twice, tmp_path)
        (folder / "root.json").write_bytes(with_another_ledger_key())
        said = verifier.says("ledger", folder / "root.json", folder / "ledger")
        assert said.startswith(f"{SMALL} leaves")

    def test_the_second_signature_alone_is_not_enough(self, verifier: Verifier, tmp_path: Path) -> None:
        text, _, lines = signed_twice(SMALL).decode().partition("\n\n")
        alone = f"{text}\n\n{lines.splitlines()[1]}\n".encode()
        folder = written({**whole(SMALL), "checkpoint": alone}, tmp_path)
        (folder / "root.json").write_bytes(with_another_ledger_key())
        assert verifier.refuses("ledger", folder / "root.json", folder / "ledger")

    def test_a_tree_of_another_origin_is_refused_though_the_ledger_signed_it(
        self, verifier: Verifier, tmp_path: Path
    ) -> None:
        folder = written({**whole(SMALL), "checkpoint": another_origin_in_the_text()}, tmp_path)
        assert "another origin" in verifier.refuses("ledger", folder / "root.json", folder / "ledger")

    def test_a_sound_ledger_is_refused_by_the_root_of_another(
        self, verifier: Verifier, ledgers: Mapping[int, Path], tmp_path: Path
    ) -> None:
        other = tmp_path / "root.json"
        other.write_bytes(with_other_origin())
        assert verifier.refuses("ledger", other, ledgers[SMALL] / "ledger")

    def test_a_ledger_that_rewrote_what_an_older_checkpoint_had_is_refused(
        self, verifier: Verifier, ledgers: Mapping[int, Path], tmp_path: Path
    ) -> None:
        rewritten = [leaves()[0], b"other", *leaves()[2:256]]
        for size in (2, 255, 256):
            older = tmp_path / f"older-{size}"
            older.write_bytes(signed_tree(size, root_of(size, rewritten)))
            said = verifier.refuses("ledger", ledgers[SMALL] / "root.json", ledgers[SMALL] / "ledger", older)
            assert f"does not begin with that of {size}" in said

    def test_a_ledger_that_was_rolled_back_is_refused(self, verifier: Verifier, ledgers: Mapping[int, Path]) -> None:
        newer = ledgers[SMALL] / "ledger/checkpoint"
        said = verifier.refuses("ledger", ledgers[256] / "root.json", ledgers[256] / "ledger", newer)
        assert "rolled back" in said

    def test_an_older_checkpoint_that_a_stranger_signed_is_refused(
        self, verifier: Verifier, ledgers: Mapping[int, Path], tmp_path: Path
    ) -> None:
        older = tmp_path / "older"
        older.write_bytes(signed_tree(255, root_of(255), private=STRANGER))
        assert verifier.refuses("ledger", ledgers[SMALL] / "root.json", ledgers[SMALL] / "ledger", older)

    @pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 256), (256, 257), (254, 255), (65_535, 65_536)])
    def test_a_proof_stands_alone(self, verifier: Verifier, index: int, size: int, tmp_path: Path) -> None:
        said = verifier.says("proof", *_proven(tmp_path, proof(index, size).format(), leaves()[index]))
        assert said == f"leaf {index} of {size}"

    def test_a_proof_of_another_leaf_is_refused(self, verifier: Verifier, tmp_path: Path) -> None:
        sound = proof(100, LARGE).format()
        assert verifier.says("proof", *_proven(tmp_path, sound, leaves()[100]))
        assert verifier.refuses("proof", *_proven(tmp_path, sound, flipped(leaves()[100], -1)))

    @pytest.mark.parametrize("name", BROKEN_PROOFS)
    def test_a_proof_with_something_wrong_is_refused(self, verifier: Verifier, name: str, tmp_path: Path) -> None:
        sound = proof(100, LARGE).format()
        broken = BROKEN_PROOFS[name](sound)
        assert broken != sound
        assert verifier.refuses("proof", *_proven(tmp_path, broken, leaves()[100]))

    def test_a_proof_out_of_a_strangers_ledger_is_refused(self, verifier: Verifier, tmp_path: Path) -> None:
        sound = proof(100, SMALL)
        theirs = Proof(100, sound.hashes, signed_tree(SMALL, root_of(SMALL), private=STRANGER).decode())
        assert verifier.refuses("proof", *_proven(tmp_path, theirs.format(), leaves()[100]))


def _proven(folder: Path, text: str, leaf: bytes) -> tuple[Path, Path, Path]:
    (folder / "leaf").write_bytes(leaf)
    (folder / "leaf.tlog-proof").write_text(text, encoding="utf-8")
    return written({}, folder) / "root.json", folder / "leaf.tlog-proof", folder / "leaf"
