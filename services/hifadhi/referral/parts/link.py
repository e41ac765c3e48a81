"""The bodies of a question whether two cases are of one person, and of its answer. Two humans decide."""

from typing import Annotated

from pydantic import Field

from hifadhi.referral.closed import Closed, Items, Maybe
from hifadhi.referral.pieces import Contact, Evidence, Note


class LinkContent(Closed):
    """What speaks for it, or against it, and who looked at it."""

    evidence: Annotated[Items[Evidence], Field(max_length=16)]
    text: Maybe[Note] = None
    by: Contact
