"""The grown-up people of the demo. They are invented; any likeness to a living person is chance.

Each function gives the bodies of one message, by part, as a caseworker's system would fill them in.
"""

from hifadhi.demo.papers import Body


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
