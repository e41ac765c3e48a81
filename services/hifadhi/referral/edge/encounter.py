"""Rules 7 and 8: where a message says that something happened, and what it tells the observers of it."""

from collections.abc import Iterator, Mapping

from hifadhi.errors import Fault
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.encounter import EncounterContent
from hifadhi.referral.parts.journey import ArrivedContent, AwaitedContent, DepartedContent
from hifadhi.referral.parts.removal import RemovalContent

_HAPPENED = (EncounterContent, DepartedContent, ArrivedContent, AwaitedContent, RemovalContent)


def in_own_territory(opened: Opened) -> Iterator[Fault]:
    """Rule 7."""
    home = opened.country_of.get(opened.sender)
    content = opened.bodies.get("content")
    if isinstance(content, _HAPPENED) and home and content.place.country != home:
        says = "a state agency reports what happens in its own country; what happened elsewhere is another's to report"
        yield Fault("OWN_TERRITORY", "/content/place/country", says)


def movement_repeats_content(opened: Opened) -> Iterator[Fault]:
    """Rule 8."""
    movement = opened.bodies.get("movement")
    for field, value in _told(opened).items() if movement else ():
        if getattr(movement, field) != value:
            name = field.removesuffix("_")
            yield Fault("MOVEMENT_DIFFERS", f"/movement/{name}", "must be, or be absent, as in the content")


def _told(opened: Opened) -> Mapping[str, object]:
    """What the movement part has to say, by its fields."""
    match opened.bodies.get("content"):
        case EncounterContent() as content:
            return _met(content)
        case RemovalContent() as content:
            return _removed(content)
        case DepartedContent() as content:
            return _left(content, opened)
        case ArrivedContent() | AwaitedContent() as content:
            return _arrived(content, opened)
    return {}


def _met(content: EncounterContent) -> Mapping[str, object]:
    account = content.account
    return {
        "country": content.place.country,
        "post": content.place.post,
        "at": content.at,
        "kind": content.kind,
        "assessed": content.assessed,
        "returned_by": account.returned_by if account else None,
        "came_from": account.came_from if account else None,
    }


def _removed(content: RemovalContent) -> Mapping[str, object]:
    return {
        "from_": content.place.country,
        "to": content.destination.country,
        "at": content.at,
        "assessed": content.assessed,
        "remedy_offered": content.remedy_offered,
        "handed_over": content.handed_to is not None,
        "kind": content.kind,
    }


def _left(content: DepartedContent, opened: Opened) -> Mapping[str, object]:
    told = {"from_": content.place.country, "at": content.at, "count": len(content.manifest)}
    return {**told, **_other_side("to", opened)}


def _arrived(content: ArrivedContent | AwaitedContent, opened: Opened) -> Mapping[str, object]:
    return {"to": content.place.country, "at": content.at, **_other_side("from_", opened)}


def _other_side(field: str, opened: Opened) -> Mapping[str, object]:
    """The country of the state agencies that it is said to, where they are of one."""
    countries = {opened.country_of[agency] for agency in opened.receivers if agency in opened.country_of}
    return {field: countries.pop()} if len(countries) == 1 else {}
