"""The life of a referral on one screen (`domain.md` §2): which event moves it where, and which clock then runs.

An event is a message type, or `lapse:` and the clock that ran out. What is not in the table is not allowed: a decision
is refused, a fact or a note is recorded as irregular. The diagram in ARCHITECTURE.md is generated from here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias


class State(StrEnum):
    """Where a referral stands."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"
    ESCALATED = "ESCALATED"
    ACCEPTED = "ACCEPTED"
    PROPOSED = "PROPOSED"
    PLANNED = "PLANNED"
    SUSPENDED = "SUSPENDED"
    DEPARTED = "DEPARTED"
    NOT_ARRIVED = "NOT_ARRIVED"
    ARRIVED = "ARRIVED"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    REEXAMINATION = "REEXAMINATION"
    DECLINED_FINAL = "DECLINED_FINAL"
    WITHDRAWN = "WITHDRAWN"
    BOUNCED = "BOUNCED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


class Kind(StrEnum):
    """What a message is: a fact happened, a decision asks what was seen, a note moves nothing that is owed."""

    FACT = "fact"
    DECISION = "decision"
    NOTE = "note"
    STATEMENT = "statement"


class Side(StrEnum):
    """Whose word a message within a referral is."""

    SENDER = "sender"
    RECEIVER = "receiver"
    EITHER = "either"


RECEIPT: Final = "receipt"
REPLY: Final = "reply"
REEXAMINATION: Final = "reexamination"
ANSWER: Final = "answer"
TRANSFER: Final = "transfer"
ARRIVAL: Final = "arrival"


class Move(NamedTuple):
    """The state after an event, and the clock that runs from it (None: none runs)."""

    to: State
    clock: str | None = None


Moves: TypeAlias = Mapping[tuple[State, str], Move]

KIND: Final[Mapping[str, Kind]] = {
    "encounter.reported": Kind.FACT,
    "removal.recorded": Kind.FACT,
    "referral.requested": Kind.DECISION,
    "referral.received": Kind.NOTE,
    "referral.accepted": Kind.DECISION,
    "referral.declined": Kind.DECISION,
    "reexamination.requested": Kind.DECISION,
    "referral.withdrawn": Kind.DECISION,
    "information.requested": Kind.NOTE,
    "information.provided": Kind.NOTE,
    "transfer.proposed": Kind.DECISION,
    "transfer.agreed": Kind.DECISION,
    "transfer.suspended": Kind.DECISION,
    "transfer.resumed": Kind.DECISION,
    "departure.confirmed": Kind.FACT,
    "arrival.confirmed": Kind.FACT,
    "non_arrival.reported": Kind.FACT,
    "responsibility.assumed": Kind.FACT,
    "outcome.reported": Kind.NOTE,
    "case.closed": Kind.DECISION,
    "case.reopened": Kind.DECISION,
    "link.proposed": Kind.NOTE,
    "link.answered": Kind.NOTE,
    "data.corrected": Kind.NOTE,
    "consent.changed": Kind.FACT,
    "data.restricted": Kind.NOTE,
    "erasure.ordered": Kind.FACT,
    "dispute.opened": Kind.DECISION,
    "observer.advised": Kind.NOTE,
    "dispute.resolved": Kind.DECISION,
    "message.bounced": Kind.FACT,
    "agency.admitted": Kind.STATEMENT,
    "key.added": Kind.STATEMENT,
    "reading_key.added": Kind.STATEMENT,
    "key.revoked": Kind.STATEMENT,
    "agency.removed": Kind.STATEMENT,
    "agency.suspended": Kind.STATEMENT,
    "arrangement.published": Kind.STATEMENT,
    "declaration.published": Kind.STATEMENT,
    "declaration.ended": Kind.STATEMENT,
    "codelist.published": Kind.STATEMENT,
    "rules.adopted": Kind.STATEMENT,
    "governance.rotated": Kind.STATEMENT,
}
# Within a referral.
SIDE: Final[Mapping[str, Side]] = {
    "referral.received": Side.RECEIVER,
    "referral.accepted": Side.RECEIVER,
    "referral.declined": Side.RECEIVER,
    "reexamination.requested": Side.SENDER,
    "referral.withdrawn": Side.SENDER,
    "information.requested": Side.EITHER,
    "information.provided": Side.EITHER,
    "transfer.proposed": Side.SENDER,
    "transfer.agreed": Side.RECEIVER,
    "transfer.suspended": Side.SENDER,
    "transfer.resumed": Side.SENDER,
    "departure.confirmed": Side.SENDER,
    "arrival.confirmed": Side.RECEIVER,
    "non_arrival.reported": Side.RECEIVER,
    "outcome.reported": Side.RECEIVER,
    "dispute.opened": Side.EITHER,
}

