"""When and among whom a message takes effect."""

from collections.abc import Mapping
from typing import NamedTuple

from hifadhi.referral.case import Sealed
from hifadhi.referral.directory import Directory


class Moment(NamedTuple):
    """`at`: the leaf's `stored_at`, milliseconds UTC. `past`: the earlier messages that the message names."""

    at: int
    directory: Directory
    past: Mapping[str, Sealed]
