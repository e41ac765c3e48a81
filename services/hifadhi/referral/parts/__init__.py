"""The bodies of sealed parts, by schema name (`referral.requested.content/1`). The hub never imports this package.

Released bodies never change: another body is another number in the schema's name.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.referral import faults
from hifadhi.referral.closed import Closed
from hifadhi.referral.parts.answers import (
    AcceptedContent,
    DeclinedContent,
    DeclinedMovement,
    ReexaminationContent,
    WithdrawnContent,
)
from hifadhi.referral.parts.bounce import BouncedContent
from hifadhi.referral.parts.encounter import EncounterContent, EncounterMovement, EncounterSensitive
from hifadhi.referral.parts.request import RequestContent, RequestSensitive
from hifadhi.referral.parts.statistics import Statistics

BODIES: Mapping[str, type[Closed]] = {
    "encounter.reported.content/1": EncounterContent,
    "encounter.reported.sensitive/1": EncounterSensitive,
    "encounter.reported.movement/1": EncounterMovement,
    "encounter.reported.statistics/1": Statistics,
    "referral.requested.content/1": RequestContent,
    "referral.requested.sensitive/1": RequestSensitive,
    "referral.requested.statistics/1": Statistics,
    "referral.accepted.content/1": AcceptedContent,
    "referral.declined.content/1": DeclinedContent,
    "referral.declined.movement/1": DeclinedMovement,
    "referral.declined.statistics/1": Statistics,
    "reexamination.requested.content/1": ReexaminationContent,
    "reexamination.requested.sensitive/1": RequestSensitive,  # the request's, as it is by now
    "referral.withdrawn.content/1": WithdrawnContent,
    "message.bounced.content/1": BouncedContent,
}


def body(schema: str, document: object, *, pointer: str = "") -> Closed:
    """The body of that schema in a strictly parsed JSON value, or `Refused` SCHEMA, each pointer behind `pointer`."""
    if schema not in BODIES:
        raise Refused(Fault("SCHEMA", pointer, "no such schema here; the bodies' schemas stand in schemas/parts/"))
    try:
        return BODIES[schema].model_validate(document)
    except ValidationError as error:
        raise faults.refusal(error, document, prefix=pointer) from None


def as_json(of: Closed) -> dict[str, object]:
    """The JSON value of a body, as it is sealed: absent fields are absent."""
    return of.model_dump(mode="json", by_alias=True, exclude_none=True)
