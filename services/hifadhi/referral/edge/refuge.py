"""Rule 9: nothing about a person reaches those whom they fear, and nobody is brought to them."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.encounter import EncounterContent, EncounterSensitive
from hifadhi.referral.parts.request import RequestContent, RequestSensitive

SEEKS_REFUGE = frozenset({"REFUGEE", "ASYLUM_SEEKER"})


def not_to_a_feared_country(opened: Opened) -> Iterator[Fault]:
    """Rule 9. The sender itself is no receiver: that a person fears the country they are in must be reportable."""
    reached = {opened.country_of[agency] for agency in opened.receivers if agency in opened.country_of}
    for pointer, country in (*_feared(opened), *_fled(opened)):
        if country in reached:
            says = "an agency of this country is among the readers; nothing about this person may be sealed to it"
            yield Fault("FEARED_COUNTRY", pointer, says)


def _feared(opened: Opened) -> Iterator[tuple[str, str]]:
    sensitive = _sensitive(opened)
    for index, country in enumerate(sensitive.feared_countries if sensitive else ()):
        yield f"/sensitive/feared_countries/{index}", country


def _fled(opened: Opened) -> Iterator[tuple[str, str]]:
    content = opened.part("content", EncounterContent) or opened.part("content", RequestContent)
    if content and _seeks_refuge(_sensitive(opened)) and not _voluntary_return(opened):
        for index, country in enumerate(content.person.nationalities):
            yield f"/content/person/nationalities/{index}", country


def _seeks_refuge(sensitive: EncounterSensitive | RequestSensitive | None) -> bool:
    if sensitive is None:
        return False
    asked = isinstance(sensitive, EncounterSensitive) and sensitive.asylum_requested
    return asked or any(entry.profile in SEEKS_REFUGE for entry in sensitive.profiles)


def _voluntary_return(opened: Opened) -> bool:
    content = opened.part("content", RequestContent)
    observed = any(agency not in opened.country_of for agency in opened.readers.get("content", ()))
    return content is not None and set(content.purposes) == {"VOLUNTARY_RETURN"} and observed


def _sensitive(opened: Opened) -> EncounterSensitive | RequestSensitive | None:
    return opened.part("sensitive", EncounterSensitive) or opened.part("sensitive", RequestSensitive)
