from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from hifadhi.referral.header import Header
from hifadhi.referral.message import HEADERS
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.statements import STATEMENTS
from hifadhi.referral.table import (
    ANSWER,
    ARRIVAL,
    ENDED,
    KIND,
    LIVE,
    MOVES,
    OVERTAKEN,
    RECEIPT,
    REEXAMINATION,
    REPLY,
    SIDE,
    THERE,
    TRANSFER,
    Kind,
    State,
)
from hifadhi.referral.verdict import Verdict
from unit.referral.exchange import DAY, NOW, Ledger, bounced, uuid, within

REFUSED = "NOT_ALLOWED_NOW"

# The state of a request for responsibility after the event, or that it is irregular (~), or that it is refused (!).
REQUEST = """
                   received   accepted   declined        reexamination   withdrawn       bounced
SENT               RECEIVED   ACCEPTED   DECLINED        !               WITHDRAWN       BOUNCED
RECEIVED           ~          ACCEPTED   DECLINED        !               WITHDRAWN       BOUNCED
ESCALATED          ~          ACCEPTED   DECLINED        !               WITHDRAWN       ESCALATED
ACCEPTED           ~          !          !               !               WITHDRAWN       ACCEPTED
PROPOSED           ~          !          !               !               WITHDRAWN       PROPOSED
PLANNED            ~          !          !               !               WITHDRAWN       PLANNED
SUSPENDED          ~          !          !               !               WITHDRAWN       SUSPENDED
DEPARTED           ~          !          !               !               !               DEPARTED
NOT_ARRIVED        ~          !          !               !               !               NOT_ARRIVED
DECLINED           ~          !          !               REEXAMINATION   DECLINED_FINAL  DECLINED
REEXAMINATION      ~          ACCEPTED   DECLINED_FINAL  !               DECLINED_FINAL  REEXAMINATION
ARRIVED            ~          !          !               !               !               ARRIVED
COMPLETED          ~          !          !               !               !               COMPLETED
DECLINED_FINAL     ~          !          !               !               !               DECLINED_FINAL
WITHDRAWN          ~          !          !               !               !               WITHDRAWN
BOUNCED            ~          !          !               !               !               BOUNCED
EXPIRED            ~          !          !               !               !               EXPIRED
SUPERSEDED         ~          !          !               !               !               SUPERSEDED
"""
TRANSFER_OF_THEM = """
                   proposed   agreed     suspended   resumed   departure   arrival   non_arrival
SENT               !          !          !           !         ~           ~         ~
RECEIVED           !          !          !           !         ~           ~         ~
ESCALATED          !          !          !           !         ~           ~         ~
ACCEPTED           PROPOSED   !          !           !         ~           ~         ~
PROPOSED           PROPOSED   PLANNED    !           !         ~           ~         ~
PLANNED            !          !          SUSPENDED   !         DEPARTED    ~         ~
SUSPENDED          !          !          !           PLANNED   ~           ~         ~
DEPARTED           !          !          !           !         ~           ARRIVED   NOT_ARRIVED
NOT_ARRIVED        PROPOSED   !          !           !         ~           ARRIVED   ~
DECLINED           !          !          !           !         ~           ~         ~
REEXAMINATION      !          !          !           !         ~           ~         ~
ARRIVED            !          !          !           !         ~           ~         ~
COMPLETED          !          !          !           !         ~           ~         ~
DECLINED_FINAL     !          !          !           !         ~           ~         ~
WITHDRAWN          !          !          !           !         ~           ~         ~
BOUNCED            !          !          !           !         ~           ~         ~
EXPIRED            !          !          !           !         ~           ~         ~
SUPERSEDED         !          !          !           !         ~           ~         ~
"""
NAMES = {
    "reexamination": "reexamination.requested",
    "bounced": "message.bounced",
    "proposed": "transfer.proposed",
    "agreed": "transfer.agreed",
    "suspended": "transfer.suspended",
    "resumed": "transfer.resumed",
    "departure": "departure.confirmed",
    "arrival": "arrival.confirmed",
    "non_arrival": "non_arrival.reported",
}
LAPSES = {
    (State.SENT, RECEIPT): State.SENT,
    (State.SENT, REPLY): State.ESCALATED,
    (State.RECEIVED, REPLY): State.ESCALATED,
    (State.DECLINED, REEXAMINATION): State.DECLINED_FINAL,
    (State.REEXAMINATION, ANSWER): State.DECLINED_FINAL,
    (State.ACCEPTED, TRANSFER): State.EXPIRED,
    (State.PROPOSED, TRANSFER): State.EXPIRED,
    (State.PLANNED, TRANSFER): State.EXPIRED,
    (State.DEPARTED, ARRIVAL): State.NOT_ARRIVED,
}
OF_EVERY_REQUEST = {RECEIPT, REPLY, REEXAMINATION, ANSWER}


class Cell(NamedTuple):
    state: State
    event: str
    expected: str


def grid() -> Iterator[Cell]:
    for table in (REQUEST, TRANSFER_OF_THEM):
        events, *rows = (line.split() for line in table.strip().splitlines())
        yield from _cells(events, rows)


