"""The AsyncAPI document (3.1), made from the tables of topics and records: the hub, as a broker sees it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hifadhi.hub.reference.media import TEXT
from hifadhi.hub.reference.records import KINDS, Kind
from hifadhi.stream.topics import FLOW, INBOX, Topic

ABOUT: Final = (
    "The topics of an exchange. Services meet nowhere else. An agency may read its own inbox topic, by an ACL, and "
    "nothing else; it is told the same by GET /v1/inbox. Names have a prefix that the deployment sets, here `hifadhi.`."
)
PREFIX: Final = "hifadhi."
KAFKA: Final = "0.5.0"
"""Of AsyncAPI's binding."""
DIGEST_BYTES: Final = 32
SERVICES: Final = ("gateway", "registry", "delivery", "console")

Json = dict[str, Any]


@lru_cache(maxsize=1)
def document() -> Json:
    """The whole document as a JSON value."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Hifadhi",
            "version": version("hifadhi"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "channels": {name_of(topic): _channel(topic) for topic in FLOW},
        "operations": {name: said for topic in FLOW for name, said in _operations(topic)},
        "components": {"schemas": _schemas()},
    }


def name_of(topic: Topic) -> str:
    """The topic's name in the document, where it may have no dot."""
    return "inbox" if topic.name == INBOX else topic.name


def _channel(topic: Topic) -> Json:
    said: Json = {
        "address": PREFIX + topic.name.replace("<", "{").replace(">", "}"),
        "description": _says(topic),
        "messages": {kind.name: _message(kind) for kind in KINDS[topic.name]},
        "bindings": {"kafka": _kept(topic)},
    }
    if topic.name == INBOX:
        said["parameters"] = {"agency": {"description": "The agency's id."}}
    return said


def _says(topic: Topic) -> str:
    lasts = "Every record stays." if topic.cleanup == "forever" else "The newest record of each key stays."
    return f"Written by {_and(topic.written_by)}, read by {_and(topic.read_by)}. {lasts}"


def _and(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _kept(topic: Topic) -> Json:
    policy = "delete" if topic.cleanup == "forever" else "compact"
    forever = {"retention.ms": -1} if topic.cleanup == "forever" else {}
    configuration = {"cleanup.policy": [policy], **forever}
    return {"partitions": topic.partitions, "topicConfiguration": configuration, "bindingVersion": KAFKA}


def _message(kind: Kind) -> Json:
    said: Json = {
        "name": kind.name,
        "summary": kind.says,
        "contentType": kind.media,
        "payload": payload_of(kind),
        "bindings": {"kafka": {"key": _key(kind), "bindingVersion": KAFKA}},
    }
    if kind.headers:
        said["headers"] = {
            "type": "object",
            "properties": {name: _text(pattern) for name, pattern in kind.headers.items()},
            "required": list(kind.headers),
        }
    return said


def _key(kind: Kind) -> Json:
    if kind.key is not None:
        return _text(kind.key)
    return {"type": "string", "format": "binary", "minLength": DIGEST_BYTES, "maxLength": DIGEST_BYTES}


def payload_of(kind: Kind) -> Json:
    """The schema of what such a record holds."""
    if kind.value is None:
        return {"type": "null"}
    if not isinstance(kind.value, str):
        return {"$ref": f"#/components/schemas/{kind.value.__name__}"}
    return _text(kind.value) if kind.media == TEXT else {"type": "string", "format": "binary"}


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def _operations(topic: Topic) -> Iterator[tuple[str, Json]]:
    """What each of the hub's services does with the topic. What agencies do is not the hub's."""
    channel = {"$ref": f"#/channels/{name_of(topic)}"}
    for verb, action, services in (("writes", "send", topic.written_by), ("reads", "receive", topic.read_by)):
        for service in SERVICES:
            if service in services:
                summary = f"{service} {verb} {topic.name}"
                yield f"{service}-{verb}-{name_of(topic)}", {"action": action, "channel": channel, "summary": summary}


def _schemas() -> Mapping[str, Json]:
    kinds = (kind.value for kinds in KINDS.values() for kind in kinds)
    types: list[type[BaseModel]] = sorted(
        {one for one in kinds if one is not None and not isinstance(one, str)}, key=lambda one: one.__name__
    )
    _, found = models_json_schema([(one, "validation") for one in types], ref_template="#/components/schemas/{model}")
    schemas: Mapping[str, Json] = found["$defs"]
    return schemas
