"""The example files under `schemas/`, and both sides that judge them: our types and the published schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from hifadhi.evidence import strict_json
from hifadhi.referral.closed import Closed
from hifadhi.referral.message import HEADERS
from hifadhi.referral.parts import BODIES
from hifadhi.referral.published import published_schemas

SCHEMAS = Path(__file__).parent.parent / "schemas"
PUBLISHED: dict[str, dict[str, Any]] = {schema["$id"]: schema for schema in published_schemas().values()}


class Example(NamedTuple):
    file: str
    schema: str
    instance: Any
    pointer: str


@cache
def examples(kind: str) -> list[Example]:
    """The examples that are `accepted` or `refused`."""
    return [_read(file) for file in sorted((SCHEMAS / "examples" / kind).glob("*.json"))]


def accepted_body(schema: str, slug: str) -> Any:
    """The instance of an accepted example, by schema name (`referral.declined.content/1`) and the rest of its name."""
    return _read(SCHEMAS / "examples" / "accepted" / f"{schema.replace('/', '.')}.{slug}.json").instance


def type_of(urn: str) -> type[Closed]:
    """The type that reads what the schema of this `$id` describes."""
    name, number = urn.removeprefix("urn:hifadhi:schema:").split(":")
    return HEADERS[name] if name in HEADERS else BODIES[f"{name}/{number}"]


@cache
def validator_of(urn: str) -> Draft202012Validator:
    return Draft202012Validator(PUBLISHED[urn])


def _read(file: Path) -> Example:
    found = strict_json.parse(file.read_bytes())
    assert json.loads(file.read_text(encoding="utf-8")) == found
    return Example(file.name, found["schema"], found["instance"], found.get("pointer", ""))
