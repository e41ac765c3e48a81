"""What happened to a person: met, removed."""

from typing import Annotated, Literal

from hifadhi.referral.closed import Items, Maybe, Uuid7
from hifadhi.referral.header import Any16, Header, PartEntry, PartsOf


class EncounterReported(Header):
    """A person was met. Without `case` it opens one, under the reporting state agency or the focal addressee."""

    type: Literal["encounter.reported"]
    case: Maybe[Uuid7] = None
    to: Any16
    group: Maybe[Uuid7] = None
    parts: Annotated[Items[PartEntry], PartsOf("encounter.reported")]


class RemovalRecorded(Header):
    """A state agency removed the person from its territory. Who owes protection does not change by it."""

    type: Literal["removal.recorded"]
    case: Uuid7
    to: Any16
    parts: Annotated[Items[PartEntry], PartsOf("removal.recorded")]
