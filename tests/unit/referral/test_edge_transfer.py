"""The edge's rules for who is brought where: plans, departures, arrivals; and for what is said of data."""

from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.referral import instant, parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge import check_body
from hifadhi.referral.edge.opened import Opened
from schema_examples import accepted_body

COUNTRIES = {"MZ-INAR": "MOZ", "ZA-DHA": "ZAF", "MZ-SENAMI": "MOZ", "TZ-ISD": "TZA", "KE-DRS": "KEN"}
Json = dict[str, Any]


def made(schema: str, slug: str, **members: Any) -> Closed:
    """An accepted example, with some members changed or, given as None, left out."""
    document = {**accepted_body(schema, slug), **members}
    return parts.body(schema, {name: value for name, value in document.items() if value is not None})


def plan(**sensitive: Any) -> dict[str, Closed]:
    return {
        "content": made("transfer.proposed.content/1", "by-road-to-ressano-garcia"),
        "sensitive": made("transfer.proposed.sensitive/1", "child-with-best-interests", **sensitive),
    }


def departure(movement: Json | None = None, **content: Any) -> dict[str, Closed]:
    return {
        "content": made("departure.confirmed.content/1", "left-with-an-escort", **content),
        "movement": made("departure.confirmed.movement/1", "one-left", **(movement or {})),
    }


def arrival(**movement: Any) -> dict[str, Closed]:
    return {
        "content": made("arrival.confirmed.content/1", "she-is-here"),
        "movement": made("arrival.confirmed.movement/1", "one-arrived", **movement),
        "statistics": made("arrival.confirmed.statistics/1", "girl"),
    }


def request(slug: str = "take-charge-of-a-child", **sensitive: Any) -> list[Closed]:
    chosen = "child-with-assessment" if "child" in slug else "trafficking-victim"
    return [
        made("referral.requested.content/1", slug),
        made("referral.requested.sensitive/1", chosen, **sensitive),
    ]


def faults(
    kind: str,
    bodies: dict[str, Closed],
    *earlier: Closed,
    sender: str = "MZ-INAR",
    to: tuple[str, ...] = ("ZA-DHA",),
    due: str | None = None,
) -> list[tuple[str, str]]:
    readers = dict.fromkeys(bodies, tuple(sorted((sender, *to))))
    try:
        arrival_due = instant.parse(due) if due else None
        check_body(kind, Opened(sender, readers, bodies, COUNTRIES, earlier, arrival_due=arrival_due))
    except Refused as refused:
        return [(fault.code, fault.pointer) for fault in refused.faults]
    return []


def adult(birth: Json | None) -> Closed:
    person = {**accepted_body("referral.requested.content/1", "take-charge-of-a-child")["person"], "birth": birth}
    if birth is None:
        del person["birth"]
    return made("referral.requested.content/1", "take-charge-of-a-child", person=person)


def test_a_child_travels_with_a_best_interests_procedure_in_the_plan_or_in_the_request() -> None:
    assert faults("transfer.proposed", plan(), *request(best_interests=None)) == []
    assert faults("transfer.proposed", plan(best_interests=None), *request()) == []
    missing = [("BEST_INTERESTS_MISSING", "/sensitive/best_interests")]
    assert faults("transfer.proposed", plan(best_interests=None), *request(best_interests=None)) == missing
    assert faults("transfer.proposed", plan(best_interests={"kind": "NONE"}), *request(best_interests=None)) == missing
    assert faults("departure.confirmed", departure(), *request(best_interests=None)) == missing
    assert faults("departure.confirmed", departure(), *request()) == []


