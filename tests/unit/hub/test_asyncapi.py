"""The document of the topics says what the table of topics says: no topic more, none less, each as it is kept."""

from typing import Any

from jsonschema import Draft202012Validator

from hifadhi.hub.reference.asyncapi import document, name_of
from hifadhi.hub.reference.records import KINDS
from hifadhi.stream.topics import FLOW
from schema_examples import SCHEMAS
from write_schemas import reference_files

SERVICES = {"gateway", "registry", "delivery", "console"}


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set[str]().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return found.union(*map(references, value.values()))


def at(pointer: str) -> Any:
    place: Any = document()
    for step in pointer.removeprefix("#/").split("/"):
        place = place[step]
    return place


def test_the_file_is_what_the_program_makes() -> None:
    path = "asyncapi.json"
    assert (SCHEMAS / path).read_text(encoding="utf-8") == reference_files()[path], "run `make schemas`"


def test_every_topic_has_its_channel_and_its_records() -> None:
    assert document()["channels"].keys() == {name_of(topic) for topic in FLOW}
    assert KINDS.keys() == {topic.name for topic in FLOW}
    for topic in FLOW:
        kept = document()["channels"][name_of(topic)]["bindings"]["kafka"]
        policy = {"forever": ["delete"], "compact": ["compact"]}[topic.cleanup]
        assert (kept["partitions"], kept["topicConfiguration"]["cleanup.policy"]) == (topic.partitions, policy)
        assert ("retention.ms" in kept["topicConfiguration"]) == (topic.cleanup == "forever")


def test_who_writes_and_reads_is_what_the_flow_says() -> None:
    said = {(one["action"], one["summary"].split()[0], one["channel"]["$ref"]) for one in operations()}
    writes = {("send", who, f"#/channels/{name_of(one)}") for one in FLOW for who in SERVICES & {*one.written_by}}
    reads = {("receive", who, f"#/channels/{name_of(one)}") for one in FLOW for who in SERVICES & {*one.read_by}}
    assert said == writes | reads


def operations() -> list[Any]:
    return list(document()["operations"].values())


def test_what_is_referred_to_is_there() -> None:
    for pointer in references(document()):
        assert at(pointer) is not None


def test_its_schemas_are_json_schema() -> None:
    for one in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(one)
