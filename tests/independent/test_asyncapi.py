"""The document of the topics, against the JSON Schema that AsyncAPI publishes for its documents."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft7Validator

from hifadhi.hub.reference.asyncapi import document
from independent.programs import asyncapi_schemas


@pytest.fixture(scope="module")
def published() -> Draft7Validator:
    file = asyncapi_schemas() / f"{document()['asyncapi']}-without-$id.json"
    return Draft7Validator(json.loads(file.read_bytes()))


def test_it_is_of_asyncapi(published: Draft7Validator) -> None:
    assert [(list(error.absolute_path), error.message) for error in published.iter_errors(document())] == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("operations", "registry-writes-record", "action"), "publish"),
        (("channels", "record", "bindings", "kafka", "partitions"), 0),
        (("channels", "inbox", "messages", "item", "payload"), 7),
        (("info",), {}),
    ],
)
def test_and_what_is_not_is_found(published: Draft7Validator, place: tuple[str, ...], wrong: Any) -> None:
    altered = copy.deepcopy(document())
    within = altered
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = wrong
    assert not published.is_valid(altered)