def _cells(events: list[str], rows: list[list[str]]) -> Iterator[Cell]:
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
    referral = replace(referral, transfers=(uuid(7),), arrival_due=NOW + 3 * DAY)
    ledger.cases[case.id] = replace(ledger.cases[case.id], referrals={referral.id: referral})
    return ledger, referral.id


@pytest.mark.parametrize("cell", list(grid()), ids=lambda cell: f"{cell.state}-{cell.event}")
def test_an_event_moves_a_referral_or_is_irregular_or_is_refused(cell: Cell) -> None:
    ledger, referral = in_state(cell.state)
    before = ledger.referral(referral)
    verdict = ledger.post(happens(ledger, referral, cell.event))
    after = ledger.referral(referral)
    if cell.expected == "~":
        assert (verdict, replace(after, came=None)) == (Verdict(irregular=True), before)
    elif cell.expected == "!":
        assert (verdict, after) == (Verdict(REFUSED), before)
    else:
        assert (verdict, after.state) == (Verdict(), State(cell.expected))


def test_every_pair_of_a_state_and_a_message_is_in_the_grid_above() -> None:
    cells = {(cell.state, cell.event) for cell in grid()}
    within = SIDE.keys() - {"information.requested", "information.provided", "outcome.reported", "dispute.opened"}
    assert cells == {(state, event) for state in State for event in {*within, "message.bounced"}}


def test_only_a_service_that_was_accepted_is_completed_by_its_outcome() -> None:
    for state in State:
        ledger, referral = in_state(state)
        for kind in ("service", "responsibility"):
            case = next(iter(ledger.cases.values()))
            asked = replace(ledger.referral(referral), kind=kind)
            ledger.cases[case.id] = replace(case, referrals={referral: replace(asked, state=state)})
            verdict = ledger.post(within("outcome.reported", case.id, asked))
            completed = kind == "service" and state is State.ACCEPTED
            assert verdict == Verdict(irregular=not completed)
            assert ledger.referral(referral).state == (State.COMPLETED if completed else state)


@pytest.mark.parametrize("state", list(State))
def test_a_question_and_its_answer_move_nothing_and_are_irregular_once_the_referral_has_ended(state: State) -> None:
    ledger, referral = in_state(state)
    (case,) = ledger.cases.values()
    now = ledger.referral(referral)
    asked = within("information.requested", case.id, now)
    said = [asked, within("information.provided", case.id, now, in_reply_to=asked.id)]
    assert [ledger.post(one) for one in said] == [Verdict(irregular=state in ENDED)] * 2
    assert ledger.referral(referral) == now


def test_a_clock_lapses_in_the_states_in_which_it_can_run_and_nowhere_else() -> None:
    for kind in MOVES:
        moves = MOVES[kind]
        lapses = {(state, event): move.to for (state, event), move in moves.items() if event.startswith("lapse:")}
        of_kind = {(s, c): to for (s, c), to in LAPSES.items() if kind == "responsibility" or c in OF_EVERY_REQUEST}
        assert lapses == {(state, f"lapse:{clock}"): to for (state, clock), to in of_kind.items()}
        started = {(move.to, move.clock) for move in moves.values() if move.clock} | {(State.SENT, RECEIPT)}
        assert started == set(of_kind)


def test_every_state_is_reached_from_the_request() -> None:
    both = {**MOVES["service"], **MOVES["responsibility"]}
    reached, found = set[State](), {State.SENT, OVERTAKEN.to}
    while found - reached:
        reached |= found
        found |= {move.to for (state, _), move in both.items() if state in reached}
    assert reached == set(State)


def test_in_a_final_state_no_clock_runs_and_nothing_moves() -> None:
    both = {**MOVES["service"], **MOVES["responsibility"]}
    moves = [*both.values(), THERE, OVERTAKEN]
    assert {move.clock for move in moves if move.to in ENDED} == {None}
    assert {state for state, _ in both} == set(State) - ENDED
    # Nobody is bound while it is not known where the person is; the sender may ask another agency.
    assert set(State) - ENDED - LIVE == {State.NOT_ARRIVED}


def test_every_word_within_a_referral_is_of_one_side_and_every_move_is_such_a_word() -> None:
    named = {kind for kind, header in HEADERS.items() if "referral" in header.model_fields}
    assert SIDE.keys() == named
    moved = {event for moves in MOVES.values() for _, event in moves if not event.startswith("lapse:")}
    assert moved - {"message.bounced"} <= SIDE.keys()


def test_every_type_has_one_kind() -> None:
    assert KIND.keys() == HEADERS.keys() == PARTS.keys() | STATEMENTS.keys()
    assert {kind for kind, of in KIND.items() if of is Kind.STATEMENT} == STATEMENTS.keys()


def test_a_decision_says_what_it_saw_and_nothing_else_does() -> None:
    assert {kind for kind, header in HEADERS.items() if "seen" in header.model_fields} == {
        kind for kind, of in KIND.items() if of is Kind.DECISION
    }
