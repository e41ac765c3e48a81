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
