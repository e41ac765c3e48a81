import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.referral import edge, parts
from hifadhi.referral.edge import RULES, check_body
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.part_names import PARTS
from schema_examples import PUBLISHED, SCHEMAS, accepted_body
from schema_instances import of_schema

Bodies = dict[str, Any]

COUNTRIES = {
    "MZ-INAR": "MOZ", "MZ-SENAMI": "MOZ", "ZA-DHA": "ZAF", "ZA-DSD": "ZAF", "TZ-ISD": "TZA", "TZ-RSD": "TZA",
    "MW-DOR": "MWI", "KE-DRS": "KEN", "SO-NCRI": "SOM",
}  # fmt: skip
OBSERVER = "UNHCR-RO"
GIRL = "girl-found-stranded"


def encounter(slug: str = GIRL, sensitive: str = GIRL) -> Bodies:
    return {
        "content": accepted_body("encounter.reported.content/1", slug),
        "sensitive": accepted_body("encounter.reported.sensitive/1", sensitive),
        "movement": accepted_body("encounter.reported.movement/1", slug),
        "statistics": accepted_body("encounter.reported.statistics/1", "girl"),
    }


def request(content: str = "take-charge-of-a-child", sensitive: str = "child-with-assessment") -> Bodies:
    return {
        "content": accepted_body("referral.requested.content/1", content),
        "sensitive": accepted_body("referral.requested.sensitive/1", sensitive),
        "statistics": accepted_body("referral.requested.statistics/1", "girl"),
    }


def victim() -> Bodies:
    return request(sensitive="trafficking-victim")


def decline() -> Bodies:
    return {
        "content": accepted_body("referral.declined.content/1", "responsibility-elsewhere"),
        "movement": accepted_body("referral.declined.movement/1", "responsibility-elsewhere"),
        "statistics": accepted_body("referral.declined.statistics/1", "unknown-age"),
    }


def reexamination(slug: str = "registration-found") -> Bodies:
    return {
        "content": accepted_body("reexamination.requested.content/1", slug),
        "sensitive": accepted_body("reexamination.requested.sensitive/1", "as-it-is-by-now"),
    }


def withdrawal() -> Bodies:
    return {"content": accepted_body("referral.withdrawn.content/1", "other")}


def faults_of(
    message_type: str,
    bodies: Bodies,
    *,
    sender: str = "MZ-INAR",
    also: tuple[str, ...] = (),
    **readers: tuple[str, ...],
) -> list[tuple[str, str]]:
    """Code and pointer of each fault; the readers of a part are sender and `also` unless named."""
    read: Mapping[str, Any] = {
        name: parts.body(f"{message_type}.{name}/1", deepcopy(body)) for name, body in bodies.items()
    }
    reading = dict.fromkeys(PARTS[message_type], (sender, *also)) | readers
    try:
        check_body(message_type, Opened(sender, reading, read, COUNTRIES))
    except Refused as refused:
        return [(fault.code, fault.pointer) for fault in refused.faults]
    return []


def changed(bodies: Bodies, pointer: str, value: Any) -> Bodies:
    """The bodies with another value at the pointer; `...` takes it out."""
    *path, last = pointer.strip("/").split("/")
    place: Any = bodies
    for step in path:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return bodies


def test_a_girl_alone_can_be_reported_traced_and_referred() -> None:
    assert faults_of("encounter.reported", encounter()) == []
    assert faults_of("referral.requested", request("trace-the-aunt"), also=("ZA-DSD",)) == []
    assert faults_of("referral.requested", request(), also=("ZA-DHA",)) == []


@pytest.mark.parametrize("nationality", ["SOM", "ETH"])
def test_ninety_three_people_of_whom_little_is_known_can_be_reported(nationality: str) -> None:
    bodies = changed(encounter("one-of-ninety-three", "nothing-known"), "/content/person/nationalities", [nationality])
    assert faults_of("encounter.reported", bodies, sender="TZ-ISD") == []
    assert faults_of("encounter.reported", changed(bodies, "/content/person/sex", "U"), sender="TZ-ISD") == []


def test_every_type_has_its_row_of_rules() -> None:
    assert RULES.keys() == PARTS.keys()
    with pytest.raises(Refused) as refused:
        check_body("referral.forwarded", Opened("MZ-INAR", {}, {}, COUNTRIES))
    assert refused.value.code == "TYPE_UNKNOWN"


