"""May this be said within this referral now? Rules 3 to 9 of `decide`, where a message names or makes a referral."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hifadhi.referral.case import Case, Referral
from hifadhi.referral.headers import (
    DepartureConfirmed,
    DisputeOpened,
    InformationProvided,
    OutcomeReported,
    ReferralAccepted,
    ReferralRequested,
    TransferProposed,
)
from hifadhi.referral.table import KIND, MOVES, SIDE, Kind, Side, State
from hifadhi.referral.verdict import IRREGULAR, RECORDED, Known, Verdict

MOST_REFERRALS: Final = 200
MOST_TRANSFERS: Final = 50
# These are told to whom the sender likes, the other side among them.
OPEN_TO_MORE: Final = frozenset({"dispute.opened", "outcome.reported"})
DISPUTABLE: Final = frozenset({State.DECLINED_FINAL, State.ESCALATED})


def _requested(header: ReferralRequested, case: Case, _known: Known) -> Verdict:
    return next((Verdict(code) for code, breaks in _REQUEST_RULES if breaks(header, case)), RECORDED)


def _finally_declined(header: ReferralRequested, earlier: Referral) -> bool:
    same = earlier.receiver in header.to and earlier.kind == header.kind
    return same and earlier.state is State.DECLINED_FINAL


_REQUEST_RULES: Final[tuple[tuple[str, Callable[[ReferralRequested, Case], bool]], ...]] = (
    ("NOT_RESPONSIBLE", lambda asks, case: asks.sender != case.responsible),  # rule 5
    ("NOT_ALLOWED_NOW", lambda _, case: case.is_closed or len(case.referrals) >= MOST_REFERRALS),  # rule 6
    ("STALE_STATE", lambda asks, case: asks.seen != case.version),  # rule 7
    ("LIVE_REFERRAL", lambda asks, case: asks.kind == "responsibility" and _is_live(case)),  # rule 8
    (
        "NEW_ELEMENT_MISSING",  # rule 9
        lambda asks, case: not asks.new_element and any(_finally_declined(asks, r) for r in case.referrals.values()),
    ),
)


def _is_live(case: Case) -> bool:
    return any(referral.is_live for referral in case.referrals.values())


def _within(header: Any, case: Case, known: Known) -> Verdict:  # noqa: ANN401 (one of the types that name a referral)
    """Any message within a referral: rules 3, 4, 6, 7."""
    stranger = _stranger(header, case, known) or _named_elsewhere(header, case, known)
    return Verdict(stranger) if stranger else _in_state(header, case, case.referrals[header.referral])


def _stranger(header: Any, case: Case, known: Known) -> str | None:  # noqa: ANN401 (as above)
    """The code for a sender who has no such part in this referral: rules 3 and 4."""
    referral = case.referrals.get(header.referral)
    if referral is None:  # rule 4
        return "OTHER_CASE"
    other, side = referral.other(header.sender), SIDE[header.type]
    speaks = side is Side.EITHER or (side is Side.SENDER) == (header.sender == referral.sender)
    if other is None or not speaks or other not in header.to:  # rule 3
        return "NOT_PARTY"
    copied = [agency for agency in header.to if agency != other] if header.type not in OPEN_TO_MORE else []
    return None if all(_may_read(agency, case, referral, known) for agency in copied) else "NOT_PARTY"


def _may_read(agency: str, case: Case, referral: Referral, known: Known) -> bool:
    """Whether it may be copied in: from the start, or as an observer of what is escalated (`domain.md` §8)."""
    if agency in referral.observers:
        return True
    escalated = referral.state is State.ESCALATED or case.dispute is not None
    return escalated and not known.directory.agencies[agency].is_state


def _named_elsewhere(header: Any, case: Case, known: Known) -> str | None:  # noqa: ANN401 (as above)
    """The code for a transfer or a message that is not this referral's or this case's: rule 4."""
    if isinstance(header, InformationProvided):
        asked = known.in_case(header.in_reply_to, case.id)
        return None if asked and asked.type == "information.requested" else "OTHER_CASE"
    transfer = None if isinstance(header, TransferProposed) else getattr(header, "transfer", None)
    return "OTHER_CASE" if transfer and transfer not in case.referrals[header.referral].transfers else None


def _in_state(header: Any, case: Case, referral: Referral) -> Verdict:  # noqa: ANN401 (as above)
    fits = (referral.state, header.type) in MOVES[referral.kind] and _agrees(header, case, referral)
    if KIND[header.type] is not Kind.DECISION:
        return RECORDED if fits else IRREGULAR
    if not fits:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return RECORDED if header.seen == referral.version else Verdict("STALE_STATE")  # rule 7


def _agrees(header: Any, case: Case, referral: Referral) -> bool:  # noqa: ANN401 (as above)
    """What the table does not know: the newest plan is carried out, and none while a consent is being restricted."""
    if isinstance(header, TransferProposed):
        return len(referral.transfers) < MOST_TRANSFERS
    if isinstance(header, DepartureConfirmed) and case.is_restricted:
        return False
    return getattr(header, "transfer", None) in {None, *referral.transfers[-1:]}


def _proposed(header: TransferProposed, case: Case, known: Known) -> Verdict:
    verdict = _within(header, case, known)
    again = case.referrals[header.referral].state is State.NOT_ARRIVED if not verdict.code else False
    return Verdict("LIVE_REFERRAL") if again and _is_live(case) else verdict  # rule 8


def _informed(header: Any, case: Case, known: Known) -> Verdict:  # noqa: ANN401 (asked or provided)
    verdict = _within(header, case, known)
    return verdict if verdict.code or case.referrals[header.referral].has_ended else RECORDED


def _accepted(header: ReferralAccepted, case: Case, known: Known) -> Verdict:
    if header.encounter is None or _stranger(header, case, known):
        return _within(header, case, known)
    met = known.in_case(header.encounter, case.id)
    if met is None:  # rule 4
        return Verdict("OTHER_CASE")
    if met.type != "encounter.reported" or met.sender != header.sender:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return _in_state(header, case, case.referrals[header.referral])


def _outcome(header: OutcomeReported, case: Case, known: Known) -> Verdict:
    if header.referral is not None:
        return _within(header, case, known)
    return RECORDED if header.sender == case.owed_by else IRREGULAR


def _disputed(header: DisputeOpened, case: Case, known: Known) -> Verdict:
    stranger = _stranger(header, case, known)
    if stranger:
        return Verdict(stranger)
    referral = case.referrals[header.referral]
    if case.is_closed or case.dispute or referral.state not in DISPUTABLE:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return RECORDED if header.seen == referral.version else Verdict("STALE_STATE")  # rule 7


RULES: Final[Mapping[str, Callable[[Any, Case, Known], Verdict]]] = {
    **dict.fromkeys(SIDE, _within),
    "referral.requested": _requested,
    "referral.accepted": _accepted,
    "transfer.proposed": _proposed,
    "information.requested": _informed,
    "information.provided": _informed,
    "outcome.reported": _outcome,
    "dispute.opened": _disputed,
}
