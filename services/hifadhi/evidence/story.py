"""The story of a case, one line for each of its leaves: what happened, what was ruled, how things stand. Pure.

A leaf holds no personal data, so neither does its line: who said what to whom, what was ruled, who owes protection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.evidence.leaf import Ruling
from hifadhi.referral import headers, instant
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.header import Header
from hifadhi.referral.sayings import listed, said
from hifadhi.referral.table import (
    ANSWER,
    ARRIVAL,
    BOUND,
    CONCILIATION,
    CONSENT,
    RECEIPT,
    REEXAMINATION,
    REPLY,
    STALLED,
    TRANSFER,
    Side,
    State,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A leaf of the case: its ruling, its header (None: a lapse, or unreadable), the case that it leaves."""

    index: int
    ruling: Ruling
    header: Header | None = None
    case: Case


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running clock: what must happen, who must do it, until when (an instant). `referral`: if it runs on one."""

    clock: str
    referral: str | None
    agency: str
    due: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. `state` is that of the referral concerned; `responsible` owes protection from here.

    Nobody does in a closed case. `unconfirmed` have not confirmed a change of consent; `contested` by whom.
    """

    index: int
    stored_at: str
    words: str
    ruling: str
    code: str | None
    referral: str | None
    state: str | None
    responsible: str | None
    deadlines: tuple[Deadline, ...]
    unconfirmed: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()


def tell(happened: Happened) -> Line:
    """The line of a leaf."""
    case, ruling = happened.case, happened.ruling
    referral = _concerned(happened)
    return Line(
        index=happened.index,
        stored_at=ruling.stored_at,
        words=_words(happened, referral),
        ruling=ruling.ruling,
        code=ruling.code,
        referral=referral.id if referral else None,
        state=referral.state.value if referral else None,
        responsible=case.owed_by,
        deadlines=deadlines(case),
        unconfirmed=tuple(sorted({one for told in case.restrictions.values() for one in told.pending})),
        contested=case.dispute.sides if case.dispute else (),
    )


def deadlines(case: Case) -> tuple[Deadline, ...]:
    """The clocks that run in a case, the next to lapse first."""
    return tuple(Deadline(*_owed(case, clock), instant.write(clock.due)) for clock in sorted(case.clocks))


def _owed(case: Case, clock: Clock) -> tuple[str, str | None, str]:
    """The clock, the referral that it runs on, and whom it binds."""
    referral = case.referrals.get(clock.subject)
    if referral:
        bound = referral.sender if BOUND.get(clock.clock) is Side.SENDER else referral.receiver
        return clock.clock, referral.id, bound
    return clock.clock, None, listed(_bound(case, clock))


def _bound(case: Case, clock: Clock) -> tuple[str, ...]:
    told = [one for one in case.restrictions.values() if one.message == clock.subject]
    if told:
        return tuple(sorted(told[0].pending))
    return case.dispute.sides if case.dispute and case.dispute.id == clock.subject else (clock.subject,)


def _concerned(happened: Happened) -> Referral | None:
    header = happened.header
    if header is None:
        named = happened.ruling.subject
    elif isinstance(header, headers.ReferralRequested):
        named = header.id
    else:
        named = getattr(header, "referral", None) or getattr(header, "in_reply_to", None)
    return happened.case.referrals.get(named or "")


def _words(happened: Happened, referral: Referral | None) -> str:
    ruling = happened.ruling
    if ruling.clock:
        return _lapse(happened, referral)
    words = _said(happened, referral)
    if ruling.code:
        return f"{words} — REFUSED, nothing changed: {REASONS.get(ruling.code, ruling.code)}."
    if ruling.irregular:
        return f"{words} — kept on record, but it does not fit how things stand and changes nothing."
    return f"{words}."


def _said(happened: Happened, referral: Referral | None) -> str:
    header, ruling = happened.header, happened.ruling
    if header is None:
        return "A message that names this case and cannot be read"
    words = said(header, happened.case, referral, effective=not ruling.code and not ruling.irregular)
    return f"In another's name: {words}" if ruling.code == "SENDER_MISMATCH" else words


def _lapse(happened: Happened, referral: Referral | None) -> str:
    ruling, case = happened.ruling, happened.case
    clock = ruling.clock or ""
    told = {agency for one in case.restrictions.values() if one.message == ruling.message for agency in one.pending}
    names = {"sender": referral.sender, "receiver": referral.receiver} if referral else {"agency": ruling.subject}
    sides = listed(case.dispute.sides) if case.dispute else ""
    passed = _LAPSES[clock].format(**names, pending=listed(tuple(sorted(told))), sides=sides)
    late = " The request is escalated; an answer still counts, as a late one."
    return f"Deadline passed: {passed}{late if referral and referral.state is State.ESCALATED else ''}"


_LAPSES: Final[Mapping[str, str]] = {
    RECEIPT: "{receiver} did not take the request of {sender} in time; its time to reply runs all the same.",
    REPLY: "{receiver} did not answer the request of {sender} in time.",
    REEXAMINATION: "{sender} did not ask {receiver} to look again; the decline is final.",
    ANSWER: "{receiver} did not answer {sender}, who had asked it to look again; the decline is final.",
    TRANSFER: "{sender} did not bring the person to {receiver} in time; the acceptance has expired.",
    ARRIVAL: "{receiver} did not confirm that the person has arrived; {sender} still owes protection.",
    STALLED: "{agency}, which owes protection, has been silent for 90 days.",
    CONSENT: "{pending} did not confirm in time to follow the changed consent.",
    CONCILIATION: "{sides} did not settle their dispute in time.",
}
WAITING: Final[Mapping[str, str]] = {
    RECEIPT: "to take the request",
    REPLY: "to reply",
    REEXAMINATION: "to ask for a re-examination",
    ANSWER: "to answer after the re-examination",
    TRANSFER: "to carry out the transfer",
    ARRIVAL: "to confirm the arrival",
    STALLED: "to act on the case",
    CONSENT: "to confirm that it follows the changed consent",
    CONCILIATION: "to settle the dispute",
}
"""What the agency that a running clock binds has to do."""

REASONS: Final[Mapping[str, str]] = {
    "ID_REUSED": "its id belongs to another message",
    "CASE_UNKNOWN": "no such case was ever opened",
    "NOT_PARTY": "its sender is not a party to this, or does not speak for this side",
    "OTHER_CASE": "it names something that belongs to another case",
    "NOT_RESPONSIBLE": "only the responsible agency may do this",
    "NOT_ALLOWED_NOW": "it does not fit how things stand",
    "STALE_STATE": "it was decided on a state that has changed since",
    "LIVE_REFERRAL": "another agency is already being asked to take responsibility",
    "NEW_ELEMENT_MISSING": "the same was finally declined before, and this names nothing new",
    "ALGORITHM": "it is signed in a way that is not allowed",
    "KEY_UNKNOWN": "the key that signed it is not in the directory",
    "KEY_NOT_VALID": "the key that signed it was revoked or is for another use, or its agency was suspended",
    "SENDER_MISMATCH": "the key that signed it is not one of its sender's",
    "NOT_YOUR_ROLE": "an agency of this role does not send this",
    "ADDRESSEE_UNKNOWN": "an addressee is not in the directory, or cannot answer this",
    "ARRANGEMENT_UNKNOWN": "there is no such arrangement between the two states",
    "READER_UNKNOWN": "a reader is not in the directory, or may not read this",
    "SENT_IN_FUTURE": "it says that it was sent in the future",
    "SCHEMA": "it breaks the rules of its form",
}
"""Why a message was refused, by code."""
