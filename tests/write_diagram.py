"""Writes the diagram of the referral's states into the architecture page: `python tests/write_diagram.py`."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from hifadhi.referral.table import ENDED, MOVES, OVERTAKEN, RECEIPT, THERE, Move, State

PAGE = Path(__file__).parent.parent / "services" / "ARCHITECTURE.md"
START, END = "<!-- referral-states:start -->", "<!-- referral-states:end -->"
NEW_PAGE = f"# Architecture\n\n## The states of a referral\n\n{START}\n{END}\n"

# Without colons and semicolons, which end a label or a line in Mermaid.
PERSON_IS_THERE = {
    "referral.accepted": "referral.accepted, the person is there",
    "departure.confirmed": "departure.confirmed, the arrival came first",
}
ELSEWHERE = "From any state that is not final, when responsibility moves another way or the case is closed"


def diagram() -> str:
    """The block between the markers: Mermaid, the states in the table's order."""
    lines = [f"    [*] --> {State.SENT}: {_label('referral.requested', Move(State.SENT, RECEIPT))}"]
    lines += [f"    {start} --> {end}: {'<br>'.join(labels)}" for (start, end), labels in _arrows().items()]
    lines += [f"    {state} --> [*]" for state in State if state in ENDED]
    lines += [f"    note right of {OVERTAKEN.to}", f"        {ELSEWHERE}", "    end note"]
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


def _arrows() -> dict[tuple[State, State], list[str]]:
    arrows = defaultdict(list)
    for start, event, move in _moves():
        arrows[start, move.to].append(_label(event, move))
    return arrows


def _moves() -> Iterator[tuple[State, str, Move]]:
    """Of both kinds; a request for a service is accepted without a transfer clock."""
    for (start, event), move in {**MOVES["service"], **MOVES["responsibility"]}.items():
        yield start, event, move
        if event in PERSON_IS_THERE:
            yield start, PERSON_IS_THERE[event], THERE


def _label(event: str, move: Move) -> str:
    words = f"{event.removeprefix('lapse:')} clock lapsed" if event.startswith("lapse:") else event
    return f"{words}, {move.clock} clock" if move.clock else words


def with_diagram(page: str) -> str:
    """The page with the block as it is now; ValueError if the markers are not there."""
    before, rest = page.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{diagram()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_diagram(PAGE.read_text(encoding="utf-8") if PAGE.exists() else NEW_PAGE), encoding="utf-8")
