"""The hub lies, and programs that know trees but no leaves judge it: they say what `services/LIARS.md` says of them.

Both ways: a lie that the tree shows is refused, and one that it cannot show is accepted.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from independent.programs import Verifier, go, java
from liars.agency_lies import proved
from liars.liar import Liar
from liars.shown import SHOWN, Shown
from liars.table import ACCEPT, COMPARE, NOTHING, REFUSE, ROWS, Row

GROUNDS: Mapping[str, str] = {
    "hashes": "tile|leaf|cannot be read|checkpoint|malformed",
    "leaves": "tile/|no such file|cannot be read",
    "proof": "^proof: ",
    "signature": "^checkpoint: .*(sign|malformed note)",
}
REWRITTEN = "does not begin with that of|rolled back"

Show = Callable[[str], tuple[Shown, ...]]


@pytest.fixture(scope="module", params=["Go", "Java"])
def verifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    return go() if request.param == "Go" else java(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="module")
def show(liar: Liar) -> Show:
    """Each lie is told once, and judged by all."""
    return cache(lambda name: tuple(SHOWN[name](liar)))


class Desk:
    """Where the programs find what they are given. `alone`: as it is; `beside`: with a checkpoint from elsewhere."""

    def __init__(self, folder: Path, liar: Liar) -> None:
        self._folder, self._liar = folder, liar
        self._root = self._laid("root.json", liar.honest.root_bytes)

    def alone(self, shown: Shown) -> list[tuple[str, Path, Path] | tuple[str, Path, Path, Path]]:
        if shown.ledger is not None:
            return [("ledger", self._root, self._ledger(shown.ledger))]
        return [
            ("proof", self._root, self._laid(f"{at}.tlog-proof", text.encode()), self._laid(f"{at}.leaf", leaf))
            for at, (text, leaf) in enumerate(shown.proofs)
        ]

    def beside(self, shown: Shown) -> tuple[str, Path, Path, Path]:
        ledger = self._liar.honest.files if shown.ledger is None else shown.ledger
        return "ledger", self._root, self._ledger(ledger), self._laid("elsewhere", shown.elsewhere)

    def _ledger(self, files: Mapping[str, bytes]) -> Path:
        for path, raw in files.items():
            self._laid(f"ledger/{path}", raw)
        return self._folder / "ledger"

    def _laid(self, path: str, raw: bytes) -> Path:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
        return file


@pytest.fixture
def desk(tmp_path: Path, liar: Liar) -> Desk:
    return Desk(tmp_path, liar)


def rows(verdict: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", [row for row in ROWS if row.verdict == verdict], ids=lambda row: row.test)


def test_the_honest_ledger_is_verified_beside_every_checkpoint_that_was_shown(
    verifier: Verifier, desk: Desk, liar: Liar
) -> None:
    honest = dict(liar.honest.files)
    for elsewhere in (*liar.honest.checkpoints.values(), liar.honest.earlier["checkpoint"]):
        assert verifier.says(*desk.beside(Shown(elsewhere, honest))).endswith(" 1 older checkpoints")


def test_the_honest_proof_of_a_leaf_is_verified(verifier: Verifier, desk: Desk, liar: Liar) -> None:
    at = liar.at("accepted")
    shown = Shown(b"", proofs=((proved(liar, at).format(), liar.honest.leaves[at]),))
    assert verifier.says(*desk.alone(shown)[0]) == f"leaf {at} of {len(liar.leaves)}"


@rows(REFUSE)
def test_what_the_tree_shows_is_refused(verifier: Verifier, desk: Desk, show: Show, row: Row) -> None:
    """Of several proofs the first is the lie."""
    for shown in show(row.test):
        said = verifier.refuses(*desk.alone(shown)[0])
        assert re.search(GROUNDS[row.ground], said), said


@rows(COMPARE)
def test_what_the_hub_signed_is_refused_beside_what_it_signed_before(
    verifier: Verifier, desk: Desk, show: Show, row: Row
) -> None:
    for shown in show(row.test):
        for alone in desk.alone(shown):
            verifier.says(*alone)
        said = verifier.refuses(*desk.beside(shown))
        assert re.search(REWRITTEN, said), said


@rows(ACCEPT)
def test_what_the_tree_cannot_show_is_accepted(verifier: Verifier, desk: Desk, show: Show, row: Row) -> None:
    for shown in show(row.test):
        for alone in desk.alone(shown):
            verifier.says(*alone)
        verifier.says(*desk.beside(shown))


def test_there_is_nothing_to_show_where_the_table_says_so(show: Show) -> None:
    assert [row.test for row in ROWS if row.verdict == NOTHING] == [name for name in SHOWN if not show(name)]
