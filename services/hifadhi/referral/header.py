"""The fields that every header has, and the part entries of those that carry parts (`wire.md` §1).

A header says who, to whom, about which case, and nothing about the person.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from hifadhi.referral.closed import AgencyId, Closed, Digest, Exactly, Instant, Items, Uuid7, pattern
from hifadhi.referral.part_names import PARTS

GOVERNANCE = "GOVERNANCE"
MOST_AGENCIES = 16

Sender = Annotated[str, pattern(r"^(GOVERNANCE|[A-Z]{2,8}-[A-Z0-9]{2,16})$")]
One = Annotated[Items[AgencyId], Field(min_length=1, max_length=1)]
Some = Annotated[Items[AgencyId], Field(min_length=1, max_length=MOST_AGENCIES)]
Any16 = Annotated[Items[AgencyId], Field(max_length=MOST_AGENCIES)]
Version = Annotated[int, Field(ge=1, le=9_007_199_254_740_991)]


class Header(Closed):
    """What every signed payload starts with."""

    format: Annotated[Literal[1], Exactly()]
    id: Uuid7
    type: str
    sender: Sender = Field(alias="from")
    sent_at: Instant
    sequence: Version

    @property
    def addressees(self) -> tuple[str, ...]:
        """The agencies of `to`; none where the type has no such field."""
        return getattr(self, "to", ())

    @property
    def about(self) -> str:
        """The case this concerns: an opening encounter is its own; a directory statement concerns only itself."""
        return getattr(self, "case", None) or self.id

    @property
    def part_entries(self) -> "tuple[PartEntry, ...]":
        """The entries of `parts`; none for a directory statement."""
        return getattr(self, "parts", ())


class PartEntry(Closed):
    """One sealed part, by digest: what the hub may know of it."""

    name: Literal["content", "sensitive", "movement", "statistics"]
    schema_name: Annotated[str, pattern(r"^[a-z_]{1,32}\.[a-z_]{1,32}\.[a-z]{1,32}/[1-9][0-9]{0,3}$")] = Field(
        alias="schema"
    )
    suite: Literal["ECDH-ES+A256KW", "HPKE-9-KE"]
    digest: Digest
    commitment: Digest
    readers: Annotated[Items[AgencyId], Field(min_length=1, max_length=MOST_AGENCIES)]


class PartsOf:
    """Exactly the parts of the type, in their order: what is there, or is not, must say nothing about the person."""

    def __init__(self, message_type: str) -> None:
        self.expected = [(name, f"{message_type}.{name}/1") for name in PARTS[message_type]]

    def check(self, entries: tuple[PartEntry, ...]) -> tuple[PartEntry, ...]:
        """The entries, if they are these."""
        if [(entry.name, entry.schema_name) for entry in entries] != self.expected:
            names = ", ".join(schema for _, schema in self.expected) or "none"
            raise PydanticCustomError(
                "parts_of_type", "this type has exactly these parts, in this order: {names}", {"names": names}
            )
        return entries

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        entry = described.pop("items")
        names = [{"properties": {"name": {"const": name}, "schema": {"const": uri}}} for name, uri in self.expected]
        if names:
            described["prefixItems"] = [{"allOf": [entry, name]} for name in names]
        return {**described, "items": False, "minItems": len(names), "maxItems": len(names)}
