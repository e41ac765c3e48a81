"""What is to happen with data that were sealed: corrected, restricted, erased."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Digest, Items, Uuid7
from hifadhi.referral.header import Any16, Header, One, PartEntry, PartsOf, Some


class DataCorrected(Header):
    """Who sealed a message says what in it was wrong; the recipients apply it."""

    type: Literal["data.corrected"]
    case: Uuid7
    in_reply_to: Uuid7
    to: Some
    parts: Annotated[Items[PartEntry], PartsOf("data.corrected")]


class ConsentChanged(Header):
    """The person has withdrawn or widened a consent. Which, stands in the sealed content only."""

    type: Literal["consent.changed"]
    case: Uuid7
    to: Some
    parts: Annotated[Items[PartEntry], PartsOf("consent.changed")]


class DataRestricted(Header):
    """A recipient has restricted the data as it was told to."""

    type: Literal["data.restricted"]
    case: Uuid7
    in_reply_to: Uuid7
    to: One
    parts: Annotated[Items[PartEntry], PartsOf("data.restricted")]


class ErasureOrdered(Header):
    """Who sealed these parts of a message has them destroyed. Their digests, and every proof, stay."""

    type: Literal["erasure.ordered"]
    case: Uuid7
    in_reply_to: Uuid7
    to: Any16
    digests: Annotated[Items[Digest], Field(min_length=1, max_length=4)]
    parts: Annotated[Items[PartEntry], PartsOf("erasure.ordered")]
