"""How a referral moves: its next state, its version, and its clock that starts, runs on or stands still."""

from collections.abc import Collection
from dataclasses import replace

from hifadhi.referral import clocks
from hifadhi.referral.case import Case, Held, Referral
from hifadhi.referral.directory import Directory
from hifadhi.referral.table import ARRIVAL, ENDED, OVERTAKEN, TRANSFER, Move


def moved(case: Case, referral: Referral, move: Move, at: int, directory: Directory, *, counts: bool) -> Case:
    """The case after a move at `at` (milliseconds UTC).

    `counts`: whether versions rise; they do with decisions and lapses, so no automatic receipt makes one stale.
    """
    after = replace(
        referral,
        state=move.to,
        version=referral.version + counts,
        clock=move.clock,
        due=_due(referral, move, at, directory),
        held=_held(referral, move, at),
    )
    return replace(case, version=case.version + counts, referrals={**case.referrals, referral.id: after})


def _due(referral: Referral, move: Move, at: int, directory: Directory) -> int | None:
    offset = directory.agencies[referral.receiver].utc_offset
    if move.clock is None or move.clock == referral.clock:
        return referral.due if move.clock else None  # a receipt after the silent day starts no clock again
    if move.clock == ARRIVAL and referral.arrival_due is not None:
        return max(referral.arrival_due, at + 1)  # who leaves too late is late with the next leaf, not before this one
    if move.clock == TRANSFER and referral.held:
        return clocks.resumed(referral.held.due, referral.held.since, at, offset)
    days = directory.days(referral.arrangement, move.clock, referral.urgency)
    return clocks.due(move.clock, referral.urgency, at, offset, days=days)


def _held(referral: Referral, move: Move, at: int) -> Held | None:
    """The transfer clock stands still while the plan is suspended, and while the person is on the way."""
    if move.clock == TRANSFER or move.to in ENDED:
        return None
    stops = referral.clock == TRANSFER and referral.due is not None
    return Held(referral.due, at) if stops and referral.due is not None else referral.held


def responsibility_moved(case: Case, to: str, at: int, directory: Directory, *, counts: bool = False) -> Case:
    """The case when `to` owes protection: what was asked of others for it is overtaken (invariants 2 and 4)."""
    if to == case.responsible:
        return replace(case, version=case.version + counts)
    case = replace(case, version=case.version + 1, responsible=to, parties=case.parties | {to})
    asked = [one.id for one in case.referrals.values() if one.kind == "responsibility"]
    return overtaken(case, at, directory, only=asked)


def overtaken(case: Case, at: int, directory: Directory, *, only: Collection[str] | None = None) -> Case:
    """The case when its open referrals, or those of these ids, have ended: nobody waits for them any more."""
    for referral in case.referrals.values():
        if (only is None or referral.id in only) and not referral.has_ended:
            after = moved(case, referral, OVERTAKEN, at, directory, counts=False)
            case = _versioned(after, referral.id)
    return case


def _versioned(case: Case, referral: str) -> Case:
    """A decision on what it was before is stale."""
    before = case.referrals[referral]
    return replace(case, referrals={**case.referrals, referral: replace(before, version=before.version + 1)})
