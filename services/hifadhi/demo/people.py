"""The people of the demo. They are invented; any likeness to a living person is chance.

Each function gives the bodies of one message, by part, as a caseworker's system would fill them in.
"""

from typing import Any

Body = dict[str, Any]

HODAN: Body = {
    "name": {"given": ["Hodan"], "family": [], "other": ["Abdi", "Warsame"], "script": "Latn"},
    "birth": {"date": "2011", "precision": "YEAR", "place": "Baidoa", "country": "SOM"},
    "sex": "F",
    "nationalities": ["SOM"],
    "languages": ["som"],
}
AUNT: Body = {
    "relation": "AUNT",
    "name": {"given": ["Faduma"], "family": [], "other": ["Warsame"], "script": "Latn"},
    "where": {"country": "ZAF", "subdivision": "ZA-GP", "text": {"text": "Mayfair, Johannesburg", "language": "eng"}},
}
GIRL_ALONE: Body = {
    "quarter": "2026-Q4",
    "origin": "SOM",
    "age_band": "12-17",
    "sex": "F",
    "profile_group": "CHILD_ALONE",
}
SHORT_BIA: Body = {
    "kind": "SHORT_BIA",
    "ref": {"scheme": "BEST_INTERESTS", "value": "MZ/BIA/2026/118"},
    "date": "2026-11-19",
}
FOUND: Body = {"utc": "2026-11-16T05:40:00.000Z", "zone": "+02:00"}


def girl_found() -> Body:
    """S1: an unaccompanied Somali girl of 15, found in Mozambique, with an aunt in South Africa."""
    return {
        "content": {
            "place": {"country": "MOZ", "text": {"text": "Market of Mocímboa da Praia", "language": "por"}},
            "at": FOUND,
            "kind": "FOUND_STRANDED",
            "person": HODAN,
            "documents": [],
            "references": [],
            "account": {"came_from": "TZA"},
            "assessed": "pending",
            "person_informed": {"at": FOUND, "language": "som", "by": "MZ-INAR"},
        },
        "sensitive": {
            "profiles": [{"profile": "CHILD_UNACCOMPANIED"}, {"profile": "ASYLUM_SEEKER"}],
            "specific_needs": ["FU-TR"],
            "asylum_requested": True,
            "feared_countries": ["SOM"],
        },
        "movement": {
            "country": "MOZ",
            "at": FOUND,
            "kind": "FOUND_STRANDED",
            "came_from": "TZA",
            "grade": "C",
            "assessed": "pending",
            "count": 1,
        },
        "statistics": GIRL_ALONE,
    }


def girl_referred(to: str, *, purposes: list[str], reasons: str, assessed: bool = True) -> Body:
    """A request about her, to one agency, with the consent that her guardian gave for it.

    `assessed`: whether what is best for her has been looked at.
    """
    consent = {
        "given_by": "GUARDIAN",
        "scope": [{"agency": to, "purpose": purpose} for purpose in purposes],
        "withheld": ["HEALTH"],
        "at": {"utc": "2026-11-20T08:00:00.000Z", "zone": "+02:00"},
    }
    return {
        "content": {
            "purposes": purposes,
            "legal_basis": ["CRC:22", "ACRWC:23"],
            "person": HODAN,
            "documents": [],
            "references": [{"scheme": "NATIONAL_FILE", "value": "INAR/2026/4417"}],
            "family": [AUNT],
            "evidence": [{"kind": "PERSON_STATEMENT", "grade": "D"}],
            "reasons": {"text": reasons, "language": "eng"},
            "processing": {"basis": "CONSENT", "consent": consent},
            "contact": {"role": "CASEWORKER", "agency": "MZ-INAR"},
        },
        "sensitive": {
            "profiles": [{"profile": "CHILD_UNACCOMPANIED"}],
            "specific_needs": ["FU-FR"],
            **({"best_interests": SHORT_BIA} if assessed else {}),
            "risk": "MEDIUM",
            "feared_countries": ["SOM"],
        },
        "statistics": GIRL_ALONE,
    }


