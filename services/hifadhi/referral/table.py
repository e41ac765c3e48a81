"""The life of a referral on one screen (`domain.md` §2): which event moves it where, and which clock then runs.

An event is a message type, or `lapse:` and the clock that ran out. What is not in the table is not allowed: a decision
is refused, a fact or a note is recorded as irregular. The diagram in ARCHITECTURE.md is generated from here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class State(StrEnum):
    """Where a referral stands."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"
    ESCALATED = "ESCALATED"
    ACCEPTED = "ACCEPTED"
    ARRIVED = "ARRIVED"
    DECLINED = "DECLINED"
    REEXAMINATION = "REEXAMINATION"
    DECLINED_FINAL = "DECLINED_FINAL"
    WITHDRAWN = "WITHDRAWN"
    BOUNCED = "BOUNCED"


class Kind(StrEnum):
    """What a message is: a fact happened, a decision asks what was seen, a note moves nothing that is owed."""

    FACT = "fact"
    DECISION = "decision"
    NOTE = "note"
    STATEMENT = "statement"


RECEIPT: Final = "receipt"
REPLY: Final = "reply"
REEXAMINATION: Final = "reexamination"
ANSWER: Final = "answer"


class Move(NamedTuple):
    """The state after an event, and the clock that runs from it (None: none runs)."""

    to: State
    clock: str | None = None


KIND: Final[Mapping[str, Kind]] = {
    "encounter.reported": Kind.FACT,
    "referral.requested": Kind.DECISION,
    "referral.received": Kind.NOTE,
    "referral.accepted": Kind.DECISION,
    "referral.declined": Kind.DECISION,
    "reexamination.requested": Kind.DECISION,
    "referral.withdrawn": Kind.DECISION,
    "message.bounced": Kind.FACT,
    "agency.admitted": Kind.STATEMENT,
    "key.added": Kind.STATEMENT,
    "key.revoked": Kind.STATEMENT,
}

# fmt: off
MOVES: Final[Mapping[tuple[State, str], Move]] = {
    (State.SENT,           "referral.received"):        Move(State.RECEIVED, REPLY),
    (State.SENT,           "lapse:receipt"):            Move(State.SENT, REPLY),
    (State.SENT,           "lapse:reply"):              Move(State.ESCALATED),
    (State.RECEIVED,       "lapse:reply"):              Move(State.ESCALATED),
    (State.SENT,           "referral.accepted"):        Move(State.ACCEPTED),
    (State.RECEIVED,       "referral.accepted"):        Move(State.ACCEPTED),
    (State.ESCALATED,      "referral.accepted"):        Move(State.ACCEPTED),
    (State.SENT,           "referral.declined"):        Move(State.DECLINED, REEXAMINATION),
    (State.RECEIVED,       "referral.declined"):        Move(State.DECLINED, REEXAMINATION),
    (State.ESCALATED,      "referral.declined"):        Move(State.DECLINED, REEXAMINATION),
    (State.DECLINED,       "lapse:reexamination"):      Move(State.DECLINED_FINAL),
    (State.DECLINED,       "reexamination.requested"):  Move(State.REEXAMINATION, ANSWER),
    (State.REEXAMINATION,  "lapse:answer"):             Move(State.DECLINED_FINAL),
    (State.REEXAMINATION,  "referral.accepted"):        Move(State.ACCEPTED),
    (State.REEXAMINATION,  "referral.declined"):        Move(State.DECLINED_FINAL),
    (State.SENT,           "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.RECEIVED,       "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.ESCALATED,      "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.ACCEPTED,       "referral.withdrawn"):       Move(State.WITHDRAWN),
    # Or the same agency could be asked the same again, and again decline: the case would go round (invariant 8).
    (State.DECLINED,       "referral.withdrawn"):       Move(State.DECLINED_FINAL),
    (State.REEXAMINATION,  "referral.withdrawn"):       Move(State.DECLINED_FINAL),
    (State.SENT,           "message.bounced"):          Move(State.BOUNCED),
    (State.RECEIVED,       "message.bounced"):          Move(State.BOUNCED),
}
# fmt: on

# A responsibility referral in one of these is live: there is at most one in a case.
LIVE: Final = frozenset(
    {State.SENT, State.RECEIVED, State.ESCALATED, State.ACCEPTED, State.DECLINED, State.REEXAMINATION}
)
# Where the receiver's own encounter is named, acceptance and arrival are one: the person is already there.
ACCEPTED_AND_THERE: Final = Move(State.ARRIVED)
