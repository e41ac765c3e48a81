"""What each message says, in words that need no manual: who said what to whom. Pure, and without personal data."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hifadhi.referral.case import Case, Referral
from hifadhi.referral.header import Header
from hifadhi.referral.headers import (
    EncounterReported,
    LinkAnswered,
    MessageBounced,
    OutcomeReported,
    ReferralAccepted,
    ReferralDeclined,
    ReferralRequested,
    RemovalRecorded,
)
from hifadhi.referral.table import State


def said(header: Header, case: Case, referral: Referral | None, *, effective: bool) -> str:
    """The sentence, without its full stop. `case` and `referral` as after it; `effective`: whether it took effect."""
    words = _SAID[header.type]
    if callable(words):
        return words(header, case, referral, effective)
    to = listed(header.addressees) or "nobody in particular"
    other = _other(header, referral)
    facts = {name: getattr(header, name) for name in type(header).model_fields if name != "to"}
    return words.format(**facts, to=to, other=other)


def _other(header: Header, referral: Referral | None) -> str:
    """The other side of the referral, whoever else was copied in."""
    return (referral.other(header.sender) if referral else None) or listed(header.addressees)


def listed(agencies: tuple[str, ...]) -> str:
    """Names in a sentence."""
    return " and ".join((", ".join(agencies[:-1]), agencies[-1])) if len(agencies) > 1 else "".join(agencies)


def _encounter(header: EncounterReported, case: Case, *_: object) -> str:
    to = f" to {listed(header.to)}" if header.to else ""
    if header.case is None:
        return f"{header.sender} reported an encounter{to} and opened the case; {case.responsible} owes protection"
    return f"{header.sender} reported another encounter with this person{to}"


def _removal(header: RemovalRecorded, *_: object) -> str:
    to = f" and told {listed(header.to)}" if header.to else ""
    return f"{header.sender} recorded that it removed this person from its territory{to}"


def _requested(header: ReferralRequested, _: Case, referral: Referral | None, *__: object) -> str:
    what = "to take responsibility for this person" if header.kind == "responsibility" else "for a service"
    again = ", with a new element" if header.new_element else ""
    asked = referral.receiver if referral else listed(header.to)
    copied = listed(tuple(agency for agency in header.to if referral and agency != asked))
    return f"{header.sender} asked {asked} {what} ({header.urgency}{again}){f', copied to {copied}' if copied else ''}"


def _accepted(header: ReferralAccepted, case: Case, referral: Referral | None, effective: bool) -> str:
    says = f"{header.sender} accepted the request of {_other(header, referral)}"
    if header.encounter is None or not effective:
        return says
    moved = case.responsible == header.sender
    there = ", having met the person itself"
    return f"{says}{there}: responsibility moves to {header.sender} at once" if moved else f"{says}{there}"


def _declined(header: ReferralDeclined, _: Case, referral: Referral | None, effective: bool) -> str:
    final = effective and referral and referral.state is State.DECLINED_FINAL
    says = "declined finally, after a re-examination," if final else "declined"
    return f"{header.sender} {says} the request of {_other(header, referral)} (the reasons are sealed)"


def _departed(header: Any, case: Case, referral: Referral | None, effective: bool) -> str:  # noqa: ANN401
    there = effective and referral and referral.state is State.ARRIVED
    says = f"{header.sender} confirmed, by two officers, that the person has left for {_other(header, referral)}"
    if there:
        return f"{says}; the arrival was confirmed before: responsibility moves to {case.responsible}"
    return f"{says}; {header.sender} owes protection until the arrival" if effective else says


def _arrived(header: Any, _: Case, referral: Referral | None, effective: bool) -> str:  # noqa: ANN401
    says = f"{header.sender} confirmed that the person has arrived from {_other(header, referral)}"
    moved = effective and referral and referral.state is State.ARRIVED
    return f"{says}: responsibility moves to {header.sender}" if moved else says


def _outcome(header: OutcomeReported, *_: object) -> str:
    of = f"the service that {listed(header.to)} had asked for" if header.referral else "this case"
    return f"{header.sender} reported what came of {of} (the outcome is sealed)"


def _link_answered(header: LinkAnswered, *_: object) -> str:
    answer = "confirmed" if header.answer == "yes" else "denied"
    return f"{header.sender} {answer} to {header.to[0]} that this case and {header.other_case} are of one person"


def _bounced(header: MessageBounced, *_: object) -> str:
    return f"{header.sender}'s system could not use a message of {header.to[0]} ({BOUNCES[header.reason]})"


BOUNCES: Final[Mapping[str, str]] = {
    "UNOPENABLE": "it cannot be opened",
    "COMMITMENT": "its content is not what its header promises",
    "SCHEMA": "its content breaks the rules of its form",
}
_SAID: Final[Mapping[str, str | Callable[..., str]]] = {
    "encounter.reported": _encounter,
    "removal.recorded": _removal,
    "referral.requested": _requested,
    "referral.received": "{sender}'s system took the request of {other}",
    "referral.accepted": _accepted,
    "referral.declined": _declined,
    "reexamination.requested": "{sender} asked {other} to examine its declined request again",
    "referral.withdrawn": "{sender} withdrew its request to {other}",
    "information.requested": "{sender} asked {other} for information",
    "information.provided": "{sender} answered the question of {other}",
    "transfer.proposed": "{sender} proposed to {other} how the person will travel; the arrival is due by {arrival_due}",
    "transfer.agreed": "{sender} agreed with {other} on the transfer",
    "transfer.suspended": "{sender} suspended the transfer to {other}",
    "transfer.resumed": "{sender} resumed the transfer to {other}",
    "departure.confirmed": _departed,
    "arrival.confirmed": _arrived,
    "non_arrival.reported": "{sender} reported to {other} that the person has not arrived",
    "responsibility.assumed": "{sender} took responsibility for this person by itself, and told {to}",
    "outcome.reported": _outcome,
    "case.closed": "{sender} closed the case",
    "case.reopened": "{sender} opened the case again and owes protection again",
    "link.proposed": "{sender} asked {to} whether this case and {other_case} are of one person",
    "link.answered": _link_answered,
    "data.corrected": "{sender} corrected data that it had sealed, and told {to}",
    "consent.changed": "{sender} told {to} that the person's consent has changed",
    "data.restricted": "{sender} confirmed to {to} that it uses the data only as it now may",
    "erasure.ordered": "{sender} ordered that parts of a message that it had sealed be destroyed",
    "dispute.opened": "{sender} contests with {other} who owes protection, and told {to}",
    "observer.advised": "{sender} advised {to} on the dispute (the advice is sealed)",
    "dispute.resolved": "{sender} and {to} settled their dispute: {responsible} owes protection",
    "message.bounced": _bounced,
}
"""By type: the sentence, or what makes it."""
