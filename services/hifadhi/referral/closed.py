"""The closed, frozen, strict record that every header, body and statement is; and the scalar types they share.

What these types refuse, the published JSON Schema refuses too, and nothing more: rules that a schema cannot say
(sorted lists, fields that depend on each other) stand in `admission` and `edge`.
"""

import re
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, Strict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema
from typing_extensions import TypeAliasType

T = TypeVar("T")
UUID7: Final = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
DIGEST: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_UUID7 = re.compile(UUID7)


class Closed(BaseModel):
    """A record with exactly the fields it names: no others, no coercion, never changed after it is made."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="strings")


class _NeverNull:
    """Drops the `null` of `T | None`: a field may be absent, which Python reads as None, but JSON null is refused."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


class Exactly:
    """Beside a `Literal` of a number or a boolean: to Python True, 1 and 1.0 are one value, in JSON they are not."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 (pydantic's own signature)
        schema = handler(source)
        kinds = {type(value) for value in schema["expected"]}

        def same_kind(value: object) -> object:
            if type(value) not in kinds:
                raise PydanticCustomError("exactly", "a value of another JSON type than this member has")
            return value

        return core_schema.no_info_before_validator_function(same_kind, schema)


# A field that may be absent: `case: Maybe[Uuid7] = None`.
Maybe = Annotated[T | None, _NeverNull()]
# A JSON array: read from a list, kept as a tuple. Strictness is for what is in it. Bounds: `Field(max_length=…)`.
Items = Annotated[tuple[T, ...], Strict(strict=False)]

# To Python, Java, .NET and PCRE `$` stands before a last line feed too; to ECMA 262 and to pydantic it does not.
_NO_LINE_FEED: dict[str, Any] = {"not": {"pattern": r"\n"}}


def text(most: int, least: int = 1) -> FieldInfo:
    """Plain text of `least` to `most` characters; no control characters but tab and line feed."""
    # An escape sequence in a name would otherwise be obeyed by the terminal that shows it.
    constraint: FieldInfo = Field(min_length=least, max_length=most, pattern=r"^[^\x00-\x08\x0B-\x1F\x7F-\x9F]*$")
    return constraint


def line(most: int, says: str | None = None) -> FieldInfo:
    """One line of 1 to `most` characters, without control characters."""
    constraint: FieldInfo = Field(
        min_length=1,
        max_length=most,
        pattern=r"^[^\x00-\x1F\x7F-\x9F]*$",
        description=says,
        json_schema_extra=_NO_LINE_FEED,
    )
    return constraint


def pattern(regex: str, says: str | None = None) -> FieldInfo:
    """A string that the regular expression matches whole; it must read the same in ECMA 262 (JSON Schema)."""
    constraint: FieldInfo = Field(pattern=regex, description=says, json_schema_extra=_NO_LINE_FEED)
    return constraint


# Named, so that a published schema defines each once, under this name.
AgencyId = TypeAliasType("AgencyId", Annotated[str, pattern(r"^[A-Z]{2,8}-[A-Z0-9]{2,16}$", "An agency's id.")])
Uuid7 = TypeAliasType(
    "Uuid7",
    Annotated[
        str,
        pattern(f"^{UUID7}$", "UUIDv7, lower case."),
    ],
)
# A month has 31 days here, a schema cannot count: `instant.parse` refuses 30 February.
Instant = TypeAliasType(
    "Instant",
    Annotated[
        str,
        pattern(
            r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$",
            "UTC, always with milliseconds.",
        ),
    ],
)
Digest = TypeAliasType("Digest", Annotated[str, pattern(f"^{DIGEST}$", "32 bytes, base64url without padding.")])
Country = TypeAliasType("Country", Annotated[str, pattern(r"^[A-Z]{3}$", "ISO 3166-1 alpha-3; XXA is stateless.")])
Language = TypeAliasType("Language", Annotated[str, pattern(r"^[a-z]{3}$", "ISO 639-3.")])
Code = TypeAliasType("Code", Annotated[str, pattern(r"^[A-Z][A-Z0-9_-]{0,47}$")])
ArrangementId = TypeAliasType(
    "ArrangementId", Annotated[str, pattern(r"^[A-Z0-9][A-Z0-9-]{2,31}$", "An arrangement of two states.")]
)
UtcOffset = TypeAliasType("UtcOffset", Annotated[str, pattern(r"^[+-](0[0-9]|1[0-4]):(00|15|30|45)$")])
Urgency = Literal["standard", "urgent", "emergency"]


def is_uuid7(value: object) -> bool:
    """Whether a parsed JSON value is a UUID of version 7 in lower case (RFC 9562)."""
    return isinstance(value, str) and _UUID7.fullmatch(value) is not None