# fmt: off
_REQUEST: Final[Moves] = {
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
_SERVICE: Final[Moves] = {
    (State.ACCEPTED,       "outcome.reported"):         Move(State.COMPLETED),
}
# The transfer clock runs from the acceptance to the departure, and stands still while the plan is suspended.
_TRANSFER: Final[Moves] = {
    (State.SENT,           "referral.accepted"):        Move(State.ACCEPTED, TRANSFER),
    (State.RECEIVED,       "referral.accepted"):        Move(State.ACCEPTED, TRANSFER),
    (State.ESCALATED,      "referral.accepted"):        Move(State.ACCEPTED, TRANSFER),
    (State.REEXAMINATION,  "referral.accepted"):        Move(State.ACCEPTED, TRANSFER),
    (State.ACCEPTED,       "transfer.proposed"):        Move(State.PROPOSED, TRANSFER),
    (State.PROPOSED,       "transfer.proposed"):        Move(State.PROPOSED, TRANSFER),
    (State.NOT_ARRIVED,    "transfer.proposed"):        Move(State.PROPOSED, TRANSFER),
    (State.PROPOSED,       "transfer.agreed"):          Move(State.PLANNED, TRANSFER),
    (State.PLANNED,        "transfer.suspended"):       Move(State.SUSPENDED),
    (State.SUSPENDED,      "transfer.resumed"):         Move(State.PLANNED, TRANSFER),
    (State.ACCEPTED,       "lapse:transfer"):           Move(State.EXPIRED),
    (State.PROPOSED,       "lapse:transfer"):           Move(State.EXPIRED),
    (State.PLANNED,        "lapse:transfer"):           Move(State.EXPIRED),
    (State.PROPOSED,       "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.PLANNED,        "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.SUSPENDED,      "referral.withdrawn"):       Move(State.WITHDRAWN),
    (State.PLANNED,        "departure.confirmed"):      Move(State.DEPARTED, ARRIVAL),
    (State.DEPARTED,       "arrival.confirmed"):        Move(State.ARRIVED),
    (State.DEPARTED,       "non_arrival.reported"):     Move(State.NOT_ARRIVED),
    (State.DEPARTED,       "lapse:arrival"):            Move(State.NOT_ARRIVED),
    (State.NOT_ARRIVED,    "arrival.confirmed"):        Move(State.ARRIVED),
}
# fmt: on

MOVES: Final[Mapping[str, Moves]] = {"service": {**_REQUEST, **_SERVICE}, "responsibility": {**_REQUEST, **_TRANSFER}}
"""By the kind of the referral."""

# A responsibility referral in one of these is live: there is at most one in a case.
LIVE: Final = frozenset(
    {State.SENT, State.RECEIVED, State.ESCALATED, State.DECLINED, State.REEXAMINATION}
    | {State.ACCEPTED, State.PROPOSED, State.PLANNED, State.SUSPENDED, State.DEPARTED}
)
# Nothing moves a referral out of these.
ENDED: Final = frozenset(
    {State.ARRIVED, State.COMPLETED, State.DECLINED_FINAL, State.WITHDRAWN, State.BOUNCED}
    | {State.EXPIRED, State.SUPERSEDED}
)
# Where the receiver's own encounter is named, acceptance and arrival are one: the person is already there. And an
# arrival may overtake its departure on a slow link: then the departure finds it there.
THERE: Final = Move(State.ARRIVED)
# What becomes of an open referral when responsibility moves another way, or the case is closed.
OVERTAKEN: Final = Move(State.SUPERSEDED)

# Whom a clock on a referral binds; all others bind the receiver.
BOUND: Final[Mapping[str, Side]] = {REEXAMINATION: Side.SENDER, TRANSFER: Side.SENDER}

STALLED: Final = "stalled"
CONSENT: Final = "consent"
CONCILIATION: Final = "conciliation"
# What a clock runs on; all others run on a referral. The name is that of the lapse's field (`wire.md` §3).
SUBJECT: Final[Mapping[str, str]] = {STALLED: "agency", CONSENT: "message", CONCILIATION: "message"}
