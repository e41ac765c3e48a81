from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from hifadhi.errors import Refused
from hifadhi.evidence import plaintext, strict_json
from hifadhi.referral import parts
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.pieces import DATE_FIELDS
from schema_examples import PUBLISHED, Example, accepted_body, examples

CONTENT = "encounter.reported.content/1"
FOUR_BYTES = "\U0001f54a"
GIRL = accepted_body(CONTENT, "girl-found-stranded")
BODIES = [example for example in examples("accepted") if example.schema.count(".") == 2]


def name_of(example: Example) -> str:
    name, number = example.schema.removeprefix("urn:hifadhi:schema:").split(":")
    return f"{name}/{number}"


def properties_of_bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in parts.BODIES:
        schema = PUBLISHED["urn:hifadhi:schema:" + name.replace("/", ":")]
        for part in [schema, *schema.get("$defs", {}).values()]:
            yield from part.get("properties", {}).items()


def test_every_part_of_every_type_has_a_body_and_no_other_body_is_there() -> None:
    assert set(parts.BODIES) == {f"{kind}.{name}/1" for kind, names in PARTS.items() for name in names}


@pytest.mark.parametrize("example", BODIES, ids=lambda example: example.file)
def test_a_body_comes_back_as_it_was_read(example: Example) -> None:
    assert parts.as_json(parts.body(name_of(example), example.instance)) == example.instance


@pytest.mark.parametrize("example", BODIES, ids=lambda example: example.file)
def test_a_body_can_be_a_key_and_cannot_be_changed(example: Example) -> None:
    read = parts.body(name_of(example), example.instance)
    assert {read: 1}[parts.body(name_of(example), example.instance)] == 1
    with pytest.raises(ValidationError):
        setattr(read, next(iter(type(read).model_fields)), None)


def test_a_code_of_a_newer_list_is_kept() -> None:
    newer = parts.body(CONTENT, {**GIRL, "kind": "MET_BY_DRONE"})
    assert parts.as_json(newer)["kind"] == "MET_BY_DRONE"


def test_an_absent_field_cannot_be_null() -> None:
    with pytest.raises(Refused) as refused:
        parts.body(CONTENT, {**GIRL, "account": None}, pointer="/content")
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("SCHEMA", "/content/account")]


def test_a_refusal_never_repeats_what_was_said_of_the_person() -> None:
    told = "\x1bBaidoa"
    broken = {**GIRL, "kind": told, "person": {**GIRL["person"], "sex": told, told: told}}
    with pytest.raises(Refused) as refused:
        parts.body(CONTENT, broken)
    assert len(refused.value.faults) == 3
    assert "Baidoa" not in str(refused.value)


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        parts.body("referral.requested.content/2", {}, pointer="/content")
    assert (refused.value.code, refused.value.faults[0].pointer) == ("SCHEMA", "/content")


@pytest.mark.parametrize("document", [None, [], "x", 1, True, {}])
def test_what_is_no_body_at_all_is_refused(document: object) -> None:
    with pytest.raises(Refused):
        parts.body(CONTENT, document)


def test_the_largest_request_can_still_be_sealed() -> None:
    request = accepted_body("referral.requested.content/1", "take-charge-of-a-child")
    note = {"text": FOUR_BYTES * 1000, "language": "som"}
    names = [FOUR_BYTES * 80] * 8
    name = {"given": names, "family": names, "other": names, "script": "Zsye", "as_in_document": FOUR_BYTES * 160}
    request["reasons"]["text"] = FOUR_BYTES * 8000
    request["evidence"] = [{**request["evidence"][0], "text": note}] * 32
    request["family"] = [{**request["family"][0], "name": name, "where": {"country": "ZAF", "text": note}}] * 16
    parts.body("referral.requested.content/1", request)
    assert len(strict_json.dump(request)) < plaintext.MAX_PLAINTEXT


def test_the_fields_that_hold_dates_are_those_that_the_edge_checks() -> None:
    dates = {"#/$defs/Date", "#/$defs/BirthDate"}
    assert {name for name, schema in properties_of_bodies() if schema.get("$ref") in dates} == DATE_FIELDS


def test_no_body_has_a_place_for_biometrics_attachments_or_hiv_status() -> None:
    names = " ".join(name for name, _ in properties_of_bodies())
    for never in ("photo", "image", "finger", "biometric", "attach", "hiv"):
        assert never not in names
