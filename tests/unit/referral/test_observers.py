"""When an observer reads about a person: by an arrangement, when the person asks, when it is escalated."""

from dataclasses import replace
from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.referral import admission, parts
from hifadhi.referral.case import Referral
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge import check_body
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.table import State
from hifadhi.referral.verdict import Verdict
from schema_examples import accepted_body
from unit.referral.exchange import (
    DAY,
    DIRECTORY,
    MZ,
    TZ,
    UNHCR,
    WATCH,
    ZA,
    Json,
    Ledger,
    admitted,
    directory_after,
    header,
    payload,
    read,
    uuid,
    within,
)

IOM = "IOM-RO"
TWO = directory_after(admitted(IOM, country="CHE", roles=["observer"]), start=DIRECTORY)
COUNTRIES = {agency.id: agency.country for agency in TWO.agencies.values() if agency.is_state}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(TWO)


@pytest.fixture
def silent(ledger: Ledger) -> tuple[str, Referral]:
    """A case whose request nobody answered."""
    case = ledger.opened(MZ).id
    referral = ledger.requested(case)
    ledger.wait(40 * DAY)
    assert ledger.referral(referral.id).state is State.ESCALATED
    return case, ledger.referral(referral.id)


def copied(kind: str, case: str, referral: Referral, *observers: str, **members: Any) -> Any:
    said = within(kind, case, referral, **members)
    return header(kind, said.sender, tuple(sorted((*observers, *said.addressees))), **_facts(said))


def _facts(said: Any) -> Json:
    named = {"case", "referral", "seen", "transfer", "arrival_due", "in_reply_to"}
    return {name: value for name in named if (value := getattr(said, name, None)) is not None}


# The request


def standing(to: tuple[str, ...], **members: Any) -> tuple[str, str] | None:
    said: Json = {"case": uuid(1), "seen": 1, "urgency": "standard", "kind": "responsibility"}
    try:
        admission.check_standing(read(payload("referral.requested", MZ, to, **said, **members)), TWO)
    except Refused as refused:
        return refused.code, refused.faults[0].pointer
    return None


def test_the_person_may_ask_for_any_observer() -> None:
    assert standing((IOM, UNHCR, ZA), person_asked=True) is None
    assert standing((IOM, ZA)) == ("ADDRESSEE_UNKNOWN", "/to/0")


@pytest.mark.parametrize(("to", "where"), [((WATCH, ZA), "/to/0"), ((TZ, ZA), "/to")])
def test_nobody_else_is_copied_in_whatever_the_person_asks(to: tuple[str, ...], where: str) -> None:
    assert standing(to, person_asked=True) == ("ADDRESSEE_UNKNOWN", where)


# Within a referral


@pytest.mark.parametrize("kind", ["referral.accepted", "referral.declined", "referral.withdrawn"])
def test_observers_are_copied_in_when_it_is_escalated(ledger: Ledger, silent: tuple[str, Referral], kind: str) -> None:
    case, referral = silent
    assert ledger.post(copied(kind, case, referral, UNHCR)) == Verdict()
    assert UNHCR in ledger.cases[case].parties


def test_not_before(ledger: Ledger) -> None:
    case = ledger.opened(MZ).id
    referral = ledger.requested(case)
    assert ledger.post(copied("referral.accepted", case, referral, UNHCR)) == Verdict("NOT_PARTY")


def test_and_no_third_state(ledger: Ledger, silent: tuple[str, Referral]) -> None:
    case, referral = silent
    said = within("referral.accepted", case, referral)
    third = header("referral.accepted", ZA, (MZ, TZ), **_facts(said))
    assert ledger.post(third) == Verdict("NOT_PARTY")


def test_who_was_copied_in_while_it_was_escalated_stays_so(ledger: Ledger, silent: tuple[str, Referral]) -> None:
    case, referral = silent
    ledger.post(copied("referral.accepted", case, referral, UNHCR))
    accepted = ledger.referral(referral.id)
    assert accepted.observers == (UNHCR,)
    assert ledger.post(copied("transfer.proposed", case, accepted, IOM)) == Verdict("NOT_PARTY")
    assert ledger.post(copied("transfer.proposed", case, accepted, UNHCR)) == Verdict()


def test_a_question_brings_an_observer_in_too(ledger: Ledger, silent: tuple[str, Referral]) -> None:
    case, referral = silent
    assert ledger.post(copied("information.requested", case, referral, IOM, sender=MZ, to=ZA)) == Verdict()
    assert ledger.referral(referral.id).observers == (IOM,)


def test_what_is_contested_is_escalated_too(ledger: Ledger) -> None:
    case = ledger.opened(MZ).id
    referral = ledger.requested(case)
    ledger.answer("referral.declined", referral)
    ledger.wait(30 * DAY)
    declined = ledger.referral(referral.id)
    assert declined.state is State.DECLINED_FINAL
    assert ledger.post(copied("information.requested", case, declined, IOM, sender=MZ, to=ZA)) == Verdict("NOT_PARTY")
    assert ledger.post(copied("dispute.opened", case, declined, UNHCR, sender=MZ, to=ZA)) == Verdict()
    contested = ledger.referral(referral.id)
    assert contested.observers == (UNHCR,)
    late = copied("information.requested", case, contested, IOM, sender=MZ, to=ZA)
    assert ledger.post(late) == Verdict(irregular=True)  # recorded, and read: the referral has ended


