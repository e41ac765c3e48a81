"""Arrangements, declarations, removals, rules: what the directory holds beside agencies and keys, and what it does."""

from dataclasses import replace

import pytest

from hifadhi.errors import Refused
from hifadhi.referral import admission, instant
from hifadhi.referral.case import Case
from hifadhi.referral.directory import Arrangement, Declaration, Directory
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.succession import inherited
from hifadhi.referral.table import State
from hifadhi.referral.verdict import Verdict
from unit.referral.exchange import (
    DAY,
    DIRECTORY,
    GOVERNORS,
    MW,
    MZ,
    SIGN,
    TZ,
    UNHCR,
    WATCH,
    ZA,
    Json,
    Ledger,
    admitted,
    arranged,
    declared,
    directory_after,
    header,
    payload,
    read,
    removed,
    signed,
    uuid,
    within,
)

SENAMI = "MZ-SENAMI"
TWO_OF_MOZAMBIQUE = directory_after(admitted(SENAMI, country="MOZ", roles=["state"]), start=DIRECTORY)
SHORT = [{"clock": "reply", "urgency": "standard", "days": 5}, {"clock": "transfer", "urgency": "standard", "days": 10}]


def after(*statements: Json, start: Directory = TWO_OF_MOZAMBIQUE) -> Directory:
    return directory_after(*statements, start=start)


def fits(statement: Json, directory: Directory = TWO_OF_MOZAMBIQUE) -> bool:
    return objection(directory, read(statement)) is None


# Removal


def test_a_states_agency_is_removed_with_a_successor_of_its_country() -> None:
    assert fits(removed(SENAMI, MZ))
    assert not fits(removed(SENAMI))
    assert not fits(removed(SENAMI, SENAMI))
    assert not fits(removed(SENAMI, ZA))
    assert not fits(removed(SENAMI, UNHCR))
    assert not fits(removed("KE-DRS", MZ))
    assert not fits(removed(SENAMI, MZ), after(removed(SENAMI, MZ)))
    assert not fits(removed(MZ, SENAMI), after(removed(SENAMI, MZ)))


def test_an_observer_has_no_successor() -> None:
    assert fits(removed(UNHCR))
    assert not fits(removed(UNHCR, MZ))


def test_only_governance_removes() -> None:
    assert standing(payload("agency.removed", MZ, agency=SENAMI, successor=MZ)) == ("NOT_YOUR_ROLE", "/from")
    assert standing(removed(SENAMI, MZ)) is None


def test_who_was_removed_signs_nothing_and_is_told_nothing_more() -> None:
    left = after(removed(WATCH))
    assert left.with_role("detection") == ()
    assert all(key.revoked for key in left.keys.values() if key.agency == WATCH)
    follows = after(removed(SENAMI, MZ))
    assert follows.heir(SENAMI) == MZ
    assert standing(payload("removal.recorded", ZA, (SENAMI,), case=uuid(1)), follows) == ("ADDRESSEE_UNKNOWN", "/to/0")


def standing(document: Json, directory: Directory = TWO_OF_MOZAMBIQUE) -> tuple[str, str] | None:
    try:
        admission.check_standing(read(document), directory)
    except Refused as refused:
        return refused.code, refused.faults[0].pointer
    return None


def at_senami() -> tuple[Ledger, Case]:
    ledger = Ledger(TWO_OF_MOZAMBIQUE)
    case = ledger.opened(SENAMI)
    ledger.requested(case.id, ZA)
    return ledger, ledger.cases[case.id]


def test_the_successor_owes_what_was_owed_and_goes_on_with_what_was_asked() -> None:
    ledger, case = at_senami()
    directory = after(removed(SENAMI, MZ))
    inherits = inherited(case, directory)
    (asked,) = inherits.referrals.values()
    assert (inherits.responsible, inherits.version) == (MZ, case.version + 1)
    assert MZ in inherits.parties
    assert (asked.sender, asked.state, asked.version) == (MZ, State.SENT, 2)
    assert inherited(inherits, directory) is inherits
    ledger.directory, ledger.cases[case.id] = directory, inherits
    assert ledger.post(within("referral.accepted", case.id, replace(asked, version=1))) == Verdict("STALE_STATE")
    assert ledger.post(within("referral.accepted", case.id, asked)) == Verdict()