def test_other_languages_are_told_every_rule() -> None:
    codes = re.findall(r"^[0-9]+\. +([A-Z_]+):", edge.__doc__ or "", re.MULTILINE)
    table = (SCHEMAS / "README.md").read_text(encoding="utf-8")
    assert len(codes) == 21
    assert codes == re.findall(r"^\| ([A-Z_]+) \|", table, re.MULTILINE)


NAME = "/content/person/name"
BIRTH = "/content/person/birth"
TEXT = "/content/account/own_words/text"
BEST = "/sensitive/best_interests"
WHY = "/content/full_reasons/text"
VICTIM = "/sensitive/trafficking"
AUNT = "/content/family/0/name/given"
PROOF = "/content/evidence/1"


@pytest.mark.parametrize(
    ("message_type", "bodies", "pointer", "value", "code", "at"),
    [
        ("encounter.reported", encounter, NAME + "/given", [], "NAME_EMPTY", NAME + "/given"),
        ("encounter.reported", encounter, NAME + "/given", [" ", "-"], "NAME_EMPTY", NAME + "/given"),
        ("referral.requested", request, AUNT, [], "NAME_EMPTY", AUNT),
        ("encounter.reported", encounter, BIRTH + "/date", ..., "BIRTH_PRECISION", BIRTH + "/date"),
        ("encounter.reported", encounter, BIRTH + "/date", "2011-01", "BIRTH_PRECISION", BIRTH + "/date"),
        ("encounter.reported", encounter, TEXT, " \n—", "TEXT_EMPTY", TEXT),
        ("referral.declined", decline, WHY, "...", "TEXT_EMPTY", WHY),
        ("referral.requested", request, "/content/requested_by", "2027-02-29", "NO_SUCH_DATE", "/content/requested_by"),
        ("referral.requested", request, BEST + "/date", "2026-11-31", "NO_SUCH_DATE", BEST + "/date"),
        ("referral.requested", request, BEST + "/date", ..., "BEST_INTERESTS_REF", BEST + "/date"),
        ("referral.requested", request, BEST + "/ref", ..., "BEST_INTERESTS_REF", BEST + "/ref"),
        ("referral.withdrawn", withdrawal, "/content/text", ..., "TEXT_MISSING", "/content/text"),
        ("referral.requested", request, PROOF + "/kind", "OTHER", "TEXT_MISSING", PROOF + "/text"),
        ("referral.declined", decline, "/content/suggested", ..., "SUGGESTED_MISSING", "/content/suggested"),
        ("reexamination.requested", reexamination, "/content/new_evidence", [], "NOTHING_NEW", "/content/new_evidence"),
        ("referral.requested", victim, VICTIM, ..., "RISK_ASSESSMENT_MISSING", VICTIM),
    ],
)  # fmt: skip
def test_what_fails_a_rule_is_refused_where_it_is_missing(
    message_type: str, bodies: Callable[[], Bodies], pointer: str, value: Any, code: str, at: str
) -> None:
    assert faults_of(message_type, bodies(), also=("ZA-DHA",)) == []
    assert (code, at) in faults_of(message_type, changed(bodies(), pointer, value), also=("ZA-DHA",))


@pytest.mark.parametrize(
    ("precision", "date"),
    [("DAY", "2011-06-30"), ("MONTH", "2011-06"), ("YEAR", "2011"), ("ESTIMATED", "2011"), ("UNKNOWN", None)],
)
def test_each_precision_has_its_own_form_of_date(precision: str, date: str | None) -> None:
    for given_date in ("2011-06-30", "2011-06", "2011", None):
        birth = {"precision": precision} | ({"date": given_date} if given_date else {})
        fits = faults_of("encounter.reported", changed(encounter(), BIRTH, birth)) == []
        assert fits == (given_date == date or (precision == "ESTIMATED" and given_date == "2011"))


def test_the_twenty_ninth_of_february_exists_in_leap_years_only() -> None:
    for year, exists in (("2024", True), ("2026", False), ("2000", True), ("1900", False)):
        bodies = changed(encounter(), BIRTH, {"precision": "DAY", "date": f"{year}-02-29"})
        assert (faults_of("encounter.reported", bodies) == []) == exists


def test_an_instant_that_does_not_exist_is_refused() -> None:
    informed = "/content/person_informed/at/utc"
    bodies = changed(encounter(), informed, "2026-02-30T10:00:00.000Z")
    assert faults_of("encounter.reported", bodies) == [("NO_SUCH_DATE", informed)]


