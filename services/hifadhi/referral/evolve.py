"""What a recorded message, or a lapse, makes of its case. Pure; the same leaves give the same case."""

from collections.abc import Mapping
from dataclasses import replace

from hifadhi.referral import clocks, message
from hifadhi.referral.case import Case, Clock, Referral, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.table import ACCEPTED_AND_THERE, KIND, MOVES, RECEIPT, Kind, Move


def evolve(case: Case | None, header: Header, stored_at: int, directory: Directory, past: Mapping[str, Sealed]) -> Case:
    """The case after a recorded, regular message, stored at `stored_at` (milliseconds UTC)."""
    if case is None:
        return _opened(header, directory)
    case = joined(case, header)
    if isinstance(header, message.ReferralRequested):
        return _requested(case, header, stored_at, directory)
    referral = _concerned(case, header, past)
    if referral is None or (referral.state, header.type) not in MOVES:
        return case
    move = MOVES[referral.state, header.type]
    there = isinstance(header, message.ReferralAccepted) and header.encounter and referral.kind == "responsibility"
    if there:
        case, move = replace(case, responsible=referral.receiver), ACCEPTED_AND_THERE
    counts = KIND[header.type] is Kind.DECISION
    return _moved(case, referral, move, stored_at, directory, counts=counts)


def joined(case: Case, header: Header) -> Case:
    """The case after an irregular message: its parties, nothing else."""
    parties = case.parties.union((header.sender, *header.addressees))
    return case if parties == case.parties else replace(case, parties=parties)


def lapse(case: Case, clock: Clock, directory: Directory) -> Case:
    """The case after a clock has run out. What follows starts when it was due, not when the hub saw it."""
    referral = case.referrals[clock.referral]
    move = MOVES[referral.state, f"lapse:{clock.clock}"]
    return _moved(case, referral, move, clock.due, directory, counts=True)


def _opened(header: Header, directory: Directory) -> Case:
    own = directory.agencies[header.sender].is_state
    responsible = header.sender if own else header.addressees[0]
    return Case(header.id, 1, responsible, frozenset({header.sender, *header.addressees}))


def _requested(case: Case, header: message.ReferralRequested, stored_at: int, directory: Directory) -> Case:
    new = Referral(header.id, header.kind, header.urgency, header.sender, header.to[0], version=0)
    return _moved(case, new, Move(new.state, RECEIPT), stored_at, directory, counts=True)


def _concerned(case: Case, header: Header, past: Mapping[str, Sealed]) -> Referral | None:
    """The referral that a message moves: the one it names, or the request that it says is broken."""
    if isinstance(header, message.MessageBounced):
        return case.referrals.get(header.in_reply_to) if header.in_reply_to in past else None
    return case.referrals.get(getattr(header, "referral", ""))


def _moved(case: Case, referral: Referral, move: Move, at: int, directory: Directory, *, counts: bool) -> Case:
    """`counts`: whether versions rise; they do with decisions and lapses, so no automatic receipt makes one stale."""
    clock, due = move.clock, None
    if clock:
        due = clocks.due(clock, referral.urgency, at, directory.agencies[referral.receiver].utc_offset)
    if referral.clock == clock:
        due = referral.due  # a receipt that comes after the silent day does not start the reply clock again
    after = replace(referral, state=move.to, version=referral.version + counts, clock=clock, due=due)
    return replace(case, version=case.version + counts, referrals={**case.referrals, referral.id: after})
