"""The bodies of a transfer under way: a departure, an arrival, an arrival that did not come."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Country, Exactly, Items, Maybe
from hifadhi.referral.parts.transfer import MOST_TRAVELLERS, Manifest
from hifadhi.referral.pieces import Contact, Document, Moment, Note, Place

Count = Annotated[int, Field(ge=1, le=MOST_TRAVELLERS)]


class DepartedContent(Closed):
    """Who has left, when and from where. `signatory`: the officer whose second signature the header bears."""

    at: Moment
    place: Place
    escort: Maybe[Contact] = None
    manifest: Manifest
    signatory: Contact


class DepartedMovement(Closed):
    """What the detection needs of a departure: headcounts are compared with the arrivals'."""

    from_: Country = Field(alias="from")
    to: Country
    at: Moment
    count: Count


class AwaitedContent(Closed):
    """Where and until when the person was awaited in vain, and what is known of it."""

    at: Moment
    place: Place
    documents_received: Annotated[Items[Document], Field(max_length=16)]
    known: Maybe[Note] = None


class ArrivedContent(Closed):
    """Where and when the person came, and whether it is the person that was announced."""

    at: Moment
    place: Place
    identity: Literal["MATCHED", "DOUBT", "MISMATCH"]
    condition: Maybe[Note] = None
    documents_received: Annotated[Items[Document], Field(max_length=16)]
    known: Maybe[Note] = None


class ArrivedMovement(Closed):
    """What the detection needs of an arrival."""

    from_: Country = Field(alias="from")
    to: Country
    at: Moment
    arrived: Annotated[Literal[True], Exactly()]


class NotArrivedMovement(Closed):
    """What the detection needs of an arrival that did not come."""

    from_: Country = Field(alias="from")
    to: Country
    at: Moment
    arrived: Annotated[Literal[False], Exactly()]
