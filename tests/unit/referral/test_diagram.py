import pytest

import write_diagram
from hifadhi.referral.table import ENDED, MOVES, THERE, Move, State
from write_diagram import END, PAGE, START, diagram, with_diagram


def test_the_page_shows_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_diagram(page) == page, "run `python tests/write_diagram.py`"


def test_every_move_has_an_arrow_and_no_arrow_is_invented() -> None:
    arrows = [line.split(":")[0].split() for line in diagram().splitlines() if "-->" in line]
    drawn = {(start, end) for start, _, end in arrows}
    moves = {**MOVES["service"], **MOVES["responsibility"]}
    moved = {(str(state), str(move.to)) for (state, _), move in moves.items()}
    sooner = {"referral.accepted", "departure.confirmed"}
    there = {(str(state), str(THERE.to)) for state, event in moves if event in sooner}
    ends = {(str(state), "[*]") for state in State if state in ENDED}
    assert drawn == moved | there | ends | {("[*]", "SENT")}
    assert len(arrows) == len(drawn)


def test_a_changed_table_makes_the_page_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text(encoding="utf-8")
    moved = {**MOVES["service"], (State.BOUNCED, "referral.withdrawn"): Move(State.WITHDRAWN)}
    monkeypatch.setattr(write_diagram, "MOVES", {**MOVES, "service": moved})
    assert with_diagram(page) != page


def test_the_rest_of_the_page_is_left_alone() -> None:
    page = f"# Before\n{START}\nold\n{END}\n\nAfter\n"
    assert with_diagram(page) == f"# Before\n{START}\n{diagram()}\n{END}\n\nAfter\n"


def test_no_label_holds_what_ends_it_in_mermaid() -> None:
    for line in diagram().splitlines():
        _, _, label = line.partition(": ")
        assert not {":", ";"} & set(label)
