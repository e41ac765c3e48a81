"""`decide`: how many messages a second the pure rules decide, and let take effect, on one core.

The whole life of a case, over and over: reported, asked, taken, accepted, planned, agreed, left, arrived, closed.
"""

import gc
import time
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, middle
from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.header import Header
from hifadhi.referral.rules import rules
from hifadhi.referral.verdict import RECORDED, Known
from unit.referral.exchange import DIRECTORY, MZ, NOW, ZA, Ledger, header

LIVES: Final = 300


async def measure(_folder: Path, _raw: float) -> list[Figure]:
    """Decisions, each with its effect."""
    said = [message for _ in range(LIVES) for message in _life()]
    return [Figure("decide", middle(lambda: _rate(said)), "decided/s of a core")]


def _life() -> list[Header]:
    """The messages of one case, in order."""
    ledger = Ledger()
    case = ledger.opened(MZ).id
    referral = ledger.requested(case, ZA)
    for kind in ("referral.received", "referral.accepted", "transfer.proposed", "transfer.agreed"):
        ledger.answer(kind, referral)
    for kind in ("departure.confirmed", "arrival.confirmed"):
        ledger.answer(kind, referral)
    ledger.post(header("case.closed", ZA, (MZ,), case=case, seen=ledger.cases[case].version))
    return [leaf.subject for leaf in ledger.leaves if isinstance(leaf.subject, Header)]


def _rate(said: list[Header]) -> float:
    now, cases, past = rules(1), dict[str, Case](), dict[str, Sealed]()
    known = Known(past, cases, DIRECTORY)
    gc.collect()
    began = time.process_time()
    for message in said:
        case = cases.get(message.about)
        assert now.decide(message, case, known) == RECORDED
        after = now.evolve(case, message, NOW, DIRECTORY, past)
        cases[after.id] = after
    return len(said) / (time.process_time() - began)