def test_a_child_without_any_best_interests_procedure_may_still_be_referred() -> None:
    bodies = changed(request(), BEST, {"kind": "NONE"})
    assert faults_of("referral.requested", bodies, also=("ZA-DHA",)) == []


def test_all_faults_are_told_at_once_but_no_more_than_sixteen() -> None:
    bodies = changed(changed(encounter(), NAME + "/given", []), TEXT, "?")
    assert len(faults_of("encounter.reported", bodies)) == 2
    many = changed(request(), "/content/evidence", [{"kind": "OTHER", "grade": "A"}] * 32)
    assert len(faults_of("referral.requested", many, also=("ZA-DHA",))) == 16


def test_a_state_agency_reports_encounters_in_its_own_country_only() -> None:
    elsewhere = changed(changed(encounter(), "/content/place/country", "TZA"), "/movement/country", "TZA")
    assert faults_of("encounter.reported", elsewhere) == [("OWN_TERRITORY", "/content/place/country")]
    assert faults_of("encounter.reported", elsewhere, sender="TZ-ISD") == []


def test_an_observer_reports_encounters_anywhere() -> None:
    assert faults_of("encounter.reported", encounter(), sender=OBSERVER, also=("MZ-INAR",)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "TZA"), ("at", {"utc": "2026-11-17T05:40:00.000Z", "zone": "+02:00"}), ("kind", "APPREHENDED"),
        ("assessed", "yes"), ("came_from", ...), ("returned_by", "TZA"), ("post", "MZ-NAMOTO"),
    ],
)  # fmt: skip
def test_observers_are_told_what_the_receivers_are_told(field: str, value: Any) -> None:
    bodies = changed(encounter(), f"/movement/{field}", value)
    assert faults_of("encounter.reported", bodies) == [("MOVEMENT_DIFFERS", f"/movement/{field}")]


def test_nothing_about_a_person_goes_to_a_country_that_they_fear() -> None:
    feared = changed(encounter(), "/sensitive/feared_countries", ["ERI", "KEN"])
    assert faults_of("encounter.reported", feared, also=("ZA-DHA",)) == []
    found = [("FEARED_COUNTRY", "/sensitive/feared_countries/1")]
    assert faults_of("encounter.reported", feared, also=("ZA-DHA", "KE-DRS")) == found
    assert faults_of("encounter.reported", feared, content=("MZ-INAR", "KE-DRS")) == found


def test_parts_that_do_not_say_who_the_person_is_have_the_same_readers_for_everyone() -> None:
    feared = changed(encounter(), "/sensitive/feared_countries", ["KEN"])
    assert faults_of("encounter.reported", feared, movement=("MZ-INAR", "KE-DRS")) == []


def test_that_a_person_fears_the_country_they_are_in_can_be_reported() -> None:
    feared = changed(encounter(), "/sensitive/feared_countries", ["MOZ"])
    assert faults_of("encounter.reported", feared, also=("ZA-DHA",)) == []
    assert faults_of("encounter.reported", feared, also=("MZ-SENAMI",)) != []


@pytest.mark.parametrize("profile", ["REFUGEE", "ASYLUM_SEEKER"])
def test_who_has_or_seeks_refuge_is_not_told_of_in_the_country_of_origin(profile: str) -> None:
    bodies = changed(request(), "/sensitive/feared_countries", [])
    bodies = changed(bodies, "/sensitive/profiles", [{"profile": profile}])
    found = [("FEARED_COUNTRY", "/content/person/nationalities/0")]
    assert faults_of("referral.requested", bodies, also=("SO-NCRI",)) == found
    asked = changed(encounter("one-of-ninety-three", "nothing-known"), "/sensitive/asylum_requested", value=True)
    asked = changed(asked, "/content/person/nationalities", ["KEN"])
    assert faults_of("encounter.reported", asked, sender="TZ-ISD", also=("KE-DRS",)) == found


def test_a_voluntary_return_may_be_prepared_with_the_country_of_origin_if_an_observer_reads_it() -> None:
    bodies = changed(request(), "/sensitive/feared_countries", [])
    bodies = changed(bodies, "/sensitive/profiles", [{"profile": "REFUGEE"}])
    bodies = changed(bodies, "/content/purposes", ["VOLUNTARY_RETURN"])
    both = ("MZ-INAR", "SO-NCRI")
    assert faults_of("referral.requested", bodies, content=(*both, OBSERVER), sensitive=both) == []
    assert faults_of("referral.requested", bodies, content=both, sensitive=both) != []
    mixed = changed(bodies, "/content/purposes", ["VOLUNTARY_RETURN", "TAKE_BACK"])
    assert faults_of("referral.requested", mixed, content=(*both, OBSERVER), sensitive=both) != []
    feared = changed(bodies, "/sensitive/feared_countries", ["SOM"])
    assert faults_of("referral.requested", feared, content=(*both, OBSERVER), sensitive=both) != []


