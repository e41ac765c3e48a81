"""`services/LIARS.md` says what there is: every test that it names exists, every lie that is played stands in it."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = (HERE.parents[1] / "services" / "LIARS.md").read_text(encoding="utf-8")
ATTACKS = (
    "forge", "drop", "reorder", "alter one bit", "backdate", "fork", "roll back", "withhold", "replay",
    "substitute a part", "strip a signature", "swap a key", "rule wrongly", "skip a lapse", "answer for another agency",
)  # fmt: skip
VERBS = ("forge", "show", "drop", "reorder", "alter", "backdate", "postdate", "fork", "roll", "withhold", "replay",
         "substitute", "strip", "swap", "rule", "skip", "put", "make", "bring", "answer")  # fmt: skip


def named() -> list[str]:
    return re.findall(r"\| `(test_\w+)` \|$", TABLE, re.MULTILINE)


def played() -> set[str]:
    """The tests in `test_lies_*.py` that play an attack."""
    parsed = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_lies_*.py")]
    functions = (
        node for tree in parsed for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {one.name for one in functions if one.name.startswith(tuple(f"test_{verb}_" for verb in VERBS))}


def test_every_test_that_is_named_exists_and_every_lie_stands_in_the_table() -> None:
    assert set(named()) == played()
    assert len(named()) == len(set(named())) == TABLE.count("\n|") - 2


def test_every_attack_of_the_design_stands_in_the_table() -> None:
    rows = re.findall(r"^\| ([a-z][a-z ]*) \|", TABLE, re.MULTILINE)
    assert [attack for attack in ATTACKS if not any(row.startswith(attack) for row in rows)] == []
