"""Both documents as one page for people, and a page for each problem; made on the server, without a script."""

from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from hifadhi.errors import Fault, Refused
from hifadhi.hub import templates
from hifadhi.hub.problem import status_of_code
from hifadhi.hub.problem_codes import CODES
from hifadhi.hub.query import Number
from hifadhi.hub.reference import asyncapi, openapi
from hifadhi.hub.reference.operations import OPERATIONS, Body
from hifadhi.hub.reference.records import KINDS, Kind
from hifadhi.hub.reference.wording import prose, words
from hifadhi.referral.message import HEADERS
from hifadhi.referral.part_names import PARTS
from hifadhi.stream.topics import FLOW


class Member(NamedTuple):
    """A member of a type, described."""

    name: str
    what: Markup
    required: bool
    says: str


class Type(NamedTuple):
    """A type of the documents: an object has members, all others are what `what` says."""

    name: str
    says: str
    what: Markup
    members: tuple[Member, ...]


class Message(NamedTuple):
    """A message type, and the names of its sealed parts."""

    name: str
    says: str
    parts: tuple[str, ...]


@lru_cache(maxsize=1)
def page() -> str:
    """The page."""
    return _ENVIRONMENT.get_template("reference.html").render(
        version=version("hifadhi"),
        operations=OPERATIONS,
        topics=[(topic, asyncapi.name_of(topic), KINDS[topic.name]) for topic in FLOW],
        types=_types(),
        messages=[Message(name, of.__doc__ or "", tuple(PARTS.get(name, ()))) for name, of in HEADERS.items()],
        codes=[(code, status_of_code(code), what) for code, (what, _) in sorted(CODES.items())],
    )


@lru_cache(maxsize=len(CODES))
def problem(code: str) -> str:
    """The page that the `type` of a problem points to. `Refused`: NOT_FOUND."""
    if code not in CODES:
        raise Refused(Fault("NOT_FOUND", "", "there is no such code"))
    what, mend = CODES[code]
    shown = {"code": code, "what": what, "mend": mend, "status": status_of_code(code)}
    return _ENVIRONMENT.get_template("problem.html").render(version=version("hifadhi"), **shown)


def _types() -> list[Type]:
    found = {**openapi.document()["components"]["schemas"], **asyncapi.document()["components"]["schemas"]}
    return [_type(name, schema) for name, schema in sorted(found.items())]


def _type(name: str, schema: dict[str, Any]) -> Type:
    required = schema.get("required", ())
    members = (
        Member(member, words(of), member in required, of.get("description", ""))
        for member, of in schema.get("properties", {}).items()
    )
    return Type(name, schema.get("description", ""), words(schema), tuple(members))


def _parameter(of: str | Number) -> Markup:
    if isinstance(of, str):
        return words({"type": "string", "pattern": of})
    return words({"type": "integer", "minimum": of.least, "maximum": of.most})


def _body(body: Body) -> Markup:
    return words({"$ref": body.__name__}) if body else Markup("as said above")


def _value(kind: Kind) -> Markup:
    return words(asyncapi.payload_of(kind)) if kind.value is not None else Markup("none: a tombstone")


def _environment() -> Environment:
    made = templates.of("hifadhi.hub.reference")
    made.filters["prose"] = prose
    made.globals |= {"parameter": _parameter, "body_of": _body, "value_of": _value}
    return made


_ENVIRONMENT: Final = _environment()
