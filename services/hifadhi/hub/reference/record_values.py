"""The values of records that are JSON, as types (`wire.md` §4)."""

from typing import Annotated, Any

from pydantic import Field

from hifadhi.hub.reference.answers import Base64Url, HandOver, Index, Item
from hifadhi.referral.closed import Closed, Digest, Items

Position = Annotated[int, Field(ge=0, description="A place in the topic 'submissions'.")]


class SealedPart(Closed):
    """A JWE in General JSON form (RFC 7516), with one recipient for each reader. The hub never opens it."""

    protected: Base64Url
    recipients: Annotated[Items[dict[str, Any]], Field(min_length=1)]
    iv: Base64Url
    ciphertext: Base64Url
    tag: Base64Url


class HandOvers(Closed):
    """To whom a message was delivered, and who has fetched it. The newest of a message is how it stands."""

    index: Index
    delivered: Items[HandOver]


class Progress(Closed):
    """How far the registry has ruled: the next place in 'submissions', and how many leaves there are."""

    position: Position
    size: Index


class InboxRecord(Item):
    """An item of the inbox. `parts`: name to digest; each part is a record of its own."""

    parts: dict[str, Digest]
