"""Rules 15, 16, 21, and 9 to 11 for the way: nobody is brought anywhere without what protects them (`domain.md` §4)."""

from collections.abc import Iterator

from hifadhi.errors import Fault, Refused
from hifadhi.referral import instant
from hifadhi.referral.edge.consent import consented
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.edge.refuge import dangerous, needs, people
from hifadhi.referral.edge.trafficking import TRAFFICKED
from hifadhi.referral.parts.journey import DepartedContent
from hifadhi.referral.parts.request import RequestSensitive
from hifadhi.referral.parts.transfer import ProposedContent, ProposedSensitive
from hifadhi.referral.pieces import Birth, Moment

_ADULT = 18
_CHILD = frozenset({"CHILD_UNACCOMPANIED", "CHILD_SEPARATED"})
_HOUR_MS = 60 * 60 * 1000
# How long after the planned arrival nobody has to ask where the person is (`domain.md` §5).
_ADULT_H, _MINOR_H = 24, 6
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
    if not isinstance(content, _PLANS) or not _is_minor(opened, content.at):
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
    if isinstance(opened.bodies.get("content"), _PLANS) and opened.states(opened.receivers) & dangerous(opened):
        says = (
            "this country is feared, or fled from: nobody is brought there but by a voluntary return that is observed"
        )
        yield Fault("FEARED_COUNTRY", "/content/place/country", says)


def arrival_is_due_in_time(opened: Opened) -> Iterator[Fault]:
    """Rule 21. What a plan says of when and where is when and where the person is to arrive."""
    content = opened.part("content", ProposedContent)
    planned = _instant(content.at) if content else None
    if content is None or planned is None or opened.arrival_due is None:
        return
    hours = _MINOR_H if _is_minor(opened, content.at) else _ADULT_H
    if not planned <= opened.arrival_due <= planned + hours * _HOUR_MS:
        says = f"the header's `arrival_due` is this planned arrival, or at most {hours} hours later"
        yield Fault("ARRIVAL_DUE", "/content/at", says)


def _profiles(opened: Opened) -> set[str]:
    return {entry.profile for body in needs(opened) for entry in body.profiles}


def _is_trafficked(opened: Opened) -> bool:
    return bool(_profiles(opened) & TRAFFICKED) or any(body.trafficking for body in opened.ever(RequestSensitive))


def _is_minor(opened: Opened, on: Moment) -> bool:
    """By a profile, or by the newest birth that was told with a date."""
    births = [body.person.birth for body in people(opened) if body.person.birth and body.person.birth.date]
    return bool(_profiles(opened) & _CHILD) or (bool(births) and _under_age(births[0], on))


def _under_age(birth: Birth | None, on: Moment) -> bool:
    """At the end of that day; of a year or month alone, the last day that it can be."""
    day = _instant(on)
    if birth is None or birth.date is None or day is None:
        return False
    born_year, born_month, born_day = _latest(birth.date)
    now = instant.as_datetime(day)
    return (now.year - born_year, now.month, now.day) < (_ADULT, born_month, born_day)


def _instant(moment: Moment) -> int | None:
    """None, if there is none such: rule 4 says so."""
    try:
        return instant.parse(moment.utc)
    except Refused:
        return None


def _latest(written: str) -> tuple[int, int, int]:
    pieces = [int(one) for one in written.split("-")]
    year, month, day = (*pieces, *(12, 31)[len(pieces) - 1 :])
    return year, month, day
