"""Every parser that takes bytes from outside, by name."""

from collections.abc import Mapping
from typing import Final

from fuzz import agency_targets, hub_targets, jose_targets, ledger_targets
from fuzz.target import Target

TARGETS: Final[Mapping[str, Target]] = {
    target.name: target
    for target in (*jose_targets.TARGETS, *ledger_targets.TARGETS, *hub_targets.TARGETS, *agency_targets.TARGETS)
}