@pytest.mark.parametrize(
    ("birth", "minor"),
    [
        ({"date": "2008-12-12", "precision": "DAY"}, False),  # eighteen on the day of the journey
        ({"date": "2008-12-13", "precision": "DAY"}, True),
        ({"date": "2008-12", "precision": "MONTH"}, True),
        ({"date": "2008-11", "precision": "MONTH"}, False),
        ({"date": "2008", "precision": "ESTIMATED"}, True),
        ({"date": "2007", "precision": "YEAR"}, False),
        ({"precision": "UNKNOWN"}, False),
        (None, False),
    ],
)
def test_who_is_a_minor_on_the_day_of_the_journey(birth: Json | None, minor: bool) -> None:
    sensitive = made("referral.requested.sensitive/1", "child-with-assessment", profiles=[], best_interests=None)
    found = faults("transfer.proposed", plan(best_interests=None), adult(birth), sensitive)
    assert bool(found) is minor


def test_the_newest_birth_counts() -> None:
    sensitive = made("referral.requested.sensitive/1", "child-with-assessment", profiles=[], best_interests=None)
    old, young = adult({"date": "1990", "precision": "YEAR"}), adult({"date": "2012", "precision": "YEAR"})
    assert faults("transfer.proposed", plan(best_interests=None), young, old, sensitive) == []
    assert faults("transfer.proposed", plan(best_interests=None), old, young, sensitive) != []


LATE = [("ARRIVAL_DUE", "/content/at")]
DUE = [
    ("2026-12-12T07:59:59.999Z", LATE, LATE),
    ("2026-12-12T08:00:00.000Z", [], []),
    ("2026-12-12T14:00:00.000Z", [], []),
    ("2026-12-12T14:00:00.001Z", [], LATE),
    ("2026-12-13T08:00:00.000Z", [], LATE),
    ("2026-12-13T08:00:00.001Z", LATE, LATE),
    ("2099-01-01T00:00:00.000Z", LATE, LATE),
]


@pytest.mark.parametrize(("due", "grown", "young"), DUE)
def test_an_arrival_is_due_within_a_day_of_the_planned_one_a_minors_within_six_hours(
    due: str, grown: list[tuple[str, str]], young: list[tuple[str, str]]
) -> None:
    nobody = made("referral.requested.sensitive/1", "child-with-assessment", profiles=[])
    born_in_1990 = adult({"date": "1990", "precision": "YEAR"})
    assert faults("transfer.proposed", plan(), born_in_1990, nobody, due=due) == grown
    assert faults("transfer.proposed", plan(), *request(), due=due) == young
    assert faults("transfer.proposed", plan(), adult({"date": "2012", "precision": "YEAR"}), nobody, due=due) == young


def test_a_plan_for_a_day_that_does_not_exist_is_refused_whatever_is_known_of_the_person() -> None:
    at = {"utc": "2026-02-30T08:00:00.000Z", "zone": "+02:00"}
    on_no_day = {**plan(), "content": made("transfer.proposed.content/1", "by-road-to-ressano-garcia", at=at)}
    found = faults("transfer.proposed", on_no_day, adult({"date": "1990", "precision": "YEAR"}), due=DUE[0][0])
    assert found == [("NO_SUCH_DATE", "/content/at/utc")]


def victim(**members: Any) -> list[Closed]:
    content = accepted_body("referral.requested.content/1", "take-charge-of-a-child")
    scope = [{"agency": "ZA-DHA", "purpose": purpose} for purpose in content["purposes"]]
    consent: Json = {"given_by": "PERSON", "scope": scope, "withheld": []}
    consent |= {"at": {"utc": "2026-11-01T08:00:00.000Z", "zone": "+02:00"}, **members}
    processing = {"basis": "CONSENT", "consent": consent}
    return [
        parts.body("referral.requested.content/1", {**content, "processing": processing}),
        made("referral.requested.sensitive/1", "trafficking-victim"),
    ]


def consented(*agencies: str) -> Closed:
    scope = [{"agency": agency, "purpose": "SAFE_SHELTER"} for agency in agencies]
    return made("consent.changed.content/1", "withdrawn-for-one", scope=scope)


