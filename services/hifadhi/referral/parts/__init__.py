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
from hifadhi.referral.parts.data import ConsentContent, CorrectedContent, ErasureContent, RestrictedContent
from hifadhi.referral.parts.encounter import EncounterContent, EncounterMovement, EncounterSensitive
from hifadhi.referral.parts.ending import ClosedContent, OutcomeContent, ReopenedContent
from hifadhi.referral.parts.information import Asked, Provided
from hifadhi.referral.parts.journey import (
    ArrivedContent,
    ArrivedMovement,
    AwaitedContent,
    DepartedContent,
    DepartedMovement,
    NotArrivedMovement,
)
from hifadhi.referral.parts.link import LinkContent
from hifadhi.referral.parts.removal import RemovalContent, RemovalMovement
from hifadhi.referral.parts.request import RequestContent, RequestSensitive
from hifadhi.referral.parts.responsibility import AdviceContent, AssumedContent, DisputeContent, ResolutionContent
from hifadhi.referral.parts.statistics import Statistics
from hifadhi.referral.parts.transfer import (
    AgreedContent,
    ProposedContent,
    ProposedSensitive,
    ResumedContent,
    SuspendedContent,
)

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
    "removal.recorded.content/1": RemovalContent,
    "removal.recorded.movement/1": RemovalMovement,
    "information.requested.content/1": Asked,
    "information.requested.sensitive/1": Asked,
    "information.provided.content/1": Provided,
    "information.provided.sensitive/1": Provided,
    "transfer.proposed.content/1": ProposedContent,
    "transfer.proposed.sensitive/1": ProposedSensitive,
    "transfer.agreed.content/1": AgreedContent,
    "transfer.suspended.content/1": SuspendedContent,
    "transfer.resumed.content/1": ResumedContent,
    "departure.confirmed.content/1": DepartedContent,
    "departure.confirmed.movement/1": DepartedMovement,
    "arrival.confirmed.content/1": ArrivedContent,
    "arrival.confirmed.movement/1": ArrivedMovement,
    "arrival.confirmed.statistics/1": Statistics,
    "non_arrival.reported.content/1": AwaitedContent,
    "non_arrival.reported.movement/1": NotArrivedMovement,
    "responsibility.assumed.content/1": AssumedContent,
    "outcome.reported.content/1": OutcomeContent,
    "outcome.reported.statistics/1": Statistics,
    "case.closed.content/1": ClosedContent,
    "case.closed.statistics/1": Statistics,
    "case.reopened.content/1": ReopenedContent,
    "case.reopened.statistics/1": Statistics,
    "data.corrected.content/1": CorrectedContent,
    "data.corrected.sensitive/1": CorrectedContent,
    "consent.changed.content/1": ConsentContent,
    "data.restricted.content/1": RestrictedContent,
    "link.proposed.content/1": LinkContent,
    "link.answered.content/1": LinkContent,
    "erasure.ordered.content/1": ErasureContent,
    "dispute.opened.content/1": DisputeContent,
    "observer.advised.content/1": AdviceContent,
    "dispute.resolved.content/1": ResolutionContent,
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
