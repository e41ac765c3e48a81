"""A message that could not be used."""

from typing import Annotated, Literal

from hifadhi.referral.closed import Items, Uuid7
from hifadhi.referral.header import Header, One, PartEntry, PartsOf


class MessageBounced(Header):
    """The receiver's system could not open a message, or found it broken, by itself."""

    type: Literal["message.bounced"]
    case: Uuid7
    in_reply_to: Uuid7
    to: One
    reason: Literal["UNOPENABLE", "COMMITMENT", "SCHEMA"]
    parts: Annotated[Items[PartEntry], PartsOf("message.bounced")]
