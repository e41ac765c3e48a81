from dataclasses import replace

import pytest

from hifadhi.errors import Tampered
from hifadhi.referral import instant
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.table import ANSWER, RECEIPT, REEXAMINATION, REPLY, State
from hifadhi.referral.verdict import Verdict
from unit.referral.exchange import DAY, HOUR, MW, MZ, NOW, TZ, UNHCR, ZA, Ledger, bounced, header


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def case(ledger: Ledger) -> str:
    return ledger.opened(MZ).id


@pytest.fixture
def referral(ledger: Ledger, case: str) -> Referral:
    return ledger.requested(case, ZA)


def versions(ledger: Ledger, referral: Referral) -> tuple[int, int]:
    """Of the case, and of the referral."""
    (case,) = ledger.cases.values()
    return case.version, case.referrals[referral.id].version


def running(ledger: Ledger, referral: Referral) -> tuple[str | None, str | None]:
    """The referral's clock, and when it is due."""
    now = ledger.referral(referral.id)
    return now.clock, None if now.due is None else instant.write(now.due)


# Opening


def test_a_state_agency_opens_a_case_under_itself(ledger: Ledger) -> None:
    case = ledger.opened(MW)
    assert case == Case(case.id, 1, MW, frozenset({MW}), silent_due=case.silent_due)


def test_an_observer_opens_a_case_under_the_focal_agency_that_it_addresses(ledger: Ledger) -> None:
    case = ledger.opened(UNHCR, (TZ,))
    assert case == Case(case.id, 1, TZ, frozenset({UNHCR, TZ}), silent_due=case.silent_due)


def test_a_later_encounter_adds_parties_and_nothing_else(ledger: Ledger, case: str) -> None:
    before = ledger.cases[case]
    ledger.post(header("encounter.reported", TZ, (UNHCR, ZA), case=case))
    assert ledger.cases[case] == replace(before, parties=frozenset({MZ, TZ, UNHCR, ZA}))


# Versions


def test_decisions_and_lapses_raise_both_versions_by_one(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, ZA)
    assert versions(ledger, referral) == (2, 1)
    ledger.wait(DAY)
    assert versions(ledger, referral) == (3, 2)  # the silent day
    ledger.wait(40 * DAY)
    assert versions(ledger, referral) == (4, 3)  # escalated
    ledger.answer("referral.declined", referral)
    assert versions(ledger, referral) == (5, 4)
    ledger.wait(40 * DAY)
    assert versions(ledger, referral) == (6, 5)  # declined for good


def test_facts_and_notes_raise_none(ledger: Ledger, case: str, referral: Referral) -> None:
    before = versions(ledger, referral)
    ledger.answer("referral.received", referral)
    ledger.answer("referral.received", referral)
    ledger.met(case, TZ)
    ledger.post(bounced(case, ZA, MZ, referral.id))
    assert ledger.referral(referral.id).state is State.BOUNCED
    assert versions(ledger, referral) == before


def test_an_acceptance_that_moves_responsibility_raises_both_by_one(
    ledger: Ledger, case: str, referral: Referral
) -> None:
    ledger.answer("referral.accepted", referral, encounter=ledger.met(case, ZA))
    assert versions(ledger, referral) == (3, 2)


def test_a_referral_raises_the_version_of_no_other(ledger: Ledger, case: str, referral: Referral) -> None:
    service = ledger.requested(case, ZA, kind="service")
    ledger.answer("referral.accepted", service)
    assert ledger.referral(referral.id).version == 1
    assert ledger.cases[case].version == 4


def test_a_refused_decision_raises_none(ledger: Ledger, case: str, referral: Referral) -> None:
    assert ledger.answer("referral.accepted", referral, seen=9).code == "STALE_STATE"
    assert versions(ledger, referral) == (2, 1)
    assert ledger.leaves[-1].case == ledger.cases[case]


# Clocks


def test_the_silent_day_starts_with_the_request_and_the_reply_clock_at_its_end(
    ledger: Ledger, referral: Referral
) -> None:
    assert running(ledger, referral) == (RECEIPT, "2026-11-24T10:00:00.000Z")
    ledger.wait(5 * DAY)  # the hub was asleep: the clock counts from when the day was over
    assert running(ledger, referral) == (REPLY, "2026-12-24T22:00:00.000Z")


