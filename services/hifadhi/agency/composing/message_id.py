"""Message ids: UUID version 7 (RFC 9562 §5.7). Python has it from 3.14 on."""

import os
import time
from threading import Lock
from typing import Final
from uuid import UUID

_RANDOM_BITS: Final = 74
_MAX_RANDOM: Final = (1 << _RANDOM_BITS) - 1
_lock: Final = Lock()
_last = [0, 0]
"""The millisecond and the random bits of the newest id that this process gave."""


def new_id() -> str:
    """A new id, lower case, greater than every earlier one of this process (RFC 9562 §6.2, method 2)."""
    with _lock:
        now, random = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10)) >> 6
        if now <= _last[0]:  # the same millisecond, or a clock that stepped back
            now, random = _last[0], _last[1] + 1 + (random >> 42)
        if random > _MAX_RANDOM:
            now, random = now + 1, random & (_MAX_RANDOM >> 1)
        _last[:] = [now, random]
    return str(UUID(int=_layout(now, random)))


def _layout(milliseconds: int, random: int) -> int:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return (milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low
