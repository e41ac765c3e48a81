"""The rules across the fields of sealed bodies, checked at both edges: before sealing, and after opening.

The hub cannot read parts, so nobody else can check these. Each rule, its fault code, and what it stops:

1.  NAME_EMPTY: a name has a given or a family name. A record that can be found under nothing.
2.  BIRTH_PRECISION: a birth date says no more than its precision. An estimated age that is read as a date of birth.
3.  TEXT_EMPTY: a text says something. Obligatory reasons given as blanks.
4.  NO_SUCH_DATE: dates and instants exist. 30 February, which every system moves to another day.
5.  BEST_INTERESTS_REF: a best-interests procedure has its reference and date. One that is claimed and cannot be found.
6.  TEXT_MISSING: OTHER is explained. A code that hides the reason.
7.  OWN_TERRITORY: a state agency reports encounters in its own country only. A person declared to be elsewhere.
8.  MOVEMENT_DIFFERS: the movement part repeats the content. Observers who are told another story than the receivers.
9.  FEARED_COUNTRY: nothing about a person is sealed to an agency of a country that they fear, nor, if they seek or have
    refuge, of a country of their nationality. The persecutor as a reader. A request for nothing but a voluntary return,
    with an observer as a reader of its content, may go to the latter.
10. CONSENT_MISSING: a trafficking victim is referred only with consent in force for every receiver and purpose. Data
    passed on against the victim's will.
11. RISK_ASSESSMENT_MISSING: and only with a risk assessment. A victim sent back to the traffickers.
12. SUGGESTED_MISSING: who declines because another is responsible names them. A person sent round in circles.
13. SUGGESTED_DIFFERS: and tells the observers the same country. Circles that the observers cannot see.
14. NOTHING_NEW: who asks to look again brings new evidence, or says what was misread. The same request, asked for ever.

Pointers start with the part's name. A reader of some parts only cannot check what needs the others; the sender, who
reads all of them, checks every rule.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from hifadhi.errors import Fault, Refused
from hifadhi.referral.closed import Closed
from hifadhi.referral.faults import MOST_FAULTS
from hifadhi.referral.parts.answers import DeclinedContent, DeclinedMovement, ReexaminationContent
from hifadhi.referral.parts.encounter import EncounterContent, EncounterMovement, EncounterSensitive
from hifadhi.referral.parts.request import RequestContent, RequestSensitive
from hifadhi.referral.piece_rules import PIECE_RULES, pieces

B = TypeVar("B", bound=Closed)

# The other parts say nothing of who the person is, and their readers are fixed for all messages.
_PARTS_ABOUT_THE_PERSON = ("content", "sensitive")
SEEKS_REFUGE = frozenset({"REFUGEE", "ASYLUM_SEEKER"})
TRAFFICKED = frozenset({"VOT_PRESUMED", "VOT_IDENTIFIED"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose parts lie open; `readers` are its header's, by part."""

    sender: str
    readers: Mapping[str, Sequence[str]]
    bodies: Mapping[str, Closed]
    country_of: Mapping[str, str]

    def part(self, name: str, of: type[B]) -> B | None:
        """The body of a part; None if this reader cannot open it or the type has no such part."""
        body = self.bodies.get(name)
        return body if isinstance(body, of) else None

    @property
    def receivers(self) -> frozenset[str]:
        """Who else than the sender reads about the person."""
        named = (self.readers.get(part, ()) for part in _PARTS_ABOUT_THE_PERSON)
        return frozenset(agency for agencies in named for agency in agencies if agency != self.sender)


def check_body(
    message_type: str,
    bodies: Mapping[str, Closed],
    *,
    sender: str,
    readers: Mapping[str, Sequence[str]],
    country_of: Mapping[str, str],
) -> None:
    """All rules of the type, on those of its bodies that lie open; `Refused` with one fault for each that fails.

    `country_of` has the alpha-3 code of every agency that acts for a state; an agency that is not in it acts for none.
    """
    if message_type not in RULES:
        raise Refused(Fault("TYPE_UNKNOWN", "", "no such message type here"))
    opened = Opened(sender, readers, bodies, country_of)
    found = tuple(islice(_faults(RULES[message_type], opened), MOST_FAULTS))
    if found:
        raise Refused(*found)


def _faults(rules: "Sequence[Rule]", opened: Opened) -> Iterator[Fault]:
    for name, body in opened.bodies.items():
        for pointer, piece in pieces(body, f"/{name}"):
            for rule in PIECE_RULES:
                yield from rule(pointer, piece)
    for across in rules:
        yield from across(opened)


