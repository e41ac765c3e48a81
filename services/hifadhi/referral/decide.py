"""May this happen to this case now? Pure functions of this message and earlier leaves (`domain.md` §§3-4).

The first rule that fails gives the code:

1. ID_REUSED: an id stands for one payload, for ever.
2. CASE_UNKNOWN: the case was opened by a recorded encounter.
3. NOT_PARTY: only parties act in a case, and within a referral only its two sides, each in its own part; an encounter
   may come from anyone.
4. OTHER_CASE: what a message names belongs to its own case.
5. NOT_RESPONSIBLE: only who owes protection may ask another for it.
6. NOT_ALLOWED_NOW: a decision fits the state in the table (a fact or a note that does not is recorded as irregular),
   and a case has a bounded number of requests: what one agency sends must not slow the rulings of all.
7. STALE_STATE: a decision was made on the version in force: nobody answers what was changed meanwhile.
8. LIVE_REFERRAL: one live request for responsibility in a case: no person is offered to two.
9. NEW_ELEMENT_MISSING: what was finally declined is not asked again of the same agency without something new.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hifadhi.referral import message
from hifadhi.referral.case import Case, Referral, Sealed
from hifadhi.referral.header import Header
from hifadhi.referral.table import KIND, MOVES, Kind, State

Past = Mapping[str, Sealed]

MOST_REFERRALS: Final = 200
# Within a referral all else is the receiver's to say.
OF_THE_SENDER: Final = frozenset({"reexamination.requested", "referral.withdrawn"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Recorded, regular or not; or refused with a code."""

    code: str | None = None
    irregular: bool = False


RECORDED: Final = Verdict()
IRREGULAR: Final = Verdict(irregular=True)


def decide(header: Header, case: Case | None, past: Past) -> Verdict:
    """The verdict on an admitted message, given its case and the earlier messages that it names."""
    if header.id in past:  # rule 1
        return Verdict("ID_REUSED")
    if isinstance(header, message.EncounterReported) and header.case is None:
        return RECORDED
    if case is None:  # rule 2
        return Verdict("CASE_UNKNOWN")
    return _RULES[type(header)](header, case, past)


def _encounter(_header: message.EncounterReported, _case: Case, _past: Past) -> Verdict:
    return RECORDED


def _requested(header: message.ReferralRequested, case: Case, _past: Past) -> Verdict:
    return next((Verdict(code) for code, breaks in _REQUEST_RULES if breaks(header, case)), RECORDED)


def _finally_declined(header: message.ReferralRequested, earlier: Referral) -> bool:
    same = earlier.receiver == header.to[0] and earlier.kind == header.kind
    return same and earlier.state is State.DECLINED_FINAL


_REQUEST_RULES: Final[tuple[tuple[str, Callable[[message.ReferralRequested, Case], bool]], ...]] = (
    ("NOT_PARTY", lambda asks, case: asks.sender not in case.parties),  # rule 3
    ("NOT_RESPONSIBLE", lambda asks, case: asks.sender != case.responsible),  # rule 5
    ("NOT_ALLOWED_NOW", lambda _, case: len(case.referrals) >= MOST_REFERRALS),  # rule 6
    ("STALE_STATE", lambda asks, case: asks.seen != case.version),  # rule 7
    (
        "LIVE_REFERRAL",  # rule 8
        lambda asks, case: asks.kind == "responsibility" and any(r.is_live for r in case.referrals.values()),
    ),
    (
        "NEW_ELEMENT_MISSING",  # rule 9
        lambda asks, case: not asks.new_element and any(_finally_declined(asks, r) for r in case.referrals.values()),
    ),
)


def _within(header: Any, case: Case, _past: Past) -> Verdict:  # noqa: ANN401 (one of the types that name a referral)
    """Any message within a referral: rules 3, 4, 6, 7."""
    stranger = _stranger(header, case)
    return Verdict(stranger) if stranger else _in_state(header, case.referrals[header.referral])


def _stranger(header: Any, case: Case) -> str | None:  # noqa: ANN401 (as above)
    """The code for a sender who has no such part in this referral: rules 3 and 4."""
    referral = case.referrals.get(header.referral)
    if header.sender not in case.parties:  # rule 3
        return "NOT_PARTY"
    if referral is None:  # rule 4
        return "OTHER_CASE"
    side = referral.sender if header.type in OF_THE_SENDER else referral.receiver
    own_part = header.sender == side and header.to[0] == referral.other(side)
    return None if own_part else "NOT_PARTY"  # rule 3


def _in_state(header: Any, referral: Referral) -> Verdict:  # noqa: ANN401 (as above)
    fits = (referral.state, header.type) in MOVES
    if KIND[header.type] is not Kind.DECISION:
        return RECORDED if fits else IRREGULAR
    if not fits:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return RECORDED if header.seen == referral.version else Verdict("STALE_STATE")  # rule 7


def _accepted(header: message.ReferralAccepted, case: Case, past: Past) -> Verdict:
    if header.encounter is None or _stranger(header, case):
        return _within(header, case, past)
    met = past.get(header.encounter)
    if met is None or met.case != case.id or not met.recorded:  # rule 4
        return Verdict("OTHER_CASE")
    if met.type != "encounter.reported" or met.sender != header.sender:  # rule 6
        return Verdict("NOT_ALLOWED_NOW")
    return _in_state(header, case.referrals[header.referral])


def _bounced(header: message.MessageBounced, case: Case, past: Past) -> Verdict:
    if header.sender not in case.parties:  # rule 3
        return Verdict("NOT_PARTY")
    broken = past.get(header.in_reply_to)
    if broken is None or broken.case != case.id or not broken.recorded:  # rule 4
        return Verdict("OTHER_CASE")
    ours = header.sender in broken.to and header.to == (broken.sender,)
    return RECORDED if ours else Verdict("NOT_PARTY")  # rule 3


_RULES: Final[Mapping[type[Header], Callable[[Any, Case, Past], Verdict]]] = {
    message.EncounterReported: _encounter,
    message.ReferralRequested: _requested,
    message.ReferralReceived: _within,
    message.ReferralAccepted: _accepted,
    message.ReferralDeclined: _within,
    message.ReexaminationRequested: _within,
    message.ReferralWithdrawn: _within,
    message.MessageBounced: _bounced,
}
