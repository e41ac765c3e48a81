from dataclasses import replace
from typing import Any

import pytest

from hifadhi.referral.case import Referral
from hifadhi.referral.decide_referral import MOST_REFERRALS
from hifadhi.referral.header import Header
from hifadhi.referral.table import State
from hifadhi.referral.verdict import Verdict
from unit.referral.exchange import DAY, MW, MZ, TZ, UNHCR, ZA, Ledger, bounced, header, uuid, within

NOBODY = uuid(0)  # an id that no message has
DECISIONS = ["referral.accepted", "referral.declined", "referral.withdrawn"]
WITHIN = [*DECISIONS, "referral.received"]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def case(ledger: Ledger) -> str:
    """A case of MZ that TZ and UNHCR know of, too."""
    case = ledger.opened(MZ).id
    ledger.post(header("encounter.reported", MZ, (TZ, UNHCR), case=case))
    return case


@pytest.fixture
def referral(ledger: Ledger, case: str) -> Referral:
    return ledger.requested(case, ZA)


def request(case: str, sender: str = MZ, to: str = ZA, /, **members: Any) -> Header:
    said = {"case": case, "urgency": "standard", "seen": 1, "kind": "responsibility", **members}
    return header("referral.requested", sender, (to,), **said)


def code(ledger: Ledger, said: Header) -> str | None:
    """The code of a refusal, which changes nothing and stands in the record."""
    cases, leaves = dict(ledger.cases), len(ledger.leaves)
    verdict = ledger.post(said)
    assert not verdict.irregular
    if verdict.code:
        assert ledger.cases == cases
    assert len(ledger.leaves) == leaves + 1
    return verdict.code


# Rule 1


def test_an_id_stands_for_one_payload(ledger: Ledger, case: str) -> None:
    assert code(ledger, header("encounter.reported", TZ, (), id=case)) == "ID_REUSED"
    assert code(ledger, header("encounter.reported", TZ, (), id=case, case=case)) == "ID_REUSED"


def test_the_id_of_a_refused_message_is_used_up_too(ledger: Ledger, case: str) -> None:
    refused = request(case, seen=7)
    assert code(ledger, refused) == "STALE_STATE"
    assert code(ledger, request(case, id=refused.id)) == "ID_REUSED"


# Rule 2


@pytest.mark.parametrize("kind", WITHIN)
def test_only_an_encounter_opens_a_case(ledger: Ledger, case: str, referral: Referral, kind: str) -> None:
    assert code(ledger, within(kind, NOBODY, referral)) == "CASE_UNKNOWN"
    assert code(ledger, within(kind, referral.id, referral)) == "CASE_UNKNOWN"
    assert code(ledger, within(kind, case, referral)) is None


def test_a_case_is_named_by_the_encounter_that_opened_it(ledger: Ledger, case: str) -> None:
    later = ledger.met(case, TZ)
    assert code(ledger, header("encounter.reported", MZ, (), case=later)) == "CASE_UNKNOWN"
    assert code(ledger, request(NOBODY)) == "CASE_UNKNOWN"
    assert code(ledger, bounced(NOBODY, ZA, MZ, case)) == "CASE_UNKNOWN"


# Rule 3


def test_anyone_may_meet_the_person(ledger: Ledger, case: str) -> None:
    assert code(ledger, header("encounter.reported", MW, (), case=case)) is None
    assert code(ledger, header("encounter.reported", UNHCR, (ZA,), case=case)) is None


@pytest.mark.parametrize("kind", WITHIN)
def test_who_is_no_party_says_nothing_within_a_referral(
    ledger: Ledger, case: str, referral: Referral, kind: str
) -> None:
    assert code(ledger, within(kind, case, referral, sender=MW)) == "NOT_PARTY"


@pytest.mark.parametrize("kind", WITHIN)
def test_a_party_that_is_on_neither_side_says_nothing_within_a_referral(
    ledger: Ledger, case: str, referral: Referral, kind: str
) -> None:
    assert TZ in ledger.cases[case].parties
    assert code(ledger, within(kind, case, referral, sender=TZ)) == "NOT_PARTY"


@pytest.mark.parametrize("kind", WITHIN)
def test_nobody_speaks_for_the_other_side(ledger: Ledger, case: str, referral: Referral, kind: str) -> None:
    right = within(kind, case, referral)
    (to,) = right.addressees
    assert code(ledger, within(kind, case, referral, sender=to, to=right.sender)) == "NOT_PARTY"


