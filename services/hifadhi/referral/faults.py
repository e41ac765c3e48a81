"""What pydantic found wrong, as our faults: SCHEMA, a JSON pointer, a sentence without any value of the message."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from hifadhi.errors import Fault, Refused

MOST_FAULTS = 16


def refusal(error: ValidationError, document: object, *, prefix: str = "") -> Refused:
    """A `Refused` of at most `MOST_FAULTS` faults, pointing into `document`, each pointer behind `prefix`."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_FAULTS]
    return Refused(*(_fault(entry["type"], entry["loc"], entry["msg"], document, prefix) for entry in found))


def _fault(kind: str, loc: Sequence[str | int], says: str, document: object, prefix: str) -> Fault:
    path = list(_path(loc, document))
    if kind == "extra_forbidden":
        # The surplus name came from outside and may be anything: the pointer stops at its parent.
        return Fault("SCHEMA", prefix + pointer(path[:-1]), "a member that this type does not have")
    if kind == "missing":
        return Fault("SCHEMA", prefix + pointer(path), f"the member '{loc[-1]}' is missing")
    if kind == "union_tag_invalid":  # pydantic's own sentence repeats the value
        return Fault("SCHEMA", prefix + pointer(path), "of none of the kinds that stand here")
    return Fault("SCHEMA", prefix + pointer(path), says[0].lower() + says[1:])


def pointer(path: Sequence[str | int] | Iterator[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _path(loc: Sequence[str | int], document: Any) -> Iterator[str | int]:  # noqa: ANN401 (parsed JSON)
    """The steps of `loc` that are in the document (pydantic adds a union's tag), and a missing last member."""
    for number, step in enumerate(loc):
        if isinstance(document, Mapping) and step in document:
            document = document[str(step)]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        elif number < len(loc) - 1 or not isinstance(document, Mapping):
            continue
        yield step