def test_a_receipt_starts_the_reply_clock(ledger: Ledger, referral: Referral) -> None:
    ledger.wait(2 * HOUR)
    ledger.answer("referral.received", referral)
    assert running(ledger, referral) == (REPLY, "2026-12-23T22:00:00.000Z")
    assert ledger.referral(referral.id).state is State.RECEIVED


def test_a_receipt_after_the_silent_day_does_not_start_the_reply_clock_again(
    ledger: Ledger, referral: Referral
) -> None:
    ledger.wait(DAY)
    before = running(ledger, referral)
    ledger.wait(20 * DAY)
    assert ledger.answer("referral.received", referral) == Verdict()
    assert ledger.referral(referral.id).state is State.RECEIVED
    assert running(ledger, referral) == before
    ledger.wait(10 * DAY + 12 * HOUR)
    assert ledger.referral(referral.id).state is State.ESCALATED


def test_a_second_receipt_does_not_start_it_again_either(ledger: Ledger, referral: Referral) -> None:
    ledger.answer("referral.received", referral)
    before = running(ledger, referral)
    ledger.wait(3 * DAY)
    assert ledger.answer("referral.received", referral) == Verdict(irregular=True)
    assert running(ledger, referral) == before


def test_days_end_where_the_receiver_is(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, TZ, urgency="urgent")
    ledger.answer("referral.received", referral)
    assert running(ledger, referral) == (REPLY, "2026-11-30T21:00:00.000Z")  # TZ is at +03:00, MZ at +02:00


def test_an_emergency_is_answered_within_72_hours(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, ZA, urgency="emergency")
    ledger.answer("referral.received", referral)
    assert running(ledger, referral) == (REPLY, "2026-11-26T10:00:00.000Z")


def test_a_decline_starts_the_window_for_re_examination(ledger: Ledger, referral: Referral) -> None:
    ledger.answer("referral.declined", referral)
    assert running(ledger, referral) == (REEXAMINATION, "2026-12-14T22:00:00.000Z")


def test_a_re_examination_is_answered_within_14_days(ledger: Ledger, referral: Referral) -> None:
    ledger.answer("referral.declined", referral)
    ledger.answer("reexamination.requested", referral)
    assert running(ledger, referral) == (ANSWER, "2026-12-07T22:00:00.000Z")
    (clock,) = ledger.wait(15 * DAY)
    assert (clock.clock, ledger.referral(referral.id).state) == (ANSWER, State.DECLINED_FINAL)


def test_whom_the_receiver_has_met_it_may_accept_after_a_re_examination(
    ledger: Ledger, case: str, referral: Referral
) -> None:
    ledger.answer("referral.declined", referral)
    ledger.answer("reexamination.requested", referral)
    ledger.answer("referral.accepted", referral, encounter=ledger.met(case, ZA))
    assert (ledger.cases[case].responsible, ledger.referral(referral.id).state) == (ZA, State.ARRIVED)


@pytest.mark.parametrize("answer", ["referral.accepted", "referral.withdrawn"])
def test_an_answer_stops_the_clock(ledger: Ledger, referral: Referral, answer: str) -> None:
    ledger.answer("referral.received", referral)
    ledger.answer(answer, referral)
    assert running(ledger, referral)[0] == ("transfer" if answer == "referral.accepted" else None)
    assert [clock.clock for clock in ledger.wait(100 * DAY)] == ["stalled"]