CONSENT = "/content/processing/consent"


@pytest.mark.parametrize(
    ("pointer", "value", "at"),
    [
        (CONSENT, ..., CONSENT),
        (CONSENT + "/withdrawn_at", {"utc": "2026-11-22T10:00:00.000Z", "zone": "+02:00"}, CONSENT),
        (CONSENT + "/scope", [], CONSENT + "/scope"),
        (CONSENT + "/scope/1/purpose", "INFORMATION", CONSENT + "/scope"),
        (CONSENT + "/scope/1/agency", "ZA-DSD", CONSENT + "/scope"),
    ],
)
def test_a_trafficking_victim_is_referred_only_as_far_as_they_consented(pointer: str, value: Any, at: str) -> None:
    assert faults_of("referral.requested", victim(), also=("ZA-DHA",)) == []
    bodies = changed(victim(), pointer, value)
    assert faults_of("referral.requested", bodies, also=("ZA-DHA",)) == [("CONSENT_MISSING", at)]
    bodies["sensitive"] = request()["sensitive"]
    assert faults_of("referral.requested", bodies, also=("ZA-DHA",)) == []


def test_a_trafficking_victims_consent_names_every_reader_the_copied_observer_too() -> None:
    found = [("CONSENT_MISSING", CONSENT + "/scope")]
    assert faults_of("referral.requested", victim(), also=("ZA-DHA", OBSERVER)) == found


def test_a_presumed_victim_needs_the_risk_assessment_as_well() -> None:
    bodies = changed(request(), "/sensitive/profiles", [{"profile": "VOT_PRESUMED"}])
    found = [("RISK_ASSESSMENT_MISSING", "/sensitive/trafficking")]
    assert faults_of("referral.requested", bodies, also=("ZA-DHA",)) == found


@pytest.mark.parametrize("country", ["KEN", ...])
def test_observers_are_told_the_country_that_is_held_responsible(country: Any) -> None:
    bodies = changed(decline(), "/movement/suggested_country", country)
    assert faults_of("referral.declined", bodies, sender="ZA-DHA") == [
        ("SUGGESTED_DIFFERS", "/movement/suggested_country")
    ]


def test_a_decline_that_suggests_nobody_suggests_no_country_either() -> None:
    bodies = decline() | {"content": accepted_body("referral.declined.content/1", "id-not-found")}
    assert faults_of("referral.declined", bodies, sender="ZA-DHA") != []
    assert faults_of("referral.declined", changed(bodies, "/movement/suggested_country", ...), sender="ZA-DHA") == []


def test_a_reader_of_the_content_alone_checks_what_it_can_see() -> None:
    bodies = changed(victim(), CONSENT, ...)
    assert faults_of("referral.requested", {"content": bodies["content"]}, also=("ZA-DHA",)) == []
    assert faults_of("referral.requested", {"sensitive": bodies["sensitive"]}, also=("ZA-DHA",)) == []
    nameless = changed(bodies, NAME + "/given", [])
    assert faults_of("referral.requested", {"content": nameless["content"]}, also=("ZA-DHA",)) != []


@cache
def any_bodies(message_type: str) -> st.SearchStrategy[Bodies]:
    schemas = {name: PUBLISHED[f"urn:hifadhi:schema:{message_type}.{name}:1"] for name in PARTS[message_type]}
    return st.fixed_dictionaries({name: of_schema(schema) for name, schema in schemas.items()})


@pytest.mark.slow
@pytest.mark.parametrize("message_type", sorted(RULES))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_schemas_accept_the_rules_accept_or_refuse(message_type: str, data: st.DataObject) -> None:
    bodies = data.draw(any_bodies(message_type))
    also = data.draw(st.lists(st.sampled_from([*COUNTRIES, OBSERVER]), max_size=3))
    for code, pointer in faults_of(message_type, bodies, also=tuple(also)):
        assert code.isupper()
        assert pointer.split("/")[1] in PARTS[message_type]
