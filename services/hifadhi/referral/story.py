"""The story of a case, one line for each of its leaves, in words that need no manual. Pure.

A leaf holds no personal data, so neither does its line: who said what to whom, what was ruled, who owes protection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hifadhi.referral import instant, message
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.header import Header
from hifadhi.referral.table import ANSWER, RECEIPT, REEXAMINATION, REPLY, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A leaf of the case: its ruling's fields, its header (None: a lapse, or unreadable), the case that it leaves."""

    index: int
    stored_at: str
    ruling: str
    code: str | None = None
    irregular: bool = False
    clock: str | None = None
    referral: str | None = None
    header: Header | None = None
    case: Case


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running clock: what must happen, who must do it, until when (an instant)."""

    clock: str
    referral: str
    agency: str
    due: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. `state` is that of the referral concerned, `responsible` who owes protection from here."""

    index: int
    stored_at: str
    words: str
    ruling: str
    code: str | None
    referral: str | None
    state: str | None
    responsible: str
    deadlines: tuple[Deadline, ...]


def tell(happened: Happened) -> Line:
    """The line of a leaf."""
    case = happened.case
    referral = _concerned(happened)
    return Line(
        index=happened.index,
        stored_at=happened.stored_at,
        words=_words(happened, referral),
        ruling=happened.ruling,
        code=happened.code,
        referral=referral.id if referral else None,
        state=referral.state.value if referral else None,
        responsible=case.responsible,
        deadlines=deadlines(case),
    )


def deadlines(case: Case) -> tuple[Deadline, ...]:
    """The clocks that run in a case, the next to lapse first."""
    return tuple(_deadline(case.referrals[clock.referral], clock) for clock in sorted(case.clocks))


def _deadline(referral: Referral, clock: Clock) -> Deadline:
    bound = referral.sender if clock.clock == REEXAMINATION else referral.receiver
    return Deadline(clock.clock, referral.id, bound, instant.write(clock.due))


def _concerned(happened: Happened) -> Referral | None:
    header = happened.header
    if header is None:
        named = happened.referral
    elif isinstance(header, message.ReferralRequested):
        named = header.id
    else:
        named = getattr(header, "referral", None) or getattr(header, "in_reply_to", None)
    return happened.case.referrals.get(named or "")


def _words(happened: Happened, referral: Referral | None) -> str:
    if happened.clock and referral:
        return _lapse(happened.clock, referral)
    said = _said(happened)
    if happened.code:
        return f"{said} — REFUSED, nothing changed: {REASONS.get(happened.code, happened.code)}."
    if happened.irregular:
        return f"{said} — kept on record, but it does not fit the state of the referral and changes nothing."
    return f"{said}."


def _said(happened: Happened) -> str:
    if happened.header is None:
        return "A message that names this case and cannot be read"
    said = _SAID[type(happened.header)](happened.header, happened)
    return f"In another's name: {said}" if happened.code == "SENDER_MISMATCH" else said


def _lapse(clock: str, referral: Referral) -> str:
    passed = _LAPSES[clock].format(sender=referral.sender, receiver=referral.receiver)
    late = " The request is escalated; an answer still counts, as a late one."
    return f"Deadline passed: {passed}{late if referral.state is State.ESCALATED else ''}"


def _encounter(header: message.EncounterReported, happened: Happened) -> str:
    to = f" to {_list(header.to)}" if header.to else ""
    if header.case is not None:
        return f"{header.sender} reported another encounter with this person{to}"
    return f"{header.sender} reported an encounter{to} and opened the case; {happened.case.responsible} owes protection"


def _requested(header: message.ReferralRequested, _: Happened) -> str:
    what = "to take responsibility for this person" if header.kind == "responsibility" else "for a service"
    again = ", with a new element" if header.new_element else ""
    return f"{header.sender} asked {header.to[0]} {what} ({header.urgency}{again})"


def _received(header: message.ReferralReceived, _: Happened) -> str:
    return f"{header.sender}'s system took the request of {header.to[0]}"


