"""The papers of the demo: what agencies write to each other about invented people, part by part."""

from typing import Any

Body = dict[str, Any]


def at(utc: str, zone: str = "+02:00") -> Body:
    """An instant, written `2026-11-20T08:00` in UTC."""
    return {"utc": f"{utc}:00.000Z", "zone": zone}


def text(words: str) -> Body:
    """English words."""
    return {"text": words, "language": "eng"}


def officer(agency: str, role: str = "CASEWORKER") -> Body:
    """Somebody to speak to."""
    return {"role": role, "agency": agency}


def counted(**of: str) -> Body:
    """What is counted of a message."""
    return {"quarter": "2026-Q4", "age_band": "U", "sex": "U", "profile_group": "OTHER", **of}


def asked(*fields: str, purpose: str, by: str) -> Body:
    """Questions, none of them need-to-know."""
    return {
        "content": {"fields": list(fields), "purpose": text(purpose), "by": officer(by)},
        "sensitive": {"fields": []},
    }


def answered(field: str, value: str) -> Body:
    """The answer to one question."""
    return {"content": {"values": [{"field": field, "value": text(value)}]}, "sensitive": {"values": []}}


def accepted(agency: str, country: str, *, basis: str, care: str | None = None) -> Body:
    """Yes, with a place and a person to call."""
    reception: Body = {"place": {"country": country}, **({"care": care} if care else {})}
    return {"content": {"basis": [basis], "reception": reception, "contact": officer(agency, "RECEPTION")}}


def declined(*reasons: str, why: str, suggested: tuple[str, str, str] | None = None, substantive: bool = False) -> Body:
    """No, and why; `suggested`: the agency that is responsible instead, its country, the legal ground."""
    content: Body = {"reasons": list(reasons), "grounds": [], "full_reasons": text(why)}
    movement: Body = {"final": False, "substantive": substantive}
    if suggested:
        agency, country, ground = suggested
        content["suggested"] = {"agency": agency, "ground": ground}
        movement["suggested_country"] = country
    return {"content": content, "movement": movement, "statistics": counted()}


def withdrawn(reason: str) -> Body:
    """The request, or the plan, is taken back or halted."""
    return {"content": {"reason": reason}}


def plan(case: str, sender: str, country: str, when: str, *, best_interests: Body | None = None) -> Body:
    """How one person will travel."""
    sensitive: Body = {"needs": [], "family_contacts": []}
    if best_interests:
        sensitive["best_interests"] = best_interests
    notified = {"at": at("2026-11-28T08:00"), "language": "eng", "remedy": text("An appeal within ten days.")}
    return {
        "content": {
            "manifest": [{"case": case}],
            "at": at(when),
            "place": {"country": country},
            "mode": "VOLUNTARY",
            "documents": [],
            "person_notified": notified,
            "contact": officer(sender),
        },
        "sensitive": sensitive,
    }


def agreed(receiver: str, country: str, when: str) -> Body:
    """Who expects the person, when and where."""
    return {"content": {"at": at(when), "place": {"country": country}, "officer": officer(receiver, "RECEPTION")}}


def departure(case: str, sender: str, countries: tuple[str, str], when: str) -> Body:
    """One person has left."""
    left, to = countries
    signatory = officer(sender, "DECISION_MAKER")
    return {
        "content": {
            "at": at(when),
            "place": {"country": left},
            "manifest": [{"case": case}],
            "signatory": signatory,
        },
        "movement": {"from": left, "to": to, "at": at(when), "count": 1},
    }


def arrival(countries: tuple[str, str], when: str) -> Body:
    """One person has come, and is who was announced."""
    left, to = countries
    return {
        "content": {"at": at(when), "place": {"country": to}, "identity": "MATCHED", "documents_received": []},
        "movement": {"from": left, "to": to, "at": at(when), "arrived": True},
        "statistics": counted(),
    }


def outcome(code: str, day: str) -> Body:
    """What came of it."""
    return {"content": {"outcome": code, "date": day}, "statistics": counted()}


def closed(code: str, day: str) -> Body:
    """Why the case is closed."""
    return {"content": {"closure": code, "date": day}, "statistics": counted()}


def consent(change: str, *allowed: tuple[str, str]) -> Body:
    """All that is allowed from now on: to which agency, for what."""
    scope = [{"agency": agency, "purpose": purpose} for agency, purpose in allowed]
    return {"content": {"change": change, "given_by": "PERSON", "scope": scope, "effective_at": at("2026-11-28T09:00")}}


def restricted(*fields: str) -> Body:
    """What is no longer used."""
    return {"content": {"restricted": list(fields), "at": at("2026-11-28T10:00")}}


def linked(agency: str, words: str) -> Body:
    """What speaks for one person behind two cases."""
    return {"content": {"evidence": [], "text": text(words), "by": officer(agency, "INTAKE")}}
