"""The bodies that say what is to happen with data: consent, restriction, correction, erasure."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Items, Maybe, pattern, text
from hifadhi.referral.coded import ConsentGiver, ErasureReason, FieldName
from hifadhi.referral.parts.request import ConsentedUse
from hifadhi.referral.pieces import Moment, Note

Pointer = Annotated[str, pattern(r"^(/([^/~\n]|~[01]){1,64}){1,8}$", "JSON pointer (RFC 6901) into the part.")]


class ConsentContent(Closed):
    """The consent as it is from `effective_at` on: all that is still, or now, allowed."""

    change: Literal["withdrawn", "widened"]
    given_by: ConsentGiver
    scope: Annotated[Items[ConsentedUse], Field(max_length=64)]
    effective_at: Moment
    text: Maybe[Note] = None


class RestrictedContent(Closed):
    """What the recipient no longer uses, and since when."""

    restricted: Annotated[Items[FieldName], Field(max_length=16)]
    at: Moment


class Correction(Closed):
    """One wrong place of a part as it was sealed, and what should stand there; without `value`, nothing should."""

    pointer: Pointer
    value: Maybe[Annotated[str, text(2000)]] = None
    reason: Note


class CorrectedContent(Closed):
    """Corrections of the content of the message that the header names; in `sensitive`, of its sensitive part."""

    corrections: Annotated[Items[Correction], Field(max_length=16)]


class ErasureContent(Closed):
    """Why the parts are destroyed."""

    reason: ErasureReason
    text: Maybe[Note] = None