def _accepted(header: message.ReferralAccepted, happened: Happened) -> str:
    said = f"{header.sender} accepted the request of {header.to[0]}"
    if header.encounter is None or happened.code:
        return said
    moved = happened.case.responsible == header.sender
    there = ", having met the person itself"
    return f"{said}{there}: responsibility moves to {header.sender} at once" if moved else f"{said}{there}"


def _declined(header: message.ReferralDeclined, happened: Happened) -> str:
    referral = _concerned(happened)
    final = not happened.code and not happened.irregular and referral and referral.state is State.DECLINED_FINAL
    said = "declined finally, after a re-examination," if final else "declined"
    return f"{header.sender} {said} the request of {header.to[0]} (the reasons are sealed)"


def _reexamination(header: message.ReexaminationRequested, _: Happened) -> str:
    return f"{header.sender} asked {header.to[0]} to examine its declined request again"


def _withdrawn(header: message.ReferralWithdrawn, _: Happened) -> str:
    return f"{header.sender} withdrew its request to {header.to[0]}"


def _bounced(header: message.MessageBounced, _: Happened) -> str:
    return f"{header.sender}'s system could not use a message of {header.to[0]} ({BOUNCES[header.reason]})"


def _list(agencies: tuple[str, ...]) -> str:
    return " and ".join((", ".join(agencies[:-1]), agencies[-1])) if len(agencies) > 1 else "".join(agencies)


_SAID: Final[Mapping[type[Header], Callable[[Any, Happened], str]]] = {
    message.EncounterReported: _encounter,
    message.ReferralRequested: _requested,
    message.ReferralReceived: _received,
    message.ReferralAccepted: _accepted,
    message.ReferralDeclined: _declined,
    message.ReexaminationRequested: _reexamination,
    message.ReferralWithdrawn: _withdrawn,
    message.MessageBounced: _bounced,
}
_LAPSES: Final[Mapping[str, str]] = {
    RECEIPT: "{receiver} did not take the request of {sender} in time; its time to reply runs all the same.",
    REPLY: "{receiver} did not answer the request of {sender} in time.",
    REEXAMINATION: "{sender} did not ask {receiver} to look again; the decline is final.",
    ANSWER: "{receiver} did not answer {sender}, who had asked it to look again; the decline is final.",
}
WAITING: Final[Mapping[str, str]] = {
    RECEIPT: "to take the request",
    REPLY: "to reply",
    REEXAMINATION: "to ask for a re-examination",
    ANSWER: "to answer after the re-examination",
}
"""What the agency that a running clock binds has to do."""

BOUNCES: Final[Mapping[str, str]] = {
    "UNOPENABLE": "it cannot be opened",
    "COMMITMENT": "its content is not what its header promises",
    "SCHEMA": "its content breaks the rules of its form",
}
REASONS: Final[Mapping[str, str]] = {
    "ID_REUSED": "its id belongs to another message",
    "CASE_UNKNOWN": "no such case was ever opened",
    "NOT_PARTY": "its sender is not a party to this, or does not speak for this side",
    "OTHER_CASE": "it names something that belongs to another case",
    "NOT_RESPONSIBLE": "only the responsible agency may ask this",
    "NOT_ALLOWED_NOW": "it does not fit the state of the referral",
    "STALE_STATE": "it was decided on a state that has changed since",
    "LIVE_REFERRAL": "another agency is already being asked to take responsibility",
    "NEW_ELEMENT_MISSING": "the same was finally declined before, and this names nothing new",
    "ALGORITHM": "it is signed in a way that is not allowed",
    "KEY_UNKNOWN": "the key that signed it is not in the directory",
    "KEY_NOT_VALID": "the key that signed it was revoked, or is for another use",
    "SENDER_MISMATCH": "the key that signed it is not one of its sender's",
    "NOT_YOUR_ROLE": "an agency of this role does not send this",
    "ADDRESSEE_UNKNOWN": "an addressee is not in the directory, or cannot answer this",
    "READER_UNKNOWN": "a reader is not in the directory, or may not read this",
    "SENT_IN_FUTURE": "it says that it was sent in the future",
    "SCHEMA": "it breaks the rules of its form",
}
"""Why a message was refused, by code."""
