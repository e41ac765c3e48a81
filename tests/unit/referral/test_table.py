from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from hifadhi.referral.decide import Verdict
from hifadhi.referral.header import Header
from hifadhi.referral.message import HEADERS
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.statements import STATEMENTS
from hifadhi.referral.table import (
    ACCEPTED_AND_THERE,
    ANSWER,
    KIND,
    LIVE,
    MOVES,
    RECEIPT,
    REEXAMINATION,
    REPLY,
    Kind,
    State,
)
from unit.referral.exchange import Ledger, bounced, within

FINAL = {State.ARRIVED, State.DECLINED_FINAL, State.WITHDRAWN, State.BOUNCED}
REFUSED = "NOT_ALLOWED_NOW"

# The state after the event, or that it is recorded as irregular (~), or that it is refused (!).
GRID = """
                   received   accepted   declined        reexamination   withdrawn       bounced
SENT               RECEIVED   ACCEPTED   DECLINED        !               WITHDRAWN       BOUNCED
RECEIVED           ~          ACCEPTED   DECLINED        !               WITHDRAWN       BOUNCED
ESCALATED          ~          ACCEPTED   DECLINED        !               WITHDRAWN       ESCALATED
ACCEPTED           ~          !          !               !               WITHDRAWN       ACCEPTED
DECLINED           ~          !          !               REEXAMINATION   DECLINED_FINAL  DECLINED
REEXAMINATION      ~          ACCEPTED   DECLINED_FINAL  !               DECLINED_FINAL  REEXAMINATION
ARRIVED            ~          !          !               !               !               ARRIVED
DECLINED_FINAL     ~          !          !               !               !               DECLINED_FINAL
WITHDRAWN          ~          !          !               !               !               WITHDRAWN
BOUNCED            ~          !          !               !               !               BOUNCED
"""
NAMES = {"reexamination": "reexamination.requested", "bounced": "message.bounced"}
LAPSES = {
    (State.SENT, RECEIPT): State.SENT,
    (State.SENT, REPLY): State.ESCALATED,
    (State.RECEIVED, REPLY): State.ESCALATED,
    (State.DECLINED, REEXAMINATION): State.DECLINED_FINAL,
    (State.REEXAMINATION, ANSWER): State.DECLINED_FINAL,
}


class Cell(NamedTuple):
    state: State
    event: str
    expected: str


def grid() -> Iterator[Cell]:
    events, *rows = (line.split() for line in GRID.strip().splitlines())
    for state, *cells in rows:
        for event, expected in zip(events, cells, strict=True):
            yield Cell(State(state), NAMES.get(event, f"referral.{event}"), expected)


def happens(ledger: Ledger, referral: str, event: str) -> Header:
    (case,) = ledger.cases.values()
    now = ledger.referral(referral)
    if event == "message.bounced":
        return bounced(case.id, now.receiver, now.sender, referral)
    return within(event, case.id, now)


def in_state(state: State) -> tuple[Ledger, str]:
    """A case with a referral that was put into a state, without a clock."""
    ledger = Ledger()
    case = ledger.opened()
    referral = replace(ledger.requested(case.id), state=state, clock=None, due=None)
    ledger.cases[case.id] = replace(ledger.cases[case.id], referrals={referral.id: referral})
    return ledger, referral.id


@pytest.mark.parametrize("cell", list(grid()), ids=lambda cell: f"{cell.state}-{cell.event}")
def test_an_event_moves_a_referral_or_is_irregular_or_is_refused(cell: Cell) -> None:
    ledger, referral = in_state(cell.state)
    before = ledger.referral(referral)
    verdict = ledger.post(happens(ledger, referral, cell.event))
    after = ledger.referral(referral)
    if cell.expected == "~":
        assert (verdict, after) == (Verdict(irregular=True), before)
    elif cell.expected == "!":
        assert (verdict, after) == (Verdict(REFUSED), before)
    else:
        assert (verdict, after.state) == (Verdict(), State(cell.expected))


def test_every_pair_of_a_state_and_a_message_is_in_the_grid_above() -> None:
    cells = {(cell.state, cell.event) for cell in grid()}
    events = {event for event in KIND if event.startswith("referral.") and event != "referral.requested"}
    assert cells == {(state, event) for state in State for event in {*events, *NAMES.values()}}


def test_a_clock_lapses_in_the_states_in_which_it_can_run_and_nowhere_else() -> None:
    lapses = {(state, event): move.to for (state, event), move in MOVES.items() if event.startswith("lapse:")}
    assert lapses == {(state, f"lapse:{clock}"): to for (state, clock), to in LAPSES.items()}
    started = {(move.to, move.clock) for move in MOVES.values() if move.clock} | {(State.SENT, RECEIPT)}
    assert started == set(LAPSES)


def test_every_state_is_reached_from_the_request() -> None:
    reached, found = set[State](), {State.SENT}
    while found - reached:
        reached |= found
        found |= {move.to for (state, _), move in MOVES.items() if state in reached}
        found |= {ACCEPTED_AND_THERE.to for state, event in MOVES if event == "referral.accepted" and state in reached}
    assert reached == set(State)


def test_in_a_final_state_no_clock_runs_and_nothing_moves() -> None:
    moves = [*MOVES.values(), ACCEPTED_AND_THERE]
    assert {move.clock for move in moves if move.to in FINAL} == {None}
    assert {state for state, _ in MOVES} == set(State) - FINAL
    assert set(State) - FINAL == LIVE


def test_every_type_has_one_kind() -> None:
    assert KIND.keys() == HEADERS.keys() == PARTS.keys() | STATEMENTS.keys()
    assert {kind for kind, of in KIND.items() if of is Kind.STATEMENT} == STATEMENTS.keys()
    assert {kind for kind, of in KIND.items() if of is Kind.FACT} == {"encounter.reported", "message.bounced"}
    assert {kind for kind, of in KIND.items() if of is Kind.NOTE} == {"referral.received"}


def test_a_decision_says_what_it_saw_and_nothing_else_does() -> None:
    assert {kind for kind, header in HEADERS.items() if "seen" in header.model_fields} == {
        kind for kind, of in KIND.items() if of is Kind.DECISION
    }