def test_a_trafficking_victim_travels_only_to_whom_they_still_consent() -> None:
    missing = ("CONSENT_MISSING", "/content/manifest")
    assert faults("transfer.proposed", plan(), *victim()) == []
    assert missing in faults("transfer.proposed", plan(), *victim(withdrawn_at=victim_withdrew()))
    assert missing in faults("transfer.proposed", plan(), *victim(), consented("MZ-INAR"))
    assert faults("transfer.proposed", plan(), *victim(), consented("MZ-INAR"), consented("ZA-DHA")) == []
    assert missing in faults("departure.confirmed", departure(), *victim(), consented())


def victim_withdrew() -> Json:
    return {"utc": "2026-11-20T08:00:00.000Z", "zone": "+02:00"}


def test_a_consent_given_before_a_change_is_not_revived_by_asking_again() -> None:
    refused = [("CONSENT_MISSING", "/content/processing/consent")]
    for change in (consented(), consented("ZA-DHA")):
        again = victim()
        asked = {"content": again[0], "sensitive": again[1]}
        assert faults("referral.requested", asked, *victim()) == []
        assert faults("referral.requested", asked, *victim(), change) == refused
    missing = ("CONSENT_MISSING", "/content/manifest")
    assert missing in faults("transfer.proposed", plan(), *victim(), consented(), *victim())
    anew = victim(at={"utc": "2026-12-01T08:00:00.000Z", "zone": "+02:00"})
    assert faults("referral.requested", {"content": anew[0], "sensitive": anew[1]}, *victim(), consented()) == []
    assert faults("transfer.proposed", plan(), *victim(), consented(), *anew) == []


def test_a_consent_that_an_earlier_request_calls_withdrawn_is_not_revived_either() -> None:
    before, again = victim(withdrawn_at=victim_withdrew()), victim()
    found = faults("referral.requested", {"content": again[0], "sensitive": again[1]}, *before)
    assert found == [("CONSENT_MISSING", "/content/processing/consent")]
    assert ("CONSENT_MISSING", "/content/manifest") in faults("transfer.proposed", plan(), *before, *again)


def test_a_presumed_victim_travels_with_a_risk_assessment() -> None:
    presumed = made(
        "referral.requested.sensitive/1",
        "trafficking-victim",
        trafficking=None,
        profiles=[{"profile": "VOT_PRESUMED"}],
    )
    found = faults("transfer.proposed", plan(), victim()[0], presumed)
    assert ("RISK_ASSESSMENT_MISSING", "/content/manifest") in found


def test_nobody_is_brought_to_a_country_that_they_fear_or_fled_from() -> None:
    feared = [("FEARED_COUNTRY", "/content/place/country")]
    assert faults("transfer.proposed", plan(), *request(feared_countries=["ZAF"])) == feared
    assert faults("departure.confirmed", departure(), *request(feared_countries=["ZAF"])) == feared
    person = {**accepted_body("referral.requested.content/1", "take-charge-of-a-child")["person"]}
    south_african = made(
        "referral.requested.content/1", "take-charge-of-a-child", person={**person, "nationalities": ["ZAF"]}
    )
    refugee = made(
        "referral.requested.sensitive/1", "child-with-assessment", profiles=[{"profile": "REFUGEE", "basis": "OAU1969"}]
    )
    nobody = made("referral.requested.sensitive/1", "child-with-assessment", profiles=[])
    assert faults("transfer.proposed", plan(), south_african, refugee) == feared
    assert faults("transfer.proposed", plan(), south_african, nobody) == []


def test_who_goes_home_by_their_own_will_and_observed_may() -> None:
    person = {**accepted_body("referral.requested.content/1", "take-charge-of-a-child")["person"]}
    home = made(
        "referral.requested.content/1",
        "take-charge-of-a-child",
        purposes=["VOLUNTARY_RETURN"],
        person={**person, "nationalities": ["ZAF"]},
    )
    refugee = made(
        "referral.requested.sensitive/1", "child-with-assessment", profiles=[{"profile": "REFUGEE", "basis": "OAU1969"}]
    )
    assert faults("transfer.proposed", plan(), home, refugee, to=("UNHCR-RO", "ZA-DHA")) == []
    assert faults("transfer.proposed", plan(), home, refugee) == [("FEARED_COUNTRY", "/content/place/country")]


