"""A JSON Schema in words: what a member may be, for people. Types that are described are linked to."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from hifadhi.evidence.strict_json import MAX_INTEGER

_CODE = re.compile(r"`([^`]+)`")
_KINDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null", "object": "object"}


def prose(text: str) -> Markup:
    """A description: blank lines part paragraphs, what stands between backticks is code."""
    paragraphs = (_CODE.sub(r"<code>\1</code>", str(escape(one))) for one in text.split("\n\n"))
    return Markup("".join(f"<p>{one}</p>" for one in paragraphs))  # noqa: S704 (escaped above)


def words(schema: Mapping[str, Any]) -> Markup:
    """What a value of this schema is."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#type-{}">{}</a>').format(name, name)
    if "anyOf" in schema:
        return Markup(" or ").join(map(words, schema["anyOf"]))
    if "const" in schema:
        return Markup("<code>{}</code>").format(_literal(schema["const"]))
    if "enum" in schema:
        return Markup(" or ").join(Markup("<code>{}</code>").format(_literal(one)) for one in schema["enum"])
    return _of_type(schema)


def _literal(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _of_type(schema: Mapping[str, Any]) -> Markup:
    kind = schema.get("type", "")
    if kind == "array":
        return Markup("list{} of {}").format(_bounds(schema, "minItems", "maxItems"), words(schema.get("items", {})))
    if kind == "integer":
        return Markup("whole number{}").format(_bounds(schema, "minimum", "maximum"))
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return Markup("object, of each name: {}").format(words(schema["additionalProperties"]))
    if kind == "string" and "pattern" in schema:
        return Markup("text like <code>{}</code>").format(schema["pattern"])
    return Markup(_KINDS.get(kind, "any JSON"))  # noqa: S704 (our own words)


def _bounds(schema: Mapping[str, Any], least: str, most: str) -> str:
    low, high = schema.get(least), schema.get(most, MAX_INTEGER)
    if high == MAX_INTEGER:
        return f", {low} or more" if low else ""
    return f", {low or 0} to {high}"