def in_own_territory(opened: Opened) -> Iterator[Fault]:
    """Rule 7."""
    content = opened.part("content", EncounterContent)
    home = opened.country_of.get(opened.sender)
    if content and home and content.place.country != home:
        says = "a state agency reports encounters in its own country; what happened elsewhere is for `account`"
        yield Fault("OWN_TERRITORY", "/content/place/country", says)


def movement_repeats_content(opened: Opened) -> Iterator[Fault]:
    """Rule 8."""
    content = opened.part("content", EncounterContent)
    movement = opened.part("movement", EncounterMovement)
    if content and movement:
        for field, told in _movement_in(content).items():
            if getattr(movement, field) != told:
                yield Fault("MOVEMENT_DIFFERS", f"/movement/{field}", "must be, or be absent, as in the content")


def _movement_in(content: EncounterContent) -> Mapping[str, object]:
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


def victim_consented(opened: Opened) -> Iterator[Fault]:
    """Rule 10."""
    content = opened.part("content", RequestContent)
    if content is None or not _trafficked(opened):
        return
    consent = content.processing.consent
    if consent is None or consent.withdrawn_at is not None:
        yield Fault("CONSENT_MISSING", "/content/processing/consent", "a trafficking victim's consent must be in force")
        return
    allowed = {(use.agency, use.purpose) for use in consent.scope}
    if not allowed.issuperset((agency, purpose) for agency in opened.receivers for purpose in content.purposes):
        says = "must name every receiver of content or sensitive, with every purpose of the request"
        yield Fault("CONSENT_MISSING", "/content/processing/consent/scope", says)


def victim_has_risk_assessment(opened: Opened) -> Iterator[Fault]:
    """Rule 11."""
    sensitive = opened.part("sensitive", RequestSensitive)
    if sensitive and _trafficked(opened) and sensitive.trafficking is None:
        says = "a trafficking victim is referred with a risk assessment; name it here"
        yield Fault("RISK_ASSESSMENT_MISSING", "/sensitive/trafficking", says)


def _trafficked(opened: Opened) -> bool:
    sensitive = opened.part("sensitive", RequestSensitive)
    if sensitive is None:
        return False
    return sensitive.trafficking is not None or any(entry.profile in TRAFFICKED for entry in sensitive.profiles)


def names_who_is_responsible(opened: Opened) -> Iterator[Fault]:
    """Rule 12."""
    content = opened.part("content", DeclinedContent)
    if content and "RESPONSIBILITY_ELSEWHERE" in content.reasons and content.suggested is None:
        says = "RESPONSIBILITY_ELSEWHERE names the agency that is responsible, and on which ground"
        yield Fault("SUGGESTED_MISSING", "/content/suggested", says)


def suggests_one_country(opened: Opened) -> Iterator[Fault]:
    """Rule 13."""
    content = opened.part("content", DeclinedContent)
    movement = opened.part("movement", DeclinedMovement)
    if content and movement:
        country = opened.country_of.get(content.suggested.agency) if content.suggested else None
        if movement.suggested_country != country:
            says = "must be the country of the agency suggested in the content, or absent as that is"
            yield Fault("SUGGESTED_DIFFERS", "/movement/suggested_country", says)


def brings_something_new(opened: Opened) -> Iterator[Fault]:
    """Rule 14."""
    content = opened.part("content", ReexaminationContent)
    if content and not content.new_evidence and content.misread is None:
        yield Fault("NOTHING_NEW", "/content/new_evidence", "bring new evidence, or say in `misread` what was misread")


def _sensitive(opened: Opened) -> EncounterSensitive | RequestSensitive | None:
    return opened.part("sensitive", EncounterSensitive) or opened.part("sensitive", RequestSensitive)


Rule = Callable[[Opened], Iterator[Fault]]
# Rules 1 to 6 hold for every type.
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "encounter.reported": (in_own_territory, movement_repeats_content, not_to_a_feared_country),
        "referral.requested": (not_to_a_feared_country, victim_consented, victim_has_risk_assessment),
        "referral.received": (),
        "referral.accepted": (),
        "referral.declined": (names_who_is_responsible, suggests_one_country),
        "reexamination.requested": (brings_something_new, not_to_a_feared_country, victim_has_risk_assessment),
        "referral.withdrawn": (),
        "message.bounced": (),
    }
)