@pytest.mark.parametrize("kind", WITHIN)
def test_what_is_said_within_a_referral_goes_to_the_other_side(
    ledger: Ledger, case: str, referral: Referral, kind: str
) -> None:
    assert code(ledger, within(kind, case, referral, to=TZ)) == "NOT_PARTY"


def test_who_is_no_party_asks_nothing(ledger: Ledger, case: str) -> None:
    assert code(ledger, request(case, MW, ZA)) == "NOT_PARTY"


def test_only_its_receiver_bounces_a_message_and_to_its_sender(ledger: Ledger, case: str, referral: Referral) -> None:
    assert code(ledger, bounced(case, MW, MZ, referral.id)) == "NOT_PARTY"
    assert code(ledger, bounced(case, TZ, MZ, referral.id)) == "NOT_PARTY"
    assert code(ledger, bounced(case, MZ, ZA, referral.id)) == "NOT_PARTY"
    assert code(ledger, bounced(case, ZA, TZ, referral.id)) == "NOT_PARTY"
    assert code(ledger, bounced(case, ZA, MZ, referral.id)) is None


# Rule 4


@pytest.mark.parametrize("kind", WITHIN)
def test_a_referral_is_named_in_its_own_case_only(ledger: Ledger, case: str, referral: Referral, kind: str) -> None:
    other = ledger.requested(ledger.opened(MZ).id, ZA)
    assert code(ledger, within(kind, case, other)) == "OTHER_CASE"
    assert code(ledger, within(kind, case, referral, referral=NOBODY)) == "OTHER_CASE"
    assert code(ledger, within(kind, case, referral, referral=case)) == "OTHER_CASE"


def test_a_refused_request_is_no_referral(ledger: Ledger, case: str, referral: Referral) -> None:
    refused = request(case, seen=99)
    ledger.post(refused)
    assert code(ledger, within("referral.accepted", case, referral, referral=refused.id)) == "OTHER_CASE"


@pytest.mark.usefixtures("referral")
def test_a_bounced_message_is_one_of_the_case(ledger: Ledger, case: str) -> None:
    elsewhere = ledger.opened(UNHCR, (ZA,)).id
    refused = request(case, seen=99)
    ledger.post(refused)
    for broken in (elsewhere, NOBODY, refused.id):
        assert code(ledger, bounced(case, ZA, MZ, broken)) == "OTHER_CASE"


def test_the_encounter_that_an_acceptance_names_is_one_of_the_case(
    ledger: Ledger, case: str, referral: Referral
) -> None:
    elsewhere = ledger.opened(ZA).id
    refused = ledger.met(case, ZA)
    ledger.past[refused] = replace(ledger.past[refused], recorded=False)  # as after a revoked key
    for met in (elsewhere, NOBODY, refused):
        assert code(ledger, within("referral.accepted", case, referral, encounter=met)) == "OTHER_CASE"


# Rule 5


def test_only_who_owes_protection_asks_another_for_it(ledger: Ledger, case: str) -> None:
    assert code(ledger, request(case, TZ, ZA)) == "NOT_RESPONSIBLE"
    assert code(ledger, request(case, TZ, ZA, kind="service")) == "NOT_RESPONSIBLE"


def test_who_gave_responsibility_away_asks_no_more(ledger: Ledger, case: str) -> None:
    referral = ledger.requested(case, ZA)
    ledger.answer("referral.accepted", referral, encounter=ledger.met(case, ZA))
    assert code(ledger, request(case, MZ, TZ, seen=3)) == "NOT_RESPONSIBLE"
    assert code(ledger, request(case, ZA, TZ, seen=3)) is None


# Rule 6


@pytest.mark.parametrize("kind", DECISIONS)
def test_what_was_withdrawn_is_decided_no_more(ledger: Ledger, case: str, referral: Referral, kind: str) -> None:
    ledger.answer("referral.withdrawn", referral)
    assert code(ledger, within(kind, case, ledger.referral(referral.id))) == "NOT_ALLOWED_NOW"


