"""The published JSON Schemas (2020-12) of every header and body, made from the types that check them.

What the types accept, the schemas accept, and the other way round: the tests compare both on generated instances.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from hifadhi.referral.closed import Closed
from hifadhi.referral.message import HEADERS
from hifadhi.referral.parts import BODIES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def published_schemas() -> Mapping[str, dict[str, Any]]:
    """Path under `schemas/` to the schema that the file holds."""
    return dict(_files())


def _files() -> Iterator[tuple[str, dict[str, Any]]]:
    for message_type, header in HEADERS.items():
        yield f"messages/{message_type}.1.json", _schema(header, f"{message_type}:1", message_type)
    for name, body in BODIES.items():
        part, number = name.split("/")
        yield f"parts/{part}.{number}.json", _schema(body, f"{part}:{number}", name)


def _schema(of: type[Closed], urn: str, title: str) -> dict[str, Any]:
    described = of.model_json_schema(schema_generator=_Readable)
    definitions = described.pop("$defs", {})
    described["title"] = title
    for definition in definitions.values():
        definition.pop("title", None)  # the name under which it is defined
    head = {"$schema": DIALECT, "$id": f"urn:hifadhi:schema:{urn}"}
    return {**head, **_ordered(described), **({"$defs": _ordered(definitions)} if definitions else {})}


class _Readable(GenerateJsonSchema):
    """Without what pydantic adds for programs: titles of fields, null defaults, OpenAPI's keyword."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (pydantic's own signature)
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        described = super().tagged_union_schema(schema)
        described.pop("discriminator", None)  # OpenAPI's keyword, not JSON Schema's
        return described


_ORDER = ("title", "description", "$ref", "type", "const", "enum", "pattern")


def _ordered(value: Any) -> Any:  # noqa: ANN401 (a JSON Schema)
    """The same schema with the keywords that a reader looks for first at the top of each object."""
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    first = {key: value[key] for key in _ORDER if isinstance(value.get(key), str | list)}
    return {key: _ordered(member) for key, member in {**first, **value}.items()}