def test_nobody_stands_twice_in_a_manifest() -> None:
    (one,) = accepted_body("departure.confirmed.content/1", "left-with-an-escort")["manifest"]
    found = faults("departure.confirmed", departure({"count": 2}, manifest=[one, one]))
    assert found == [("MANIFEST_TWICE", "/content/manifest/1/case")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("from", "TZA"), ("to", "KEN"), ("count", 2), ("at", {"utc": "2026-12-12T08:11:00.000Z", "zone": "+02:00"})],
)
def test_observers_are_told_the_departure_that_the_receiver_is_told(field: str, value: Any) -> None:
    assert faults("departure.confirmed", departure()) == []
    found = faults("departure.confirmed", departure({field: value}))
    assert found == [("MOVEMENT_DIFFERS", f"/movement/{field}")]


def test_an_arrival_is_told_by_the_country_where_it_happens() -> None:
    assert faults("arrival.confirmed", arrival(), sender="ZA-DHA", to=("MZ-INAR",)) == []
    elsewhere = faults("arrival.confirmed", arrival(), sender="KE-DRS", to=("MZ-INAR",))
    assert elsewhere == [("OWN_TERRITORY", "/content/place/country")]
    differs = faults("arrival.confirmed", arrival(**{"from": "TZA"}), sender="ZA-DHA", to=("MZ-INAR",))
    assert differs == [("MOVEMENT_DIFFERS", "/movement/from")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("to", "KEN"), ("handed_over", False), ("remedy_offered", False), ("assessed", "no"), ("kind", "READMISSION")],
)
def test_observers_are_told_the_removal_as_it_was(field: str, value: Any) -> None:
    bodies = {"content": made("removal.recorded.content/1", "by-an-order")}
    told = {"from": "MOZ", "to": "TZA", "at": accepted_body("removal.recorded.content/1", "by-an-order")["at"]}
    told |= {"assessed": "yes", "remedy_offered": True, "handed_over": True, "kind": "DEPORTATION"}
    bodies["movement"] = parts.body("removal.recorded.movement/1", told)
    assert faults("removal.recorded", bodies, sender="MZ-SENAMI", to=("TZ-ISD",)) == []
    bodies["movement"] = parts.body("removal.recorded.movement/1", {**told, field: value})
    found = faults("removal.recorded", bodies, sender="MZ-SENAMI", to=("TZ-ISD",))
    assert found == [("MOVEMENT_DIFFERS", f"/movement/{field}")]


@pytest.mark.parametrize("value", [{}, {"value": {"text": "2011", "language": "eng"}, "refused": "NOT_HELD"}])
def test_an_answer_is_a_value_or_a_refusal(value: Json) -> None:
    answered = parts.body("information.provided.content/1", {"values": [{"field": "BIRTH", **value}]})
    bodies = {"content": answered, "sensitive": parts.body("information.provided.sensitive/1", {"values": []})}
    assert faults("information.provided", bodies) == [("VALUE_OR_REFUSAL", "/content/values/0")]


def test_a_correction_corrects_something() -> None:
    nothing = {"content": parts.body("data.corrected.content/1", {"corrections": []})}
    assert faults("data.corrected", nothing) == []  # who cannot read the sensitive part cannot tell
    nothing["sensitive"] = parts.body("data.corrected.sensitive/1", {"corrections": []})
    assert faults("data.corrected", nothing) == [("NOTHING_CORRECTED", "/content/corrections")]
    nothing["sensitive"] = made("data.corrected.sensitive/1", "a-need-taken-away")
    assert faults("data.corrected", nothing) == []


def test_another_reason_is_told_in_words() -> None:
    said = {"content": parts.body("transfer.suspended.content/1", {"reason": "OTHER"})}
    assert faults("transfer.suspended", said) == [("TEXT_MISSING", "/content/text")]
