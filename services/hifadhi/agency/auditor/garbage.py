"""Python's search for garbage in cycles, as seldom as an audit needs it.

An audit holds some hundred thousand objects for long, makes as many each second, and next to no cycles. By default the
search goes through them time and again, and takes a quarter of an audit's time for nothing.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SELDOM: Final = (100_000, 10, 10)
"""Of `gc.set_threshold`: the youngest are looked at after some thousand leaves, all after some hundred thousand."""


@contextmanager
def seldom() -> Iterator[None]:
    """Within: what is there already is never looked through, the rest seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def seldom_from_now() -> None:
    """The same for the rest of this process's life."""
    gc.freeze()
    gc.set_threshold(*_SELDOM)
