import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from hifadhi.referral import faults
from schema_examples import PUBLISHED, SCHEMAS, Example, examples, type_of, validator_of
from schema_instances import KNOWN, altered, of_schema
from write_schemas import published_files

URNS = sorted(PUBLISHED)
unhurried = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def our_types_accept(urn: str, instance: Any) -> bool:
    try:
        type_of(urn).model_validate(instance)
    except ValidationError:
        return False
    return True


def schema_accepts(urn: str, instance: Any) -> bool:
    return validator_of(urn).is_valid(instance)


@cache
def described_by(urn: str) -> st.SearchStrategy[Any]:
    return of_schema(PUBLISHED[urn])


@cache
def accepted_by(urn: str) -> list[Any]:
    return [example.instance for example in examples("accepted") if example.schema == urn]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(member)


def test_the_files_are_what_the_program_makes() -> None:
    for relative, text in published_files().items():
        assert (SCHEMAS / relative).read_text(encoding="utf-8") == text, f"{relative}: run `make schemas`"


def test_there_are_no_other_files_beside_them() -> None:
    found = {
        str(file.relative_to(SCHEMAS)) for part in ("parts", "messages", "codes") for file in (SCHEMAS / part).iterdir()
    }
    assert found == set(published_files())


@pytest.mark.parametrize("urn", URNS)
def test_a_schema_is_json_schema_2020_12(urn: str) -> None:
    Draft202012Validator.check_schema(PUBLISHED[urn])
    assert PUBLISHED[urn]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_file_has_an_id_of_its_own() -> None:
    files = [json.loads(text) for path, text in published_files().items() if not path.startswith("codes/")]
    assert len({file["$id"] for file in files}) == len(files)


@pytest.mark.parametrize("urn", URNS)
def test_every_object_is_closed_and_every_list_and_string_is_bounded(urn: str) -> None:
    for schema in objects({**PUBLISHED[urn], "$defs": list(PUBLISHED[urn].get("$defs", {}).values())}):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
        if schema.get("type") == "array":
            assert "maxItems" in schema
        if schema.get("type") == "string" and not schema.keys() & {"const", "enum", "maxLength"}:
            outside_classes = re.sub(r"\[[^]]*\]|\\.", "x", schema["pattern"])
            assert not re.search(r"[*+]|,\}", outside_classes), schema["pattern"]


@pytest.mark.parametrize("urn", URNS)
def test_patterns_keep_to_what_every_regex_dialect_reads_alike(urn: str) -> None:
    for schema in objects(PUBLISHED[urn]):
        if isinstance(schema.get("pattern"), str):
            assert not re.search(r"\(\?|\\[^.+nx]", schema["pattern"]), schema["pattern"]


@pytest.mark.parametrize("urn", URNS)
def test_no_keyword_is_used_that_a_validator_may_not_know(urn: str) -> None:
    schema = PUBLISHED[urn]
    for part in [schema, *schema.get("$defs", {}).values()]:
        assert part.keys() <= KNOWN
        assert all(member.keys() <= KNOWN for member in part.get("properties", {}).values())


@pytest.mark.parametrize("kind", ["accepted", "refused"])
def test_every_schema_has_an_example(kind: str) -> None:
    assert {example.schema for example in examples(kind)} == set(PUBLISHED)


@pytest.mark.parametrize("example", examples("accepted"), ids=lambda example: example.file)
def test_both_sides_accept_an_accepted_example(example: Example) -> None:
    assert our_types_accept(example.schema, example.instance)
    assert schema_accepts(example.schema, example.instance)


@pytest.mark.parametrize("example", examples("refused"), ids=lambda example: example.file)
def test_both_sides_refuse_a_refused_example_where_its_pointer_says(example: Example) -> None:
    with pytest.raises(ValidationError) as refused:
        type_of(example.schema).model_validate(example.instance)
    assert [fault.pointer for fault in faults.refusal(refused.value, example.instance).faults] == [example.pointer]
    for error in validator_of(example.schema).iter_errors(example.instance):
        where = faults.pointer(error.absolute_path)
        assert example.pointer.startswith(where) or where.startswith(example.pointer)
    assert not schema_accepts(example.schema, example.instance)


@pytest.mark.slow
@pytest.mark.parametrize("urn", URNS)
@unhurried
@given(data=st.data())
def test_what_a_schema_describes_both_sides_accept(urn: str, data: st.DataObject) -> None:
    instance = data.draw(described_by(urn))
    assert schema_accepts(urn, instance)
    assert our_types_accept(urn, instance)


@pytest.mark.slow
@pytest.mark.parametrize("urn", URNS)
@settings(unhurried, max_examples=40)
@given(data=st.data())
def test_both_sides_agree_on_instances_that_are_nearly_right(urn: str, data: st.DataObject) -> None:
    instance = data.draw(altered(data.draw(st.sampled_from(accepted_by(urn)))))
    assert schema_accepts(urn, instance) == our_types_accept(urn, instance)
