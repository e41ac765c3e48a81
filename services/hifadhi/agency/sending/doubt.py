"""What came of a message that the hub refuses now, and that it may have stored before.

A refusal says of bytes that they were not stored by this posting. An earlier posting of the same bytes may have been
stored although its answer was lost, and the directory may have changed since. To believe the refusal then would free
the number of a message that is sealed, and have its sender seal the same encounter again: two cases of one person. So:

1. Its ruling is asked for. If there is one, the message is stored, whatever the refusal says; the leaf is its proof.
2. That there is none proves nothing while an earlier posting may be under way, or be stored and not sealed. From the
   refusal on the message is not posted any more; what was under way then is stored within `UNDER_WAY_S`, and what is
   stored has its leaf within `max_delay_s`. Until both are over the message is kept, and nothing is said of it.
3. After that it was never stored, if it is in none of the leaves that the ledger has by now. Delivery says how many
   leaves it has looked through; it may be behind, or be making its rows again (`Exchange.sealed`).

A hub that seals later than it promises can still make a second leaf of it, but hardly a second case: the registry
checks what the gateway checks, by a directory that is no older, and the later leaf is a refused one.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from hifadhi.agency.composing.compose import Message
from hifadhi.agency.home.journal import Refusal
from hifadhi.agency.wire.exchange import Ruling
from hifadhi.agency.wire.receipt import Rejection
from hifadhi.errors import Refused, Unavailable

UNDER_WAY_S: Final = 60
"""Longer than a gateway reads a body (30 s), and stores its parts and then itself (10 s each)."""

Sealed = Callable[[Message, int], Awaitable[Ruling | None]]
"""The ruling on a message, waited for so many seconds; None, if no leaf that the ledger has by now is its."""


async def resolved(
    message: Message, refusal: Refusal, sealed: Sealed, *, max_delay_s: int, now_ms: int, wait_s: int = 0
) -> Ruling | Rejection | None:
    """The ruling, or the refusal that holds after all; None while that cannot be told. `now_ms`: before the asking."""
    may_come = now_ms < refusal.at_ms + (UNDER_WAY_S + max_delay_s) * 1000  # rule 2
    try:
        ruling = await sealed(message, wait_s)  # rules 1 and 3
    except (Refused, Unavailable):
        return None
    if ruling is None and not may_come:
        return Rejection(message.id, Refused(*refusal.faults), refusal.evidence)
    return ruling
