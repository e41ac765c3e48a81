"""Instances for a published schema, and instances that are nearly right: what JSON text may hold, so no fractions.

`of_schema` knows the keywords that our schemas use, and fails on any other.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

KNOWN = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "oneOf", "allOf", "not",
    "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
    "minLength", "maxLength", "pattern", "minimum", "maximum",
}  # fmt: skip
LONGEST_LIST = 2
LONGEST_TEXT = 10

Strategy = st.SearchStrategy[Any]


def of_schema(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> Strategy:
    """Instances that the schema accepts."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    definitions = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        return of_schema(_resolved(schema, definitions), definitions)
    if "allOf" in schema:
        return of_schema(_merged([_resolved(part, definitions) for part in schema["allOf"]]), definitions)
    if "oneOf" in schema:
        return st.one_of([of_schema(choice, definitions) for choice in schema["oneOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return _BY_TYPE[schema["type"]](schema, definitions)


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference: str | None = schema.get("$ref")
    found: dict[str, Any] = definitions[reference.removeprefix("#/$defs/")] if reference else schema
    return found


def _merged(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    properties = {name: member for schema in schemas for name, member in schema["properties"].items()}
    return {**schemas[0], "properties": properties}


def _string(schema: dict[str, Any], _: dict[str, Any]) -> Strategy:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is None:
        return st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
    texts = st.text(min_size=least, max_size=min(most, LONGEST_TEXT))
    return texts.filter(lambda text: re.search(schema["pattern"], text) and not text.endswith("\n"))


def _integer(schema: dict[str, Any], _: dict[str, Any]) -> Strategy:
    return st.integers(schema["minimum"], schema["maximum"])


def _boolean(_: dict[str, Any], __: dict[str, Any]) -> Strategy:
    return st.booleans()


def _array(schema: dict[str, Any], definitions: dict[str, Any]) -> Strategy:
    if schema["items"] is False:
        return st.tuples(*(of_schema(item, definitions) for item in schema.get("prefixItems", ()))).map(list)
    least = schema.get("minItems", 0)
    most = max(least, min(schema["maxItems"], LONGEST_LIST))
    return st.lists(of_schema(schema["items"], definitions), min_size=least, max_size=most)


def _object(schema: dict[str, Any], definitions: dict[str, Any]) -> Strategy:
    members = {name: of_schema(member, definitions) for name, member in schema["properties"].items()}
    required = {name: members.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=members)


_BY_TYPE: dict[str, Callable[[dict[str, Any], dict[str, Any]], Strategy]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}

ODD_VALUES: list[Any] = [None, True, False, 0, 1, -1, 2**53 - 1, "", "x", "1", "true", [], {}, [None], {"x": 1}]
# What regex dialects and string lengths are known to differ on, beside plain surplus characters.
ODD_ENDS = ["\n", "\r\n", " ", "\u2028", "\u0085", "\x00", "\x1b", "\t", "é", "e\u0301", "😀", "A", "a", "0", "-", "٣"]


@st.composite
def altered(draw: st.DrawFn, instance: Any) -> Any:
    """A copy of the instance with one to three things changed, mostly for the worse."""
    whole = [deepcopy(instance)]
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(whole))))
        holder[key] = deepcopy(draw(_changes(holder[key])))
    return whole[0]


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a list or object where a value stands."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        yield holder, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _changes(value: Any) -> Strategy:
    others = st.sampled_from(ODD_VALUES)
    if isinstance(value, str):
        return st.one_of(_strings_like(value), others)
    if isinstance(value, int):
        return st.sampled_from([*ODD_VALUES, value + 1, value - 1, str(value), not value])
    if isinstance(value, list):
        return st.one_of(st.sampled_from([value[1:], value[::-1], value + value[:1], value * 40]), others)
    if isinstance(value, dict):
        return st.one_of(_objects_like(value), _objects_like(value), others)
    return others


def _strings_like(value: str) -> Strategy:
    ends = st.sampled_from(ODD_ENDS)
    return st.one_of(
        ends.map(lambda end: value + end),
        ends.map(lambda end: end + value),
        ends.map(lambda end: value[:-1] + end),
        st.sampled_from([value[:-1], value[1:], value.lower(), value.upper(), value * 90, value + value]),
    )


def _objects_like(value: dict[str, Any]) -> Strategy:
    surplus = st.sampled_from(["x", "", "type", "language", "case"]).map(lambda name: {**value, name: "x"})
    if not value:
        return surplus
    names = st.sampled_from(sorted(value))
    without = names.map(lambda gone: {name: member for name, member in value.items() if name != gone})
    return st.one_of(without, surplus)
