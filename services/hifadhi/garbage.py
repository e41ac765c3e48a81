"""When a process looks for objects that hold each other: rarely, and never at what it is made of."""

import gc
from typing import Final

THRESHOLDS: Final = (20_000, 20, 20)
"""Python looks after every 700 objects more; a message makes hundreds, which go by themselves when it is answered."""


def settle() -> None:
    """Once, when the process is ready: what it is made of lives as long as it, so nobody need walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