def test_what_has_ended_stays_as_it_was() -> None:
    ledger, case = at_senami()
    (asked,) = case.referrals.values()
    ledger.answer("referral.withdrawn", asked)
    (ended,) = inherited(ledger.cases[case.id], after(removed(SENAMI, MZ))).referrals.values()
    assert (ended.sender, ended.state) == (SENAMI, State.WITHDRAWN)


def test_nobody_asks_itself() -> None:
    ledger = Ledger(TWO_OF_MOZAMBIQUE)
    case = ledger.opened(SENAMI)
    ledger.requested(case.id, MZ)
    inherits = inherited(ledger.cases[case.id], after(removed(SENAMI, MZ)))
    (asked,) = inherits.referrals.values()
    assert (asked.state, inherits.clocks[-1].subject) == (State.SUPERSEDED, MZ)


def test_nobody_waits_for_the_confirmation_of_who_is_gone() -> None:
    ledger = Ledger(TWO_OF_MOZAMBIQUE)
    case = ledger.opened(SENAMI)
    ledger.post(header("encounter.reported", ZA, (UNHCR,), case=case.id))
    ledger.post(header("consent.changed", ZA, (SENAMI, UNHCR), case=case.id))
    still = inherited(ledger.cases[case.id], after(removed(SENAMI, MZ), removed(UNHCR)))
    assert still.restrictions[ZA].pending == {MZ}
    none_left = inherited(ledger.cases[case.id], after(removed(UNHCR)))
    assert none_left.restrictions[ZA].pending == {SENAMI}


def test_a_case_of_others_is_not_touched() -> None:
    ledger = Ledger(TWO_OF_MOZAMBIQUE)
    case = ledger.opened(ZA)
    assert inherited(case, after(removed(SENAMI, MZ))) is case


# Arrangements


def test_an_arrangement_is_of_two_states_and_signed_by_both() -> None:
    assert fits(arranged(MZ, ZA, observers=[UNHCR]))
    assert not fits(arranged(MZ, SENAMI))
    assert not fits(arranged(MZ, UNHCR))
    assert not fits(arranged(MZ, ZA, observers=[TZ]))
    said = arranged(MZ, ZA)
    for by, expected in (((MZ, ZA), None), ((MZ,), "SCHEMA"), ((ZA, MZ), "SENDER_MISMATCH")):
        envelope = signed(said, *(SIGN[one] for one in by))
        assert refused(lambda e=envelope: admission.check_keys(e, read(said), DIRECTORY)) == expected


def refused(check: object) -> str | None:
    try:
        check()  # type: ignore[operator]
    except Refused as refusal:
        return refusal.code
    return None


def test_only_the_same_two_states_change_it() -> None:
    published = after(arranged(MZ, ZA, deadlines=SHORT, observers=[UNHCR]))
    assert published.arrangements["MZ-ZA-2026"] == Arrangement(
        "MZ-ZA-2026", frozenset({MZ, ZA}), {("reply", "standard"): 5, ("transfer", "standard"): 10}, (UNHCR,)
    )
    assert fits(arranged(ZA, SENAMI), published)
    assert not fits(arranged(MW, TZ), published)


def requested(ledger: Ledger, case: str, **members: object) -> Verdict:
    said = {"case": case, "seen": ledger.cases[case].version, "urgency": "standard", "kind": "responsibility"}
    to = members.pop("to", (ZA,))
    return ledger.post(header("referral.requested", MZ, to, **said, **members))  # type: ignore[arg-type]


def test_its_days_count_for_what_starts_under_it_and_never_for_what_runs() -> None:
    ledger = Ledger(after(arranged(MZ, ZA, deadlines=SHORT)))
    case = ledger.opened(MZ).id
    assert requested(ledger, case, arrangement="MZ-ZA-2026") == Verdict()
    (asked,) = ledger.cases[case].referrals.values()
    ledger.answer("referral.received", asked)
    assert due(ledger, asked.id) == "2026-11-28T22:00:00.000Z"
    ledger.directory = after(arranged(MZ, ZA), start=ledger.directory)
    assert due(ledger, asked.id) == "2026-11-28T22:00:00.000Z"
    ledger.answer("referral.accepted", asked)
    assert due(ledger, asked.id) == "2027-05-22T22:00:00.000Z"  # as usual: the arrangement no longer says anything


