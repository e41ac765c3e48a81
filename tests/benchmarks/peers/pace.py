"""How long everything is measured: for a figure that counts, or for a look."""

from dataclasses import dataclass
from typing import Final

# Messages a second at which latency and bytes are measured: every one of the three is far from busy.
RATE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of each phase. `warm_up`: saturated and not counted, in each sending process of a peer.

    `tried`: messages that warm ours up and tell how many last so long.
    """

    warm_up: float
    saturated: float
    steady: float
    wire: float
    tried: int


LONG: Final = Pace(warm_up=20.0, saturated=66.0, steady=40.0, wire=6.0, tried=600)
QUICK: Final = Pace(warm_up=4.0, saturated=5.0, steady=4.0, wire=2.0, tried=100)