def test_a_bounce_stops_the_clock(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.post(bounced(case, ZA, MZ, referral.id))
    assert running(ledger, referral) == (None, None)


def test_a_bounce_of_another_message_or_after_the_answer_is_a_mark(
    ledger: Ledger, case: str, referral: Referral
) -> None:
    ledger.answer("referral.accepted", referral)
    answer = next(reversed(ledger.past))
    before = ledger.cases[case]
    assert ledger.post(bounced(case, MZ, ZA, answer)) == Verdict()
    assert ledger.post(bounced(case, ZA, MZ, referral.id)) == Verdict()
    assert ledger.cases[case] == before


def test_an_acceptance_after_the_deadline_still_counts(ledger: Ledger, referral: Referral) -> None:
    ledger.wait(40 * DAY)
    assert ledger.referral(referral.id).state is State.ESCALATED
    assert ledger.answer("referral.accepted", referral) == Verdict()
    assert ledger.referral(referral.id).state is State.ACCEPTED


def test_clocks_lapse_in_the_order_in_which_they_were_due(ledger: Ledger) -> None:
    cases = [ledger.opened(MZ).id for _ in range(3)]
    ledger.requested(cases[2], ZA, urgency="emergency")
    ledger.requested(cases[1], TZ, urgency="emergency")
    ledger.now += 1
    ledger.requested(cases[0], ZA, urgency="urgent")
    lapsed = ledger.wait(40 * DAY)
    assert lapsed == sorted(lapsed)
    assert [(clock.case, clock.clock) for clock in lapsed] == [
        (cases[1], RECEIPT), (cases[2], RECEIPT), (cases[0], RECEIPT),
        (cases[1], REPLY), (cases[2], REPLY), (cases[0], REPLY),
    ]  # fmt: skip


def test_who_looks_rarely_sees_the_same_lapses(case: str, referral: Referral, ledger: Ledger) -> None:
    daily = Ledger(cases=dict(ledger.cases), past=dict(ledger.past))
    lapsed = [clock for _ in range(40) for clock in daily.wait(DAY)]
    assert ledger.wait(40 * DAY) == lapsed
    assert ledger.cases == daily.cases
    assert ledger.cases[case].referrals[referral.id].state is State.ESCALATED


def test_a_clock_lapses_at_its_millisecond(ledger: Ledger, referral: Referral) -> None:
    assert ledger.wait(DAY - 1) == []
    assert ledger.wait(1) == [Clock(NOW + DAY, next(iter(ledger.cases)), referral.id, RECEIPT)]


# Responsibility


def test_an_acceptance_alone_leaves_responsibility_where_it_is(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.accepted", referral)
    assert ledger.cases[case].responsible == MZ
    assert ledger.referral(referral.id).state is State.ACCEPTED


def test_an_acceptance_that_names_the_receivers_own_encounter_moves_responsibility_at_once(
    ledger: Ledger, case: str, referral: Referral
) -> None:
    ledger.answer("referral.accepted", referral, encounter=ledger.met(case, ZA))
    assert ledger.cases[case].responsible == ZA
    assert ledger.referral(referral.id).state is State.ARRIVED
    assert running(ledger, referral) == (None, None)


def test_even_where_it_comes_late(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.wait(40 * DAY)
    ledger.answer("referral.accepted", referral, encounter=ledger.met(case, ZA))
    assert ledger.cases[case].responsible == ZA


def test_a_service_moves_no_responsibility_wherever_the_person_is(ledger: Ledger, case: str) -> None:
    service = ledger.requested(case, ZA, kind="service")
    ledger.answer("referral.accepted", service, encounter=ledger.met(case, ZA))
    assert ledger.cases[case].responsible == MZ
    assert ledger.referral(service.id).state is State.ACCEPTED


@pytest.mark.parametrize("kind", ["referral.received", "referral.declined", "referral.withdrawn"])
def test_no_other_answer_moves_responsibility(ledger: Ledger, case: str, referral: Referral, kind: str) -> None:
    ledger.met(case, ZA)
    ledger.answer(kind, referral)
    assert ledger.cases[case].responsible == MZ


def test_no_silence_and_no_bounce_moves_responsibility(ledger: Ledger, case: str) -> None:
    ledger.post(bounced(case, ZA, MZ, ledger.requested(case, ZA).id))
    ledger.requested(case, ZA)
    ledger.wait(40 * DAY)
    assert ledger.cases[case].responsible == MZ


# As a database row keeps it


def test_a_case_comes_back_from_its_row(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.requested(case, TZ, kind="service", urgency="urgent")
    ledger.answer("referral.accepted", referral)
    assert Case.from_bytes(ledger.cases[case].to_bytes()) == ledger.cases[case]


@pytest.mark.parametrize("row", [b"", b"null", b"{}", b'{"id":"x","version":"one"}', b"\xff"])
def test_a_row_that_cannot_be_read_is_tampered_with(row: bytes) -> None:
    with pytest.raises(Tampered):
        Case.from_bytes(row)