def one_of_ninety_three(number: int) -> Body:
    """S8: 93 people returned within an hour, 59 Somalis and 34 Ethiopians, four of them children."""
    minute = number * 60 // 93
    at = {"utc": f"2026-11-17T09:{minute:02d}:00.000Z", "zone": "+03:00"}
    nationality, child = ("SOM" if number < 59 else "ETH"), number % 24 == 23  # noqa: PLR2004 (59 and 34; four of 93)
    movement = {"country": "TZA", "at": at, "kind": "RETURNED_BY_OTHER_STATE", "returned_by": "MOZ", "came_from": "MOZ"}
    person = {"sex": "M", "nationalities": [nationality], "languages": []}
    return {
        "content": {
            "place": {"country": "TZA", "post": "TZ-KILAMBO"},
            "at": at,
            "kind": "RETURNED_BY_OTHER_STATE",
            "person": person,
            "documents": [],
            "references": [],
            "account": {"returned_by": "MOZ", "came_from": "MOZ"},
            "assessed": "no",
        },
        "sensitive": {
            "profiles": [{"profile": "CHILD_UNACCOMPANIED" if child else "NOT_YET_ASSESSED"}],
            "specific_needs": [],
            "asylum_requested": False,
            "feared_countries": [],
        },
        "movement": {**movement, "grade": "C", "assessed": "no", "count": 1, "post": "TZ-KILAMBO"},
        "statistics": {
            "quarter": "2026-Q4",
            "origin": nationality,
            "age_band": "12-17" if child else "18-59",
            "sex": "M",
            "profile_group": "CHILD_ALONE" if child else "OTHER",
        },
    }


def woman_met() -> Body:
    """S2: a victim of trafficking, met in Malawi."""
    moment = {"utc": "2026-11-18T07:15:00.000Z", "zone": "+02:00"}
    person = {"sex": "F", "nationalities": ["ZWE"], "languages": ["sna"]}
    return {
        "content": {
            "place": {"country": "MWI"},
            "at": moment,
            "kind": "REFERRED_BY_NGO",
            "person": person,
            "documents": [],
            "references": [],
            "account": {"came_from": "ZMB"},
            "assessed": "yes",
        },
        "sensitive": {
            "profiles": [{"profile": "VOT_IDENTIFIED"}],
            "specific_needs": ["SV-VA"],
            "asylum_requested": False,
            "feared_countries": ["ZMB"],
        },
        "movement": {
            "country": "MWI",
            "at": moment,
            "kind": "REFERRED_BY_NGO",
            "came_from": "ZMB",
            "grade": "B",
            "assessed": "yes",
            "count": 1,
        },
        "statistics": _adult("ZWE", "F", "VICTIM_OF_TRAFFICKING"),
    }


def woman_referred(purpose: str) -> Body:
    """A request about her to ZW-DSW, for what she has agreed to."""
    consent = {
        "given_by": "PERSON",
        "scope": [{"agency": "ZW-DSW", "purpose": purpose}],
        "withheld": ["HEALTH"],
        "at": {"utc": "2026-11-19T08:00:00.000Z", "zone": "+02:00"},
    }
    trafficking = {
        "phase": "EXPLOITATION",
        "safe_contact": {"text": "Call her on weekday mornings only.", "language": "eng"},
        "risk_assessment": {"scheme": "RISK_ASSESSMENT", "value": "MW/RA/2026/9"},
    }
    return {
        "content": {
            **_asked("MW-DOR", [purpose], {"sex": "F", "nationalities": ["ZWE"], "languages": ["sna"]}),
            "processing": {"basis": "CONSENT", "consent": consent},
        },
        "sensitive": {
            "profiles": [{"profile": "VOT_IDENTIFIED"}],
            "specific_needs": ["SV-VA"],
            "risk": "HIGH",
            "feared_countries": ["ZMB"],
            "trafficking": trafficking,
        },
        "statistics": _adult("ZWE", "F", "VICTIM_OF_TRAFFICKING"),
    }


BARAKA: Body = {
    "name": {"given": ["Baraka"], "family": ["Nkurunziza"], "script": "Latn"},
    "birth": {"date": "1991", "precision": "YEAR"},
    "sex": "M",
    "nationalities": ["BDI"],
    "languages": ["run", "swa"],
}


