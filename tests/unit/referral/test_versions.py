"""A released schema never changes, and a newer number of it can be read by readers of the older ones."""

import json
import re
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.referral import message
from hifadhi.referral.compatibility import meanings_changed, obstacles
from hifadhi.referral.header import PartsOf
from release_schemas import FOLDERS, LISTED, edited, here, listed, release
from schema_examples import PUBLISHED, SCHEMAS, examples

NUMBERED = re.compile(r"(.+)\.([1-9][0-9]*)\.json")


def test_no_released_file_was_edited_or_taken_away() -> None:
    assert edited(SCHEMAS) == [], "a released file is never edited: take the change back and make another number"
    assert listed(SCHEMAS)


def test_what_was_released_is_released_once_and_may_not_change(tmp_path: Path) -> None:
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    one, other = tmp_path / "parts" / "a.1.json", tmp_path / "parts" / "b.1.json"
    one.write_text("{}")
    assert release(tmp_path) == ["parts/a.1.json"]
    other.write_text("{}")
    assert (release(tmp_path), release(tmp_path)) == (["parts/b.1.json"], [])
    assert (tmp_path / LISTED).read_text().splitlines() == [f"{d}  {n}" for n, d in here(tmp_path).items()]
    one.write_text('{"edited": true}')
    assert edited(tmp_path) == ["parts/a.1.json"]
    with pytest.raises(SystemExit, match="another number"):
        release(tmp_path)
    one.unlink()
    assert edited(tmp_path) == ["parts/a.1.json"]


def numbers() -> dict[str, list[tuple[int, Any]]]:
    """Every numbered file, by what it is a number of."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for folder in FOLDERS:
        for path in (SCHEMAS / folder).glob("*.json"):
            named = NUMBERED.fullmatch(path.name)
            assert named, path
            document = json.loads(path.read_text(encoding="utf-8"))
            found.setdefault(f"{folder}/{named[1]}", []).append((int(named[2]), document))
    return {name: sorted(documents, key=lambda one: one[0]) for name, documents in found.items()}


def test_every_number_can_be_read_by_readers_of_the_one_before() -> None:
    for name, documents in numbers().items():
        assert [number for number, _ in documents] == [*range(1, len(documents) + 1)]
        for (_, old), (_, new) in pairwise(documents):
            assert (meanings_changed if name.startswith("codes/") else obstacles)(old, new) == [], name


OLD: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z]*$", "minLength": 1, "maxLength": 9},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "list": {"type": "array", "items": {"$ref": "#/$defs/Kind"}, "minItems": 1, "maxItems": 3},
    },
    "required": ["name"],
    "$defs": {"Kind": {"enum": ["A", "B"]}},
}


def changed(**changes: Any) -> dict[str, Any]:
    """The schema with something else at a path, written with double underscores; None takes it away."""
    new = deepcopy(OLD)
    for path, value in changes.items():
        *steps, last = path.replace("DEFS", "$defs").split("__")
        target: Any = new
        for step in steps:
            target = target[step]
        target[last] = value
        if value is None:
            del target[last]
    return new


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (changed(properties__more={"type": "string"}), "/properties/more"),
        (changed(required=[]), "/required"),
        (changed(additionalProperties=True), "/additionalProperties"),
        (changed(properties__name__maxLength=10), "/properties/name/maxLength"),
        (changed(properties__name__maxLength=None), "/properties/name/maxLength"),
        (changed(properties__name__minLength=0), "/properties/name/minLength"),
        (changed(properties__name__pattern="^[A-Z]+$"), "/properties/name/pattern"),
        (changed(properties__name__type="integer"), "/properties/name/type"),
        (changed(properties__count__minimum=0), "/properties/count/minimum"),
        (changed(properties__count__maximum=10), "/properties/count/maximum"),
        (changed(properties__list__maxItems=4), "/properties/list/maxItems"),
        (changed(properties__list__items=False), "/properties/list/items"),
        (changed(DEFS__Kind={"enum": ["A", "C"]}), "/properties/list/items/enum"),
        (changed(DEFS__Kind={"type": "string"}), "/properties/list/items/enum"),
        (changed(properties__name__format="date"), "/properties/name/format"),
        (changed(oneOf=[{"type": "object"}]), "/oneOf"),
        (changed(prefixItems=[{"type": "string"}]), "/prefixItems"),
    ],
)
def test_what_an_old_reader_could_not_read_is_found_where_it_is(new: dict[str, Any], pointer: str) -> None:
    assert pointer in [one.pointer for one in obstacles(OLD, new)]


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(title="Another title"),
        changed(required=["name", "count"]),
        changed(properties__count=None),
        changed(properties__name__maxLength=5, properties__name__minLength=2),
        changed(DEFS__Kind={"const": "A"}),
        changed(properties__list__minItems=2),
    ],
)
def test_what_is_narrower_may_be_released(new: dict[str, Any]) -> None:
    assert obstacles(OLD, new) == []


@given(data=st.data())
def test_a_published_schema_is_no_obstacle_to_itself_and_each_of_its_bounds_is(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from(sorted(PUBLISHED.values(), key=lambda one: str(one["$id"]))))
    assert obstacles(schema, schema) == []
    wider = {**schema, "properties": {**schema["properties"], "more": {"type": "string"}}}
    assert [one.pointer for one in obstacles(schema, wider)] == ["/properties/more"]


def test_a_list_may_grow_and_no_code_changes_its_meaning() -> None:
    old = {"codes": [{"code": "A", "label": {"en": "One"}}, {"code": "B", "label": {"en": "Two"}}]}
    more = {"codes": [*old["codes"], {"code": "C", "label": {"en": "Three"}}]}
    other = {"codes": [{"code": "A", "label": {"en": "Another"}}]}
    assert meanings_changed(old, more) == []
    assert meanings_changed(old, other) == ["A", "B"]


def test_a_number_that_this_exchange_does_not_read_is_refused_clearly() -> None:
    document = deepcopy(
        next(one.instance for one in examples("accepted") if one.file.startswith("referral.accepted.1"))
    )
    document["parts"][0]["schema"] = "referral.accepted.content/2"
    with pytest.raises(Refused) as refused:
        message.parse(json.dumps(document).encode())
    (fault,) = refused.value.faults
    assert (fault.code, fault.pointer) == ("SCHEMA", "/parts")
    assert "referral.accepted.content/1" in fault.message
    assert PartsOf("referral.received").expected == []
