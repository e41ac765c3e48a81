"""`services/LIARS.md` says what there is: every test that it names exists, every lie that is played stands in it."""

import ast
from pathlib import Path

import pytest

from liars.liar import Liar
from liars.proven import PROVES, handed_over
from liars.shown import SHOWN
from liars.table import ACCEPT, COMPARE, NONE, NOTHING, PAGE, REFUSE, ROWS, VERDICTS, Row

HERE = Path(__file__).parent
ATTACKS = (
    "forge", "drop", "reorder", "alter one bit", "backdate", "fork", "roll back", "withhold", "replay",
    "substitute a part", "strip a signature", "swap a key", "rule wrongly", "skip a lapse", "answer for another agency",
)  # fmt: skip
VERBS = ("forge", "show", "drop", "reorder", "alter", "backdate", "postdate", "fork", "roll", "withhold", "replay",
         "substitute", "strip", "swap", "rule", "skip", "put", "make", "bring", "answer")  # fmt: skip


def played() -> set[str]:
    """The tests in `test_lies_*.py` that play an attack."""
    parsed = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_lies_*.py")]
    functions = (
        node for tree in parsed for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {one.name for one in functions if one.name.startswith(tuple(f"test_{verb}_" for verb in VERBS))}


def test_every_test_that_is_named_exists_and_every_lie_stands_in_the_table() -> None:
    named = [row.test for row in ROWS]
    assert set(named) == played()
    assert len(named) == len(set(named)) == PAGE.count("\n|") - 2


def test_every_attack_of_the_design_stands_in_the_table() -> None:
    attacks = [row.attack for row in ROWS]
    assert [attack for attack in ATTACKS if not any(row.startswith(attack) for row in attacks)] == []


def test_every_lie_is_shown_to_others_unless_the_table_says_that_there_is_nothing_to_show(liar: Liar) -> None:
    """What they say of it is held in `tests/independent/test_liars.py`."""
    assert SHOWN.keys() == {row.test for row in ROWS}
    assert {row.verdict for row in ROWS} == set(VERDICTS)
    shown = {name for name, told in SHOWN.items() if any(told(liar))}
    assert shown == {row.test for row in ROWS if row.verdict != NOTHING}
    with_ground = {REFUSE, ACCEPT, NOTHING}
    assert {row.verdict for row in ROWS if row.ground} == with_ground
    assert all(row.ground for row in ROWS if row.verdict != COMPARE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.test)
def test_what_the_table_calls_a_proof_is_one_to_others_and_what_it_does_not_is_none(liar: Liar, row: Row) -> None:
    kinds = {handed_over(row, shown) for shown in SHOWN[row.test](liar)}
    assert row.proven_by in {*kinds, NONE}
    for shown in SHOWN[row.test](liar):
        kind = handed_over(row, shown)
        assert PROVES[kind](liar, shown) == (row.proven_by == kind)


def test_where_there_is_no_proof_the_table_says_why() -> None:
    assert [row.test for row in ROWS if (row.proven_by == NONE) != (":" in row.proof)] == []