def man_met(country: str, when: str, *, returned_by: str | None = None) -> Body:
    """S4: a man, met on one bank of the Rovuma or the other; `when` as `2026-05-03T06:00`, UTC."""
    moment = {"utc": f"{when}:00.000Z", "zone": "+03:00" if country == "TZA" else "+02:00"}
    kind = "RETURNED_BY_OTHER_STATE" if returned_by else "SELF_PRESENTED"
    account = {"account": {"returned_by": returned_by, "came_from": returned_by}} if returned_by else {}
    told = {"returned_by": returned_by, "came_from": returned_by} if returned_by else {}
    return {
        "content": {
            "place": {"country": country},
            "at": moment,
            "kind": kind,
            "person": BARAKA,
            "documents": [],
            "references": [],
            **account,
            "assessed": "no",
        },
        "sensitive": {
            "profiles": [{"profile": "NOT_YET_ASSESSED"}],
            "specific_needs": [],
            "asylum_requested": False,
            "feared_countries": [],
        },
        "movement": {
            "country": country,
            "at": moment,
            "kind": kind,
            **told,
            "grade": "C",
            "assessed": "no",
            "count": 1,
        },
        "statistics": _adult("BDI", "M"),
    }


def man_removed() -> Body:
    """S4: the late record of a removal with which nothing went as it should."""
    moment = {"utc": "2026-06-19T22:00:00.000Z", "zone": "+02:00"}
    how = {"kind": "INFORMAL_RETURN", "assessed": "no", "remedy_offered": False, "at": moment}
    decision = {"scheme": "NATIONAL_FILE", "value": "SENAMI/CD/2026/77"}
    places = {"place": {"country": "MOZ"}, "destination": {"country": "TZA"}}
    return {
        "content": {**how, "decision": decision, "legal_basis": [], **places},
        "movement": {**how, "from": "MOZ", "to": "TZA", "handed_over": False},
    }


def man_referred() -> Body:
    """S4: the request to take him back."""
    return {
        "content": {
            **_asked("TZ-ISD", ["TAKE_BACK"], BARAKA),
            "processing": {"basis": "LEGAL_OBLIGATION"},
        },
        "sensitive": {"profiles": [], "specific_needs": [], "risk": "MEDIUM", "feared_countries": []},
        "statistics": _adult("BDI", "M"),
    }


def evidence_of_a_bus() -> Body:
    """S4: what is new for the second look."""
    return {"new_evidence": [{"kind": "TRAVEL", "grade": "B", "date": "2026-05-02"}]}


DENG: Body = {
    "name": {"given": ["Deng"], "family": ["Ajak"], "script": "Latn"},
    "birth": {"date": "1987", "precision": "YEAR"},
    "sex": "M",
    "nationalities": ["SSD"],
    "languages": ["din"],
}


def south_sudanese_met() -> Body:
    """S5: a man of a group that Kenya recognises, met in Zambia."""
    bodies = man_met("ZMB", "2026-11-20T09:00")
    bodies["content"]["person"] = DENG
    bodies["sensitive"]["profiles"] = [{"profile": "REFUGEE", "basis": "PRIMA_FACIE"}]
    bodies["statistics"] = _adult("SSD", "M", "REFUGEE")
    return bodies


def south_sudanese_referred(declaration: str | None = None) -> Body:
    """S5: the request to take him back; `declaration` is that which covers him."""
    covers = {"declaration": declaration} if declaration else {}
    return {
        "content": {
            **_asked("ZM-COR", ["TAKE_BACK"], DENG),
            "processing": {"basis": "PUBLIC_INTEREST_MANDATE"},
        },
        "sensitive": {
            "profiles": [{"profile": "REFUGEE", "basis": "PRIMA_FACIE", **covers}],
            "specific_needs": [],
            "risk": "LOW",
            "feared_countries": [],
        },
        "statistics": _adult("SSD", "M", "REFUGEE"),
    }


def registration_found() -> Body:
    """S5: what is new for the second look."""
    misread = {"text": "He is registered as Ajak Deng, KEN-00231-18.", "language": "eng"}
    return {"new_evidence": [{"kind": "REGISTRATION", "grade": "A"}], "misread": misread}


def _asked(agency: str, purposes: list[str], person: Body) -> Body:
    return {
        "purposes": purposes,
        "legal_basis": ["OAU69:VIII"],
        "person": person,
        "documents": [],
        "references": [],
        "family": [],
        "evidence": [{"kind": "PERSON_STATEMENT", "grade": "C"}],
        "reasons": {"text": "See the evidence.", "language": "eng"},
        "contact": {"role": "CASEWORKER", "agency": agency},
    }


def _adult(origin: str, sex: str, group: str = "OTHER") -> Body:
    return {"quarter": "2026-Q4", "origin": origin, "age_band": "18-59", "sex": sex, "profile_group": group}
