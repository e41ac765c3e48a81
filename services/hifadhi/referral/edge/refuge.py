"""Rule 9: nothing about a person reaches those whom they fear, and nobody is brought to them."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.encounter import EncounterContent, EncounterSensitive
from hifadhi.referral.parts.request import RequestContent, RequestSensitive

SEEKS_REFUGE = frozenset({"REFUGEE", "ASYLUM_SEEKER"})


def not_to_a_feared_country(opened: Opened) -> Iterator[Fault]:
    """Rule 9. The sender itself is no receiver: that a person fears the country they are in must be reportable."""
    reached = opened.states(opened.receivers)
    here = [*_feared(opened), *_fled(opened)]
    for pointer, country in here:
        if country in reached:
            says = "an agency of this country is among the readers; nothing about this person may be sealed to it"
            yield Fault("FEARED_COUNTRY", pointer, says)
    if _reached_by_choice(opened) & (dangerous(opened) - {country for _, country in here}):
        says = (
            "by what was said before, the person fears, or fled from, the country of one of the readers; leave it out"
        )
        yield Fault("FEARED_COUNTRY", "/content", says)


def _reached_by_choice(opened: Opened) -> frozenset[str]:
    """Not the sender's own country: it has the case, and a bounce would tell it what was said of it elsewhere."""
    if opened.bound is None:
        return frozenset()
    return opened.states(opened.receivers - opened.bound) - opened.states({opened.sender})


def dangerous(opened: Opened) -> set[str]:
    """The countries that the person fears or fled from, by all that this edge knows of the case."""
    return {country for body in needs(opened) for country in body.feared_countries} | _ever_fled(opened)


def _ever_fled(opened: Opened) -> set[str]:
    """The countries of nationality of who seeks or has refuge, unless all that was asked for is a voluntary return."""
    asked = next(opened.ever(RequestContent), None)
    if _returns_freely(asked, opened) or not any(map(_seeks_refuge, needs(opened))):
        return set()
    return {country for body in people(opened) for country in body.person.nationalities}


def people(opened: Opened) -> list[RequestContent | EncounterContent]:
    """What was said of who the person is, the newest first."""
    return [body for body in opened.ever(Closed) if isinstance(body, RequestContent | EncounterContent)]


def needs(opened: Opened) -> list[RequestSensitive | EncounterSensitive]:
    """What was said of the need of protection, the newest first."""
    return [body for body in opened.ever(Closed) if isinstance(body, RequestSensitive | EncounterSensitive)]


def _feared(opened: Opened) -> Iterator[tuple[str, str]]:
    sensitive = _sensitive(opened)
    for index, country in enumerate(sensitive.feared_countries if sensitive else ()):
        yield f"/sensitive/feared_countries/{index}", country


def _fled(opened: Opened) -> Iterator[tuple[str, str]]:
    content = opened.part("content", EncounterContent) or opened.part("content", RequestContent)
    sensitive = _sensitive(opened)
    if content and sensitive and _seeks_refuge(sensitive) and not _returns_freely(content, opened):
        for index, country in enumerate(content.person.nationalities):
            yield f"/content/person/nationalities/{index}", country


def _seeks_refuge(sensitive: EncounterSensitive | RequestSensitive) -> bool:
    asked = isinstance(sensitive, EncounterSensitive) and sensitive.asylum_requested
    return asked or any(entry.profile in SEEKS_REFUGE for entry in sensitive.profiles)


def _returns_freely(content: Closed | None, opened: Opened) -> bool:
    return isinstance(content, RequestContent) and set(content.purposes) == {"VOLUNTARY_RETURN"} and opened.is_observed


def _sensitive(opened: Opened) -> EncounterSensitive | RequestSensitive | None:
    return opened.part("sensitive", EncounterSensitive) or opened.part("sensitive", RequestSensitive)
