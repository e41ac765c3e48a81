"""When a process looks for objects that hold each other: rarely, and never at what it is made of.

By default Python looks after every 700 objects more. A message makes hundreds, which go by themselves when it is
answered; an audit keeps some hundred thousand for long, and would walk them time and again for next to nothing.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

THRESHOLDS: Final = (20_000, 20, 20)


def settle() -> None:
    """Once, when the process is ready: what it is made of lives as long as it, so nobody need walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


@contextmanager
def settled() -> Iterator[None]:
    """The same for as long as a long piece of work takes."""
    before = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
