"""The rules across the fields of sealed bodies, checked at both edges: before sealing, and after opening.

The hub cannot read parts, so nobody else can check these. Each rule, its fault code, and what it stops:

1.  NAME_EMPTY: a name has a given or a family name. A record that can be found under nothing.
2.  BIRTH_PRECISION: a birth date says no more than its precision. An estimated age that is read as a date of birth.
3.  TEXT_EMPTY: a text says something. Obligatory reasons given as blanks.
4.  NO_SUCH_DATE: dates and instants exist. 30 February, which every system moves to another day.
5.  BEST_INTERESTS_REF: a best-interests procedure has its reference and date. One that is claimed and cannot be found.
6.  TEXT_MISSING: OTHER is explained. A code that hides the reason.
7.  OWN_TERRITORY: a state agency reports what happens in its own country only. A person declared to be elsewhere.
8.  MOVEMENT_DIFFERS: the movement part repeats the content. Observers who are told another story than the receivers.
9.  FEARED_COUNTRY: nothing about a person is sealed to an agency of a country that they fear, nor, if they seek or have
    refuge, of a country of their nationality; and nobody is brought there. The persecutor as a reader; refoulement. A
    request for nothing but a voluntary return, with an observer as a reader of its content, may go to the latter. What
    has to be said to somebody is not held back: an answer to who asked, a withdrawal, a change of consent.
10. CONSENT_MISSING: a trafficking victim is referred, and travels, only with consent in force for every receiver and,
    when referred, purpose. Data passed on, or a person moved, against the victim's will.
11. RISK_ASSESSMENT_MISSING: and only with a risk assessment. A victim sent back to the traffickers.
12. SUGGESTED_MISSING: who declines because another is responsible names them. A person sent round in circles.
13. SUGGESTED_DIFFERS: and tells the observers the same country. Circles that the observers cannot see.
14. NOTHING_NEW: who asks to look again brings new evidence, or says what was misread. The same request, asked for ever.
15. MANIFEST_TWICE: nobody stands twice in a manifest. Headcounts that hide who is missing.
16. BEST_INTERESTS_MISSING: a minor travels with a best-interests procedure. A child whom nobody thought of.
17. VALUE_OR_REFUSAL: an answer is a value or a refusal. A question that looks answered.
18. NOTHING_CORRECTED: a correction corrects something. One that every recipient has to apply in vain.
19. OBSERVER_UNINVITED: an observer reads about a person only where an arrangement copies it, the person asks, or the
    case is escalated (`domain.md` §8). A person's story told to whom the sender likes.
20. CORRECTION_MISFIT: a correction fits what it corrects, and leaves it within these rules. One that some readers apply
    and others cannot; a rule that is broken afterwards. `corrections` tries it, where the corrected message lies open.
21. ARRIVAL_DUE: the arrival is due within 24 hours of the planned one, a minor's within 6, and not before it. A person
    who is lost on the way, and whom nobody misses; one whom nobody owes protection while they are still on it.

Rules 9 and 10 look at all that this edge knows of the case, as it was corrected; of a plan and a departure, 11, 16 and
21 too.
Pointers start with the part's name. A reader of some parts only cannot check what needs the others; the sender, who
reads all of them, checks every rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from hifadhi.errors import Fault, Refused
from hifadhi.referral.edge.answers import brings_something_new, names_who_is_responsible, suggests_one_country
from hifadhi.referral.edge.data import answers_or_refuses, corrects_something
from hifadhi.referral.edge.encounter import in_own_territory, movement_repeats_content
from hifadhi.referral.edge.observers import observers_are_invited
from hifadhi.referral.edge.opened import Opened, Rule
from hifadhi.referral.edge.refuge import not_to_a_feared_country
from hifadhi.referral.edge.trafficking import victim_consented, victim_has_risk_assessment
from hifadhi.referral.edge.transfer import (
    arrival_is_due_in_time,
    minor_has_best_interests,
    nobody_twice,
    not_towards_danger,
    victim_agrees_to_travel,
)
from hifadhi.referral.faults import MOST_FAULTS
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.piece_rules import pieces, rules_of


def check_body(message_type: str, opened: Opened) -> None:
    """All rules of the type, on those of its bodies that lie open; `Refused` with one fault for each that fails."""
    if message_type not in RULES:
        raise Refused(Fault("TYPE_UNKNOWN", "", "no such message type here"))
    found = tuple(islice(_faults(RULES[message_type], opened), MOST_FAULTS))
    if found:
        raise Refused(*found)


def _faults(rules: Sequence[Rule], opened: Opened) -> Iterator[Fault]:
    for name, body in opened.bodies.items():
        for pointer, piece in pieces(body, f"/{name}"):
            for rule in rules_of(type(piece)):
                yield from rule(pointer, piece)
    for across in rules:
        yield from across(opened)


_HAPPENED: tuple[Rule, ...] = (in_own_territory, movement_repeats_content)
_OF_THE_CASE = ("responsibility.assumed", "outcome.reported", "case.closed", "case.reopened")
# Nobody has to say these: their sender can take its request back, or leave the other case alone.
_BY_CHOICE = ("information.requested", "transfer.resumed", "dispute.opened", "link.proposed")
_TRAVELS: tuple[Rule, ...] = (nobody_twice, minor_has_best_interests, victim_agrees_to_travel, not_towards_danger)
# Rules 1 to 6 hold for every type.
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        **dict.fromkeys(PARTS, ()),
        "encounter.reported": (*_HAPPENED, not_to_a_feared_country, observers_are_invited),
        "removal.recorded": (*_HAPPENED, not_to_a_feared_country, observers_are_invited),
        "referral.requested": (
            not_to_a_feared_country,
            victim_consented,
            victim_has_risk_assessment,
            observers_are_invited,
        ),
        **dict.fromkeys(_OF_THE_CASE, (not_to_a_feared_country, observers_are_invited)),
        **dict.fromkeys(_BY_CHOICE, (not_to_a_feared_country,)),
        "referral.declined": (names_who_is_responsible, suggests_one_country),
        "reexamination.requested": (brings_something_new, not_to_a_feared_country, victim_has_risk_assessment),
        "information.provided": (answers_or_refuses, not_to_a_feared_country),
        "transfer.proposed": (*_TRAVELS, arrival_is_due_in_time),
        "departure.confirmed": (*_TRAVELS, *_HAPPENED),
        "arrival.confirmed": _HAPPENED,
        "non_arrival.reported": _HAPPENED,
        "data.corrected": (corrects_something,),
    }
)
_LOOKING_BACK = frozenset({not_to_a_feared_country, victim_consented, observers_are_invited, *_TRAVELS})
# The types that are judged by what was said of the case before, too.
LOOK_BACK = frozenset(kind for kind, rules in RULES.items() if not _LOOKING_BACK.isdisjoint(rules))
