"""Cases and their transfers from end to end, and the races that hurt: who comes second is told so."""

import pytest

from hifadhi.referral import instant
from hifadhi.referral.case import Referral
from hifadhi.referral.overlays import Link
from hifadhi.referral.table import State
from hifadhi.referral.verdict import Verdict
from unit.referral.exchange import DAY, DIGEST, HOUR, MW, MZ, TZ, UNHCR, ZA, Ledger, header, uuid, within

IRREGULAR = Verdict(irregular=True)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def case(ledger: Ledger) -> str:
    return ledger.opened(MZ).id


def due(referral: Referral) -> str:
    return instant.write(referral.due or 0)


def sides(ledger: Ledger, case: str, referral: Referral) -> tuple[str | None, State]:
    return ledger.cases[case].owed_by, ledger.referral(referral.id).state


# A transfer


def test_responsibility_moves_with_the_arrival_and_not_before(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    version = ledger.cases[case].version
    assert ledger.answer("departure.confirmed", referral) == Verdict()
    assert (sides(ledger, case, referral), ledger.cases[case].version) == ((MZ, State.DEPARTED), version)
    assert ledger.answer("arrival.confirmed", referral) == Verdict()
    assert (sides(ledger, case, referral), ledger.cases[case].version) == ((ZA, State.ARRIVED), version + 1)


def test_an_arrival_that_overtakes_its_departure_is_matched_when_both_are_there(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    assert ledger.answer("arrival.confirmed", referral) == IRREGULAR
    assert sides(ledger, case, referral) == (MZ, State.PLANNED)
    assert ledger.answer("departure.confirmed", referral) == Verdict()
    assert sides(ledger, case, referral) == (ZA, State.ARRIVED)


def test_an_arrival_of_an_older_plan_is_not_that_of_the_newest(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case)
    for kind in ("referral.accepted", "transfer.proposed"):
        ledger.answer(kind, referral)
    old = ledger.referral(referral.id).transfers[0]
    ledger.post(within("transfer.proposed", case, ledger.referral(referral.id), transfer=uuid(8)))
    ledger.answer("transfer.agreed", referral)
    assert ledger.answer("departure.confirmed", referral, transfer=old) == IRREGULAR
    assert ledger.answer("departure.confirmed", referral, transfer=uuid(8)) == Verdict()
    assert ledger.answer("arrival.confirmed", referral, transfer=old) == IRREGULAR
    assert ledger.answer("arrival.confirmed", referral, transfer=uuid(99)) == Verdict("OTHER_CASE")
    assert sides(ledger, case, referral) == (MZ, State.DEPARTED)


def test_a_departure_after_a_suspension_changes_nothing(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    ledger.answer("transfer.suspended", referral)
    assert ledger.answer("departure.confirmed", referral) == IRREGULAR
    assert sides(ledger, case, referral) == (MZ, State.SUSPENDED)


def test_the_transfer_clock_stands_still_while_the_plan_is_suspended(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case, urgency="urgent")
    assert due(ledger.referral(referral.id)) == "2026-12-23T22:00:00.000Z"
    ledger.answer("transfer.suspended", referral)
    assert ledger.referral(referral.id).due is None
    assert [clock.clock for clock in ledger.wait(40 * DAY)] == []
    ledger.answer("transfer.resumed", referral)
    assert due(ledger.referral(referral.id)) == "2027-02-01T22:00:00.000Z"  # forty days later
    ledger.wait(31 * DAY)
    assert sides(ledger, case, referral) == (MZ, State.EXPIRED)


def test_what_was_left_of_the_transfer_clock_is_there_for_the_next_plan(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case, urgency="urgent")
    ledger.wait(DAY)
    ledger.answer("departure.confirmed", referral)
    assert [clock.clock for clock in ledger.wait(10 * DAY)] == ["arrival"]
    assert sides(ledger, case, referral) == (MZ, State.NOT_ARRIVED)
    ledger.answer("transfer.proposed", referral)
    assert due(ledger.referral(referral.id)) == "2027-01-02T22:00:00.000Z"  # ten days later than before


def test_who_departs_after_the_arrival_was_due_is_late_at_once_and_not_before(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    ledger.wait(4 * DAY)
    ledger.answer("departure.confirmed", referral)
    assert ledger.referral(referral.id).due == ledger.now + 1
    assert [clock.clock for clock in ledger.wait(1)] == ["arrival"]


def test_who_arrives_after_all_is_the_receivers(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    ledger.answer("departure.confirmed", referral)
    ledger.answer("non_arrival.reported", referral)
    assert sides(ledger, case, referral) == (MZ, State.NOT_ARRIVED)
    assert ledger.answer("arrival.confirmed", referral) == Verdict()
    assert sides(ledger, case, referral) == (ZA, State.ARRIVED)


def test_who_did_not_arrive_may_be_offered_to_another_and_then_not_planned_for_again(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    ledger.answer("departure.confirmed", referral)
    ledger.answer("non_arrival.reported", referral)
    other = ledger.requested(case, MW)
    assert ledger.answer("transfer.proposed", referral) == Verdict("LIVE_REFERRAL")
    assert ledger.answer("arrival.confirmed", referral) == Verdict()
    assert sides(ledger, case, other) == (ZA, State.SUPERSEDED)


def test_people_of_one_transfer_may_end_differently_and_each_is_right(ledger: Ledger) -> None:
    """A mother and her sons: one message for each, one transfer; one of them does not arrive."""
    family = [ledger.opened(MZ).id for _ in range(3)]
    planned = [ledger.planned(one) for one in family]
    assert len({referral.transfers for referral in planned}) == 1
    first, second, third = planned
    assert ledger.answer("arrival.confirmed", first) == IRREGULAR  # it overtakes its departure
    for referral in planned:
        assert ledger.answer("departure.confirmed", referral) == Verdict()
    assert ledger.answer("arrival.confirmed", second) == Verdict()
    assert ledger.answer("non_arrival.reported", third) == Verdict()
    ends = [sides(ledger, case, referral) for case, referral in zip(family, planned, strict=True)]
    assert ends == [(ZA, State.ARRIVED), (ZA, State.ARRIVED), (MZ, State.NOT_ARRIVED)]


def test_an_outcome_completes_a_service(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, kind="service")
    ledger.answer("referral.accepted", referral)
    assert ledger.referral(referral.id).clock is None
    assert ledger.answer("outcome.reported", referral) == Verdict()
    assert sides(ledger, case, referral) == (MZ, State.COMPLETED)


# Races


def test_two_crossing_answers_the_second_is_stale_or_not_allowed(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case)
    withdrawn = within("referral.withdrawn", case, referral)
    accepted = within("referral.accepted", case, referral)
    twice = within("referral.accepted", case, referral)
    assert [ledger.post(one) for one in (accepted, twice)] == [Verdict(), Verdict("NOT_ALLOWED_NOW")]
    assert ledger.post(withdrawn) == Verdict("STALE_STATE")
    other = ledger.requested(ledger.opened(MZ).id)
    other_case = next(c.id for c in ledger.cases.values() if other.id in c.referrals)
    late = within("referral.accepted", other_case, other)
    assert ledger.answer("referral.withdrawn", other) == Verdict()
    assert ledger.post(late) == Verdict("NOT_ALLOWED_NOW")


def test_of_two_crossing_requests_one_is_live(ledger: Ledger, case: str) -> None:
    said = {"case": case, "seen": 1, "urgency": "standard", "kind": "responsibility"}
    crossing = [header("referral.requested", MZ, (to,), **said) for to in (ZA, TZ)]
    assert [ledger.post(one) for one in crossing] == [Verdict(), Verdict("STALE_STATE")]
    again = header("referral.requested", MZ, (TZ,), **{**said, "seen": 2})
    assert ledger.post(again) == Verdict("LIVE_REFERRAL")


def test_a_decline_after_the_lapse_still_counts(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, urgency="emergency")
    seen_before = within("referral.declined", case, referral)
    ledger.wait(5 * DAY)
    assert ledger.post(seen_before) == Verdict("STALE_STATE")
    assert ledger.answer("referral.declined", referral) == Verdict()
    assert sides(ledger, case, referral) == (MZ, State.DECLINED)


def test_a_case_is_not_closed_while_somebody_travels_for_it(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    ledger.answer("departure.confirmed", referral)
    closes = header("case.closed", MZ, (ZA,), case=case, seen=ledger.cases[case].version)
    assert ledger.post(closes) == Verdict("NOT_ALLOWED_NOW")
    ledger.answer("arrival.confirmed", referral)
    by_the_old = header("case.closed", MZ, (ZA,), case=case, seen=ledger.cases[case].version)
    assert ledger.post(by_the_old) == Verdict("NOT_RESPONSIBLE")
    by_the_new = header("case.closed", ZA, (MZ,), case=case, seen=ledger.cases[case].version)
    assert ledger.post(by_the_new) == Verdict()


def test_a_message_that_names_another_cases_referral_is_refused(ledger: Ledger, case: str) -> None:
    other = ledger.opened(MZ).id
    ledger.met(other, ZA)
    elsewhere = ledger.requested(case)
    assert ledger.post(within("referral.accepted", other, elsewhere)) == Verdict("OTHER_CASE")


# Closing, opening again, taking over


def test_a_closed_case_is_nobodys_and_what_was_asked_has_ended(ledger: Ledger, case: str) -> None:
    service, asked = ledger.requested(case, MW, kind="service"), ledger.requested(case)
    assert ledger.post(header("case.closed", MZ, (), case=case, seen=ledger.cases[case].version)) == Verdict()
    assert sides(ledger, case, asked) == sides(ledger, case, service) == (None, State.SUPERSEDED)
    assert ledger.cases[case].clocks == ()
    assert ledger.post(header("removal.recorded", MZ, (), case=case)) == IRREGULAR


def test_it_opens_again_by_who_closed_it_or_under_who_met_the_person(ledger: Ledger, case: str) -> None:
    ledger.post(header("case.closed", MZ, (), case=case, seen=1))
    assert ledger.post(header("case.reopened", MW, (), case=case, seen=2)) == Verdict("NOT_PARTY")
    assert ledger.post(header("case.reopened", MZ, (), case=case, seen=2)) == Verdict()
    assert ledger.cases[case].owed_by == MZ
    for met, owes in (
        (header("encounter.reported", MW, (), case=case), MW),
        (header("encounter.reported", UNHCR, (TZ,), case=case), TZ),
    ):
        now = ledger.cases[case]
        assert ledger.post(header("case.closed", now.responsible, (), case=case, seen=now.version)) == Verdict()
        assert ledger.post(met) == Verdict()
        assert ledger.cases[case].owed_by == owes


def test_an_observer_that_addresses_no_focal_agency_opens_nothing(ledger: Ledger, case: str) -> None:
    ledger.post(header("case.closed", MZ, (), case=case, seen=1))
    assert ledger.post(header("encounter.reported", UNHCR, (MW,), case=case)) == IRREGULAR
    assert ledger.cases[case].owed_by is None


def test_who_takes_responsibility_tells_who_had_it(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case)
    assert ledger.post(header("responsibility.assumed", MW, (ZA,), case=case)) == IRREGULAR
    assert ledger.post(header("responsibility.assumed", MW, (MZ,), case=case)) == Verdict()
    assert sides(ledger, case, referral) == (MW, State.SUPERSEDED)
    assert ledger.answer("referral.accepted", referral) == Verdict("NOT_ALLOWED_NOW")


def test_a_silent_agency_is_found_silent_once_until_it_speaks(ledger: Ledger, case: str) -> None:
    assert [clock.clock for clock in ledger.wait(400 * DAY)] == ["stalled"]
    ledger.post(header("outcome.reported", MZ, (), case=case))
    assert [clock.clock for clock in ledger.wait(400 * DAY)] == ["stalled"]


# Consent


def test_a_change_of_consent_is_open_until_every_recipient_has_confirmed(ledger: Ledger, case: str) -> None:
    referral = ledger.planned(case)
    changed = header("consent.changed", MZ, (ZA,), case=case)
    assert ledger.post(changed) == Verdict()
    assert ledger.answer("departure.confirmed", referral) == IRREGULAR
    confirms = header("data.restricted", ZA, (MZ,), case=case, in_reply_to=changed.id)
    assert ledger.post(confirms) == Verdict()
    assert not ledger.cases[case].is_restricted
    assert ledger.answer("departure.confirmed", referral) == Verdict()


def test_who_does_not_confirm_in_three_days_is_told_of(ledger: Ledger, case: str) -> None:
    ledger.requested(case)
    changed = header("consent.changed", MZ, (ZA,), case=case)
    ledger.post(changed)
    lapsed = [clock for clock in ledger.wait(72 * HOUR) if clock.clock == "consent"]
    assert [clock.subject for clock in lapsed] == [changed.id]
    assert ledger.cases[case].restrictions[MZ].pending == {ZA}


def test_only_its_sender_corrects_or_erases_a_message(ledger: Ledger, case: str) -> None:
    met = ledger.met(case, ZA)
    for kind, more in (("data.corrected", {}), ("erasure.ordered", {"digests": [DIGEST]})):
        said = {"case": case, "in_reply_to": met, **more}
        assert ledger.post(header(kind, ZA, (MZ,), **said)) == Verdict()
        assert ledger.post(header(kind, MZ, (ZA,), **said)) == Verdict("NOT_PARTY")
        assert ledger.post(header(kind, ZA, (MZ,), **{**said, "in_reply_to": uuid(3)})) == Verdict("OTHER_CASE")


# Links and disputes


def test_two_humans_link_two_cases_and_the_later_one_is_closed_so(ledger: Ledger) -> None:
    earlier, later = ledger.opened(MZ).id, ledger.opened(ZA).id
    about = {"case": later, "other_case": earlier}
    asked = header("link.proposed", ZA, (MZ,), **about)
    closes = {"case": later, "linked_to": earlier}
    early = header("case.closed", ZA, (), **closes, seen=1)
    assert [ledger.post(one) for one in (early, asked)] == [Verdict("OTHER_CASE"), Verdict()]
    answers = {**about, "in_reply_to": asked.id, "answer": "yes"}
    assert ledger.post(header("link.answered", TZ, (ZA,), **answers)) == Verdict("NOT_PARTY")
    assert ledger.post(header("link.answered", MZ, (ZA,), **answers)) == Verdict()
    assert ledger.cases[later].links == {earlier: Link.CONFIRMED}
    assert ledger.post(header("case.closed", ZA, (MZ,), **closes, seen=1)) == Verdict()


def test_only_parties_of_the_two_cases_link_them(ledger: Ledger) -> None:
    earlier, later = ledger.opened(MZ).id, ledger.opened(ZA).id
    assert ledger.post(header("link.proposed", TZ, (MZ,), case=later, other_case=earlier)) == Verdict("NOT_PARTY")
    assert ledger.post(header("link.proposed", MZ, (ZA,), case=later, other_case=earlier)) == Verdict()
    nowhere = header("link.proposed", MZ, (ZA,), case=later, other_case=uuid(0))
    assert ledger.post(nowhere) == Verdict("OTHER_CASE")


def test_two_states_contest_and_settle(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, urgency="emergency")
    ledger.wait(5 * DAY)
    about = {"case": case, "referral": referral.id}
    contests = header("dispute.opened", MZ, (UNHCR, ZA), **about, seen=ledger.referral(referral.id).version)
    assert ledger.post(contests) == Verdict()
    now = ledger.cases[case]
    assert ledger.post(header("case.closed", MZ, (), case=case, seen=now.version)) == Verdict("NOT_ALLOWED_NOW")
    replies = {"case": case, "in_reply_to": contests.id}
    assert ledger.post(header("observer.advised", UNHCR, (MZ, ZA), **replies)) == Verdict()
    settles = {**replies, "seen": now.version}
    third = header("dispute.resolved", MZ, (ZA,), **settles, responsible=TZ)
    assert ledger.post(third) == Verdict("NOT_PARTY")
    assert ledger.post(header("dispute.resolved", MZ, (ZA,), **settles, responsible=ZA)) == Verdict()
    assert sides(ledger, case, referral) == (ZA, State.SUPERSEDED)
    assert ledger.cases[case].dispute is None


def test_a_dispute_that_is_not_settled_in_time_stays_contested(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, urgency="emergency")
    ledger.wait(5 * DAY)
    said = {"case": case, "referral": referral.id, "seen": ledger.referral(referral.id).version}
    ledger.post(header("dispute.opened", ZA, (MZ,), **said))
    assert [clock.clock for clock in ledger.wait(31 * DAY)] == ["conciliation"]
    assert ledger.cases[case].dispute is not None


def test_nothing_is_contested_that_may_still_be_answered(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case)
    assert ledger.answer("dispute.opened", referral) == Verdict("NOT_ALLOWED_NOW")
