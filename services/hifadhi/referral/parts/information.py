"""The bodies of a question within a referral, and of its answer."""

from typing import Annotated

from pydantic import Field

from hifadhi.referral.closed import Closed, Items, Maybe
from hifadhi.referral.coded import FieldName, InformationRefusal
from hifadhi.referral.pieces import Contact, Note


class Asked(Closed):
    """What is asked, and for what; need-to-know questions stand in the sensitive part, in the same form."""

    fields: Annotated[Items[FieldName], Field(max_length=16)]
    purpose: Maybe[Note] = None
    by: Maybe[Contact] = None


class Value(Closed):
    """The answer to one question: a text, or why there is none."""

    field: FieldName
    value: Maybe[Note] = None
    refused: Maybe[InformationRefusal] = None


class Provided(Closed):
    """The answers; need-to-know ones stand in the sensitive part, in the same form."""

    values: Annotated[Items[Value], Field(max_length=16)]
