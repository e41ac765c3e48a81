"""Rules 15, 16, and 9 to 11 for the way: nobody is brought anywhere without what protects them (`domain.md` §4)."""

from collections.abc import Iterator
from datetime import date

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge.consent import consented
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.edge.refuge import SEEKS_REFUGE
from hifadhi.referral.edge.trafficking import TRAFFICKED
from hifadhi.referral.parts.encounter import EncounterContent, EncounterSensitive
from hifadhi.referral.parts.journey import DepartedContent
from hifadhi.referral.parts.request import RequestContent, RequestSensitive
from hifadhi.referral.parts.transfer import ProposedContent, ProposedSensitive
from hifadhi.referral.pieces import Birth

_ADULT = 18
_CHILD = frozenset({"CHILD_UNACCOMPANIED", "CHILD_SEPARATED"})
_PLANS = (ProposedContent, DepartedContent)


def nobody_twice(opened: Opened) -> Iterator[Fault]:
    """Rule 15."""
    content = opened.bodies.get("content")
    cases = [one.case for one in content.manifest] if isinstance(content, _PLANS) else []
    for number, case in enumerate(cases):
        if case in cases[:number]:
            yield Fault(
                "MANIFEST_TWICE", f"/content/manifest/{number}/case", "this case stands in the manifest already"
            )


def minor_has_best_interests(opened: Opened) -> Iterator[Fault]:
    """Rule 16."""
    content = opened.bodies.get("content")
    if not isinstance(content, _PLANS) or not _is_minor(opened, content.at.utc[:10]):
        return
    procedures = [
        *(body.best_interests for body in opened.ever(ProposedSensitive)),
        *(body.best_interests for body in opened.ever(RequestSensitive)),
    ]
    if not any(one and one.kind != "NONE" for one in procedures):
        says = "a minor travels only with a best-interests procedure; give its reference in the plan"
        yield Fault("BEST_INTERESTS_MISSING", "/sensitive/best_interests", says)


def victim_agrees_to_travel(opened: Opened) -> Iterator[Fault]:
    """Rules 10 and 11."""
    if not _is_trafficked(opened):
        return
    allowed = consented(opened)
    missing = sorted(agency for agency in opened.receivers if agency in opened.country_of and agency not in allowed)
    if missing:
        says = f"a trafficking victim travels only with a consent in force for {', '.join(missing)}"
        yield Fault("CONSENT_MISSING", "/content/manifest", says)
    if not any(one.trafficking for one in opened.ever(RequestSensitive)):
        yield Fault(
            "RISK_ASSESSMENT_MISSING", "/content/manifest", "a trafficking victim travels with a risk assessment"
        )


def not_towards_danger(opened: Opened) -> Iterator[Fault]:
    """Rule 9."""
    content = opened.bodies.get("content")
    if not isinstance(content, _PLANS):
        return
    towards = {opened.country_of[agency] for agency in opened.receivers if agency in opened.country_of}
    if towards & (_feared(opened) | _fled(opened)):
        says = (
            "this country is feared, or fled from: nobody is brought there but by a voluntary return that is observed"
        )
        yield Fault("FEARED_COUNTRY", "/content/place/country", says)


def _feared(opened: Opened) -> set[str]:
    return {country for body in _needs(opened) for country in body.feared_countries}


def _fled(opened: Opened) -> set[str]:
    """The countries of nationality of who seeks or has refuge, unless all that was asked for is a voluntary return."""
    asked = next(opened.ever(RequestContent), None)
    observed = any(agency not in opened.country_of for agency in opened.readers.get("content", ()))
    if asked and set(asked.purposes) == {"VOLUNTARY_RETURN"} and observed:
        return set()
    seeks = _profiles(opened) & SEEKS_REFUGE or any(body.asylum_requested for body in opened.ever(EncounterSensitive))
    return {country for body in _people(opened) for country in body.person.nationalities} if seeks else set()


def _people(opened: Opened) -> list[RequestContent | EncounterContent]:
    """What was said of who the person is, the newest first."""
    return [body for body in opened.ever(Closed) if isinstance(body, RequestContent | EncounterContent)]


def _needs(opened: Opened) -> list[RequestSensitive | EncounterSensitive]:
    """What was said of the need of protection, the newest first."""
    return [body for body in opened.ever(Closed) if isinstance(body, RequestSensitive | EncounterSensitive)]


def _profiles(opened: Opened) -> set[str]:
    return {entry.profile for body in _needs(opened) for entry in body.profiles}


def _is_trafficked(opened: Opened) -> bool:
    return bool(_profiles(opened) & TRAFFICKED) or any(body.trafficking for body in opened.ever(RequestSensitive))


def _is_minor(opened: Opened, on: str) -> bool:
    """By a profile, or by the newest birth that was told with a date."""
    births = [body.person.birth for body in _people(opened) if body.person.birth and body.person.birth.date]
    return bool(_profiles(opened) & _CHILD) or (bool(births) and _under_age(births[0], on))


def _under_age(birth: Birth | None, on: str) -> bool:
    """At the end of the day `on`; of a year or month alone, the last day that it can be."""
    if birth is None or birth.date is None:
        return False
    year, month, day = _latest(birth.date)
    now = date.fromisoformat(on)
    return (now.year - year, now.month, now.day) < (_ADULT, month, day)


def _latest(written: str) -> tuple[int, int, int]:
    pieces = [int(one) for one in written.split("-")]
    year, month, day = (*pieces, *(12, 31)[len(pieces) - 1 :])
    return year, month, day
