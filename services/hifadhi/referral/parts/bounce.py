"""The body of a bounce: what was wrong with a message, without its values."""

from typing import Annotated

from pydantic import Field

from hifadhi.referral.closed import Closed, Code, Items, pattern


class BouncedFault(Closed):
    """One thing wrong, without its value: the part's name, then the pointer in its body."""

    pointer: Annotated[str, pattern(r"^(/[A-Za-z0-9_~-]{1,64}){0,16}$", "JSON pointer (RFC 6901).")]
    code: Code


class BouncedContent(Closed):
    """What was wrong with a message that could not be taken."""

    errors: Annotated[Items[BouncedFault], Field(min_length=1, max_length=16)]
