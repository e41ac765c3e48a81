"""What a message makes of the referral that it names or makes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hifadhi.referral import instant
from hifadhi.referral.case import Case, Referral
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.headers import (
    ArrivalConfirmed,
    DepartureConfirmed,
    MessageBounced,
    ReferralAccepted,
    ReferralRequested,
    TransferProposed,
)
from hifadhi.referral.moment import Moment
from hifadhi.referral.moves import moved, responsibility_moved
from hifadhi.referral.table import KIND, MOVES, RECEIPT, SIDE, THERE, Kind, Move, State

_INVITING: Final = SIDE.keys() - {"outcome.reported"}


def came(case: Case, header: Header) -> Case:
    """The case after an irregular message: an arrival that overtook its departure waits for it."""
    referral = case.referrals.get(header.referral) if isinstance(header, ArrivalConfirmed) else None
    if not isinstance(header, ArrivalConfirmed) or referral is None or referral.has_ended:
        return case
    return _with(case, replace(referral, came=header.transfer))


def copied_in(case: Case, header: Header, directory: Directory) -> Case:
    """The case after a message within a referral: observers who were copied in when it was escalated stay copied in."""
    if header.type not in _INVITING or len(header.addressees) == 1:
        return case
    referral = case.referrals[header.referral]  # type: ignore[attr-defined] # each of these names one
    observers = {agency for agency in header.addressees if not directory.agencies[agency].is_state}
    if observers <= {*referral.observers}:
        return case
    return _with(case, replace(referral, observers=tuple(sorted(observers.union(referral.observers)))))


def _requested(case: Case, header: ReferralRequested, now: Moment) -> Case:
    (receiver,) = (agency for agency in header.to if now.directory.agencies[agency].is_state)
    observers = tuple(agency for agency in header.to if agency != receiver)
    new = Referral(
        header.id,
        header.kind,
        header.urgency,
        header.sender,
        receiver,
        version=0,
        arrangement=header.arrangement,
        observers=observers,
    )
    return moved(case, new, Move(new.state, RECEIPT), now.at, now.directory, counts=True)


def _within(case: Case, header: Any, now: Moment) -> Case:  # noqa: ANN401 (one of the types that name a referral)
    referral = case.referrals.get(header.referral or "")
    move = _move(referral, header) if referral else None
    if referral is None or move is None:
        return case
    counts = KIND[header.type] is Kind.DECISION
    case = moved(case, referral, move, now.at, now.directory, counts=counts)
    if move.to is State.ARRIVED:
        # The version rises with the move of responsibility, once.
        case = replace(case, version=case.version - counts)
        return responsibility_moved(case, referral.receiver, now.at, now.directory, counts=counts)
    return case


def _move(referral: Referral, header: Any) -> Move | None:  # noqa: ANN401 (as above)
    if isinstance(header, ReferralAccepted) and header.encounter and referral.kind == "responsibility":
        return THERE
    if isinstance(header, DepartureConfirmed) and referral.came == header.transfer:
        return THERE
    return MOVES[referral.kind].get((referral.state, header.type))


def _proposed(case: Case, header: TransferProposed, now: Moment) -> Case:
    planned = case.referrals[header.referral]
    transfers = (*(one for one in planned.transfers if one != header.transfer), header.transfer)
    due = instant.parse(header.arrival_due)
    return _within(_with(case, replace(planned, transfers=transfers, arrival_due=due, came=None)), header, now)


def _bounced(case: Case, header: MessageBounced, now: Moment) -> Case:
    """The request that it says is broken, if it is one and says so who was asked, not who was copied in."""
    referral = case.referrals.get(header.in_reply_to)
    asked = referral is not None and referral.receiver == header.sender
    move = MOVES[referral.kind].get((referral.state, header.type)) if referral and asked else None
    return moved(case, referral, move, now.at, now.directory, counts=False) if referral and move else case


def _with(case: Case, referral: Referral) -> Case:
    return replace(case, referrals={**case.referrals, referral.id: referral})


EFFECTS: Final[Mapping[str, Callable[[Case, Any, Moment], Case]]] = {
    **dict.fromkeys(SIDE.keys() - {"dispute.opened"}, _within),
    "referral.requested": _requested,
    "transfer.proposed": _proposed,
    "message.bounced": _bounced,
}
