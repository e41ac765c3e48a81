"""Every parser that takes bytes from outside, by name."""

from collections.abc import Mapping
from typing import Final

from fuzz import (
    agency_targets,
    auditor_targets,
    correction_targets,
    handed_targets,
    hub_targets,
    jose_targets,
    ledger_targets,
    liar_targets,
    opened_targets,
)
from fuzz.target import Target

_ROOMS: Final = (
    *(jose_targets, ledger_targets, opened_targets, correction_targets, hub_targets),
    *(agency_targets, handed_targets, auditor_targets, liar_targets),
)
TARGETS: Final[Mapping[str, Target]] = {target.name: target for room in _ROOMS for target in room.TARGETS}