def due(ledger: Ledger, referral: str) -> str:
    return instant.write(ledger.referral(referral).due or 0)


def test_a_request_names_an_arrangement_of_its_two_states() -> None:
    directory = after(arranged(MZ, ZA, observers=[UNHCR]))
    said: Json = {"case": uuid(1), "seen": 1, "urgency": "standard", "kind": "responsibility"}
    request = payload("referral.requested", MZ, (ZA,), **said, arrangement="MZ-ZA-2026")
    assert standing(request, directory) is None
    assert standing(request) == ("ARRANGEMENT_UNKNOWN", "/arrangement")
    elsewhere = payload("referral.requested", MZ, (TZ,), **said, arrangement="MZ-ZA-2026")
    assert standing(elsewhere, directory) == ("ARRANGEMENT_UNKNOWN", "/arrangement")
    copied = payload("referral.requested", MZ, (UNHCR, ZA), **said, arrangement="MZ-ZA-2026")
    assert standing(copied, directory) is None
    assert standing(copied, after(arranged(MZ, ZA))) == ("ADDRESSEE_UNKNOWN", "/to/0")
    assert standing(payload("referral.requested", MZ, (UNHCR, ZA), **said), directory) == ("ADDRESSEE_UNKNOWN", "/to/0")
    assert standing(payload("referral.requested", MZ, (TZ, ZA), **said), directory) == ("ADDRESSEE_UNKNOWN", "/to")


def test_who_was_copied_in_may_be_copied_in_again_and_nobody_else() -> None:
    ledger = Ledger(after(arranged(MZ, ZA, observers=[UNHCR])))
    case = ledger.opened(MZ).id
    requested(ledger, case, arrangement="MZ-ZA-2026", to=(UNHCR, ZA))
    (asked,) = ledger.cases[case].referrals.values()
    assert (asked.receiver, asked.observers) == (ZA, (UNHCR,))
    said = {"case": case, "referral": asked.id, "seen": 1}
    for to, expected in (((MZ, TZ), "NOT_PARTY"), ((UNHCR,), "NOT_PARTY"), ((MZ, UNHCR), None)):
        assert ledger.post(header("referral.declined", ZA, to, **said)) == Verdict(expected)


# Declarations and rules


def test_a_declaration_ends_on_a_day_and_by_its_own_state() -> None:
    said = declared(ZA)
    directory = after(said)
    assert directory.declarations[said["id"]] == Declaration(said["id"], ZA, ("SOM",), "OAU1969", "2026-01-15")
    ends = {"declaration": said["id"], "until": "2026-12-31"}
    assert fits(payload("declaration.ended", ZA, **ends), directory)
    assert not fits(payload("declaration.ended", MZ, **ends), directory)
    assert not fits(payload("declaration.ended", ZA, **{**ends, "until": "2026-01-14"}), directory)
    ended = after(payload("declaration.ended", ZA, **ends), start=directory)
    assert ended.declarations[said["id"]].until == "2026-12-31"
    assert not fits(payload("declaration.ended", ZA, **ends), ended)


@pytest.mark.parametrize("kind", ["declaration.published", "arrangement.published"])
def test_an_observer_neither_declares_nor_arranges(kind: str) -> None:
    said = declared(UNHCR) if kind == "declaration.published" else arranged(UNHCR, ZA)
    assert standing(said) == ("NOT_YOUR_ROLE", "/from")


def test_rules_only_rise_and_by_governance() -> None:
    adopts = payload("rules.adopted", GOVERNANCE, rules=2)
    assert fits(adopts)
    assert not fits(adopts, after(adopts))
    assert after(adopts).rules == 2
    assert standing(payload("rules.adopted", MZ, rules=2)) == ("NOT_YOUR_ROLE", "/from")
    envelope = signed(adopts, *GOVERNORS[:2])
    admission.check_keys(envelope, read(adopts), DIRECTORY)


def test_a_lapse_after_a_removal_is_the_successors() -> None:
    ledger, case = at_senami()
    ledger.directory = after(removed(SENAMI, MZ))
    ledger.cases[case.id] = inherited(case, ledger.directory)
    lapsed = ledger.wait(100 * DAY)
    assert [(clock.clock, clock.subject) for clock in lapsed if clock.clock == "stalled"] == [("stalled", MZ)]
