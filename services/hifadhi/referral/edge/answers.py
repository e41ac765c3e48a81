"""Rules 12 to 14: what an answer, and a second look, have to say."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.answers import DeclinedContent, DeclinedMovement, ReexaminationContent


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