def test_an_acceptance_names_an_encounter_of_its_sender(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.received", referral)
    own_note = next(reversed(ledger.past))
    for met in (case, ledger.met(case, TZ), referral.id, own_note):
        assert code(ledger, within("referral.accepted", case, referral, encounter=met)) == "NOT_ALLOWED_NOW"


def test_a_note_out_of_place_is_irregular_and_never_refused(ledger: Ledger, referral: Referral) -> None:
    assert ledger.answer("referral.received", referral) == Verdict()
    assert ledger.answer("referral.received", referral) == Verdict(irregular=True)


# Rule 7


@pytest.mark.parametrize("seen", [1, 3])
@pytest.mark.parametrize("kind", DECISIONS)
def test_a_decision_within_a_referral_saw_its_version(
    ledger: Ledger, case: str, referral: Referral, kind: str, seen: int
) -> None:
    ledger.wait(DAY)  # the silent day has made it version 2
    assert code(ledger, within(kind, case, referral, seen=seen)) == "STALE_STATE"
    assert code(ledger, within(kind, case, referral, seen=2)) is None


@pytest.mark.parametrize("seen", [1, 3])
def test_a_request_saw_the_version_of_the_case(ledger: Ledger, case: str, seen: int) -> None:
    ledger.requested(case, TZ, kind="service")
    assert code(ledger, request(case, seen=seen)) == "STALE_STATE"
    assert code(ledger, request(case, seen=2)) is None


def test_a_case_has_a_bounded_number_of_requests(ledger: Ledger, case: str) -> None:
    ledger.requested(case, TZ, kind="service")
    one = next(iter(ledger.cases[case].referrals.values()))
    full = {uuid(900 + number): replace(one, id=uuid(900 + number)) for number in range(MOST_REFERRALS)}
    ledger.cases[case] = replace(ledger.cases[case], referrals=full)
    assert code(ledger, request(case, seen=2)) == "NOT_ALLOWED_NOW"
    ledger.cases[case] = replace(ledger.cases[case], referrals=dict(list(full.items())[1:]))
    assert code(ledger, request(case, seen=2)) is None


def test_an_automatic_receipt_makes_no_decision_stale(ledger: Ledger, case: str, referral: Referral) -> None:
    acceptance = within("referral.accepted", case, referral)
    ledger.answer("referral.received", referral)
    assert code(ledger, acceptance) is None


def test_of_two_decisions_on_one_version_the_second_is_stale(ledger: Ledger, case: str, referral: Referral) -> None:
    acceptance, withdrawal = within("referral.accepted", case, referral), within("referral.withdrawn", case, referral)
    assert code(ledger, acceptance) is None
    assert code(ledger, withdrawal) == "STALE_STATE"


# Rule 8


@pytest.mark.usefixtures("referral")
def test_responsibility_is_asked_of_one_agency_at_a_time(ledger: Ledger, case: str) -> None:
    assert code(ledger, request(case, MZ, TZ, seen=2)) == "LIVE_REFERRAL"
    assert code(ledger, request(case, MZ, ZA, seen=2)) == "LIVE_REFERRAL"
    assert code(ledger, request(case, MZ, TZ, seen=2, kind="service")) is None
    assert code(ledger, request(case, MZ, ZA, seen=3, kind="service")) is None


@pytest.mark.parametrize("answers", [["accepted"], ["declined"], ["received"]])
def test_an_answer_alone_does_not_end_it(ledger: Ledger, case: str, referral: Referral, answers: list[str]) -> None:
    for answer in answers:
        ledger.answer(f"referral.{answer}", referral)
    assert code(ledger, request(case, MZ, TZ, seen=ledger.cases[case].version)) == "LIVE_REFERRAL"


def test_while_it_is_examined_again_nobody_else_is_asked(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.declined", referral)
    ledger.answer("reexamination.requested", referral)
    assert code(ledger, request(case, MZ, TZ, seen=ledger.cases[case].version)) == "LIVE_REFERRAL"


def test_it_is_examined_again_once_and_in_its_window(ledger: Ledger, case: str, referral: Referral) -> None:
    assert ledger.answer("reexamination.requested", referral) == Verdict("NOT_ALLOWED_NOW")
    ledger.answer("referral.declined", referral)
    assert ledger.answer("reexamination.requested", referral) == Verdict()
    assert ledger.answer("reexamination.requested", referral) == Verdict("NOT_ALLOWED_NOW")
    ledger.answer("referral.declined", referral)
    assert ledger.answer("reexamination.requested", referral) == Verdict("NOT_ALLOWED_NOW")
    second = ledger.requested(case, TZ)
    ledger.answer("referral.declined", second)
    ledger.wait(22 * DAY)
    assert ledger.answer("reexamination.requested", second) == Verdict("NOT_ALLOWED_NOW")


def test_only_who_was_declined_asks_to_look_again(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.declined", referral)
    for sender, to in ((ZA, MZ), (TZ, ZA), (MZ, TZ)):
        asked = within("reexamination.requested", case, ledger.referral(referral.id), sender=sender, to=to)
        assert code(ledger, asked) == "NOT_PARTY"


def test_silence_does_not_end_it(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.wait(40 * DAY)
    assert ledger.referral(referral.id).state is State.ESCALATED
    assert code(ledger, request(case, MZ, TZ, seen=ledger.cases[case].version)) == "LIVE_REFERRAL"


def test_after_a_withdrawal_or_a_bounce_another_is_asked(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.withdrawn", referral)
    second = ledger.requested(case, ZA)
    ledger.post(bounced(case, ZA, MZ, second.id))
    assert code(ledger, request(case, MZ, ZA, seen=ledger.cases[case].version)) is None


# Rule 9


def declined_for_good(ledger: Ledger, referral: Referral, ending: str) -> None:
    ledger.answer("referral.declined", referral)
    if ending in {"twice", "unanswered", "withdrawn then"}:
        ledger.answer("reexamination.requested", ledger.referral(referral.id))
    if ending in {"lapse", "unanswered"}:
        ledger.wait(40 * DAY)
    else:
        kind = {"twice": "referral.declined", "withdrawn then": "referral.withdrawn"}.get(ending, ending)
        ledger.answer(kind, ledger.referral(referral.id))


@pytest.mark.parametrize("ending", ["lapse", "referral.withdrawn", "twice", "unanswered", "withdrawn then"])
def test_what_was_declined_for_good_is_not_asked_again_without_something_new(
    ledger: Ledger, case: str, referral: Referral, ending: str
) -> None:
    declined_for_good(ledger, referral, ending)
    version = ledger.cases[case].version
    assert code(ledger, request(case, seen=version)) == "NEW_ELEMENT_MISSING"
    assert code(ledger, request(case, seen=version, new_element=True)) is None


def test_another_agency_or_another_kind_may_be_asked_at_once(ledger: Ledger, case: str, referral: Referral) -> None:
    declined_for_good(ledger, referral, "lapse")
    assert code(ledger, request(case, MZ, ZA, seen=ledger.cases[case].version, kind="service")) is None
    assert code(ledger, request(case, MZ, TZ, seen=ledger.cases[case].version)) is None


# The order, when several things are wrong


def test_the_first_rule_that_a_request_breaks_gives_the_code(ledger: Ledger, case: str) -> None:
    declined_for_good(ledger, ledger.requested(case, ZA), "lapse")
    ledger.requested(case, TZ)
    version = ledger.cases[case].version
    wrong = [
        ("ID_REUSED", request(NOBODY, MW, ZA, id=case)),
        ("CASE_UNKNOWN", request(NOBODY, MW, ZA)),
        ("NOT_PARTY", request(case, MW, ZA)),
        ("NOT_RESPONSIBLE", request(case, TZ, ZA)),
        ("STALE_STATE", request(case, MZ, ZA)),
        ("LIVE_REFERRAL", request(case, MZ, ZA, seen=version)),
    ]
    assert [code(ledger, said) for _, said in wrong] == [first for first, _ in wrong]
    ledger.answer("referral.withdrawn", next(r for r in ledger.cases[case].referrals.values() if r.receiver == TZ))
    assert code(ledger, request(case, seen=ledger.cases[case].version)) == "NEW_ELEMENT_MISSING"


def test_the_first_rule_that_an_acceptance_breaks_gives_the_code(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.wait(DAY)
    other = ledger.requested(ledger.opened(MZ).id, ZA)
    met = {"seen": 7, "encounter": other.id}
    foreign = {**met, "encounter": case}
    wrong = [
        ("ID_REUSED", within("referral.accepted", NOBODY, other, **met, id=case)),
        ("CASE_UNKNOWN", within("referral.accepted", NOBODY, other, **met)),
        ("NOT_PARTY", within("referral.accepted", case, other, **met, sender=MW)),
        ("OTHER_CASE", within("referral.accepted", case, other, **met)),
        ("OTHER_CASE", within("referral.accepted", case, referral, **met)),
        ("NOT_ALLOWED_NOW", within("referral.accepted", case, referral, **foreign)),
        ("STALE_STATE", within("referral.accepted", case, referral, seen=7)),
    ]
    assert [code(ledger, said) for _, said in wrong] == [first for first, _ in wrong]


def test_a_decision_that_is_late_and_stale_is_not_allowed(ledger: Ledger, case: str, referral: Referral) -> None:
    ledger.answer("referral.withdrawn", referral)
    assert code(ledger, within("referral.accepted", case, referral)) == "NOT_ALLOWED_NOW"