def test_the_first_observer_stays_when_a_second_comes(ledger: Ledger, silent: tuple[str, Referral]) -> None:
    case, referral = silent
    for observer in (UNHCR, IOM):
        assert ledger.post(copied("information.requested", case, referral, observer, sender=MZ, to=ZA)) == Verdict()
    assert ledger.referral(referral.id).observers == (IOM, UNHCR)


def test_an_outcome_is_told_to_whom_the_sender_likes_and_that_invites_nobody(ledger: Ledger) -> None:
    case = ledger.opened(MZ).id
    referral = ledger.requested(case, kind="service")
    ledger.answer("referral.accepted", referral)
    assert ledger.post(copied("outcome.reported", case, referral, UNHCR)) == Verdict()
    assert ledger.referral(referral.id).observers == ()


# The edge


def body(name: str, slug: str, **members: Any) -> Closed:
    return parts.body(name, {**accepted_body(name, slug), **members})


def asking(consent: Json | None) -> Closed:
    said = accepted_body("referral.requested.content/1", "take-charge-of-a-child")
    said["processing"] = {"basis": "CONSENT", "consent": consent} if consent else {"basis": "PUBLIC_INTEREST_MANDATE"}
    return parts.body("referral.requested.content/1", said)


def consent_for(*agencies: str, **members: Any) -> Json:
    at = {"utc": "2026-11-20T08:00:00.000Z", "zone": "+02:00"}
    scope = [{"agency": agency, "purpose": "CHILD_CARE"} for agency in agencies]
    return {"given_by": "GUARDIAN", "scope": scope, "withheld": [], "at": at, **members}


def told(kind: str, content: Closed, to: tuple[str, ...], **knows: Any) -> list[str]:
    opened = Opened(MZ, {"content": (MZ, *to)}, {"content": content}, COUNTRIES, **knows)
    try:
        check_body(kind, opened)
    except Refused as refused:
        return [fault.code for fault in refused.faults]
    return []


NOBODY: frozenset[str] = frozenset()


def test_a_request_bears_the_consent_that_names_the_observer() -> None:
    assert told("referral.requested", asking(consent_for(ZA, UNHCR)), (ZA, UNHCR), copied=NOBODY) == []
    assert told("referral.requested", asking(consent_for(ZA)), (ZA, UNHCR), copied=NOBODY) == ["OBSERVER_UNINVITED"]
    assert told("referral.requested", asking(None), (ZA, UNHCR), copied=NOBODY) == ["OBSERVER_UNINVITED"]
    withdrawn = consent_for(ZA, UNHCR, withdrawn_at={"utc": "2026-11-21T08:00:00.000Z", "zone": "+02:00"})
    assert told("referral.requested", asking(withdrawn), (ZA, UNHCR), copied=NOBODY) == ["OBSERVER_UNINVITED"]
    earlier = (asking(consent_for(ZA, UNHCR)),)
    assert told("referral.requested", asking(None), (UNHCR,), copied=NOBODY, earlier=earlier) == ["OBSERVER_UNINVITED"]


def test_or_an_arrangement_names_it() -> None:
    assert told("referral.requested", asking(None), (ZA, UNHCR), copied=frozenset({UNHCR})) == []


OF_THE_CASE = [
    ("responsibility.assumed", "responsibility.assumed.content/1", "he-is-here"),
    ("outcome.reported", "outcome.reported.content/1", "reunified"),
    ("case.closed", "case.closed.content/1", "local-solution"),
    ("case.reopened", "case.reopened.content/1", "found-again"),
    ("removal.recorded", "removal.recorded.content/1", "by-an-order"),
    ("encounter.reported", "encounter.reported.content/1", "girl-found-stranded"),
]


@pytest.mark.parametrize(("kind", "name", "slug"), OF_THE_CASE)
def test_what_is_said_of_the_case_follows_the_newest_consent(kind: str, name: str, slug: str) -> None:
    content = body(name, slug)
    uninvited = [code for code in told(kind, content, (UNHCR,), copied=NOBODY) if code != "OWN_TERRITORY"]
    assert uninvited == ["OBSERVER_UNINVITED"]
    earlier = (asking(consent_for(UNHCR)),)
    assert "OBSERVER_UNINVITED" not in told(kind, content, (UNHCR,), copied=NOBODY, earlier=earlier)
    changed = body("consent.changed.content/1", "withdrawn-for-one", scope=[])
    assert "OBSERVER_UNINVITED" in told(kind, content, (UNHCR,), copied=NOBODY, earlier=(*earlier, changed))
    assert "OBSERVER_UNINVITED" not in told(kind, content, (UNHCR,), copied=frozenset({UNHCR}))
    assert "OBSERVER_UNINVITED" not in told(kind, content, (ZA,), copied=NOBODY)


def test_an_edge_that_cannot_know_says_nothing() -> None:
    assert told("case.closed", body("case.closed.content/1", "local-solution"), (UNHCR,)) == []


def test_each_uninvited_observer_is_named() -> None:
    content = body("case.closed.content/1", "local-solution")
    assert told("case.closed", content, (IOM, UNHCR), copied=NOBODY) == ["OBSERVER_UNINVITED"] * 2


def test_who_was_removed_is_copied_in_no_more() -> None:
    gone = replace(TWO, removed={IOM: None})
    said: Json = {"case": uuid(1), "seen": 1, "urgency": "standard", "kind": "service", "person_asked": True}
    with pytest.raises(Refused) as refused:
        admission.check_standing(read(payload("referral.requested", MZ, (IOM, ZA), **said)), gone)
    assert refused.value.code == "ADDRESSEE_UNKNOWN"
