"""The OpenAPI document, made from the table of operations and the types of their bodies."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

from openapi_pydantic import (
    Components,
    Header,
    Info,
    License,
    MediaType,
    OpenAPI,
    Parameter,
    PathItem,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
)
from openapi_pydantic import Operation as Described
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class

from hifadhi.hub import problem
from hifadhi.hub.query import Number
from hifadhi.hub.reference.answers import Problem
from hifadhi.hub.reference.media import BYTES, CSS, HTML, JSON
from hifadhi.hub.reference.operations import OPERATIONS, Body, Operation

ABOUT: Final = (
    "Signed, sealed referral messages between agencies. What they say is in schemas/messages/ and schemas/parts/, "
    "how it is signed and sealed, and every refusal in its order, in the description of the wire formats."
)
TOKEN: Final = "token"  # noqa: S105 (the name of a scheme)
# What may be answered to anything: before a request has an address, and when this program has a fault.
ANYWHERE: Final = ("HTTP", "METHOD", "HEADERS_TOO_LARGE", "TAMPERED", "FAULT")


SCHEME: Final = SecurityScheme(
    type="http",
    scheme="bearer",
    bearerFormat="compact JWS, typ hifadhi-access+jwt",
    description="Made by the agency's own signing key: iss, aud (the base URL), iat, exp; 300 s at most.",
)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document as a JSON value."""
    paths: dict[str, dict[str, Described]] = defaultdict(dict)
    for one in OPERATIONS:
        paths[one.path][one.method] = _described(one)
    described = OpenAPI(
        info=Info(title="Hifadhi", version=version("hifadhi"), description=ABOUT, license=License(name="Apache-2.0")),
        paths={path: PathItem.model_validate(methods) for path, methods in paths.items()},
        components=Components(securitySchemes={TOKEN: SCHEME}),
    )
    whole = construct_open_api_with_schema_class(described)
    found: dict[str, Any] = whole.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    whole_numbers: dict[str, Any] = _whole({"openapi": whole.openapi, **found})
    return whole_numbers


def _whole(value: Any) -> Any:  # noqa: ANN401 (JSON is any of six types)
    """The library makes bounds of integers to fractions; some readers then do not take them for integers."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _described(one: Operation) -> Described:
    name = "".join(part.strip("{}.").title() for part in one.path.replace(".", "/").split("/"))
    return Described(
        operationId=one.method + name,
        summary=one.says.partition(". ")[0].rstrip("."),
        description=one.says,
        parameters=list(_parameters(one)) or None,
        requestBody=RequestBody(required=True, content=_content(one.takes.items())) if one.takes else None,
        responses={**_good(one), **_problems(one)},
        security=[{TOKEN: []}] if one.secured else [],
    )


def _parameters(one: Operation) -> Iterable[Parameter]:
    for name, of in one.place.items():
        yield _parameter(name, "path", _schema(of), required=True)
    for name, number in one.query.items():
        yield _parameter(name, "query", _schema(number))
    for name in one.flags:
        yield _parameter(name, "query", Schema(type="string"))


def _parameter(name: str, place: str, of: Schema, **more: bool) -> Parameter:
    return Parameter.model_validate({"name": name, "in": place, "schema": of, **more})


def _schema(of: str | Number) -> Schema:
    if isinstance(of, str):
        return Schema(type="string", pattern=of)
    return Schema(type="integer", minimum=of.least, maximum=of.most, default=of.default)


def _good(one: Operation) -> dict[str, Response]:
    return {
        str(status): Response(description="As asked." if status < 300 else "Not now.", content=_content(bodies.items()))  # noqa: PLR2004 (HTTP's successes)
        for status, bodies in one.gives.items()
    }


def _content(bodies: Iterable[tuple[str, Body]]) -> dict[str, MediaType]:
    return {media: MediaType(media_type_schema=_body(media, body)) for media, body in bodies}


def _body(media: str, body: Body) -> Any:  # noqa: ANN401 (either kind of schema)
    if body is not None:
        return PydanticSchema(schema_class=body)
    if media == JSON:
        return Schema(type="object")
    return Schema(type="string", contentMediaType=media if media in {HTML, CSS, BYTES} else None)


def _problems(one: Operation) -> dict[str, Response]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys((*one.codes, *(("NOT_FOUND",) if one.place else ()), *ANYWHERE)):
        by_status[problem.status_of_code(code)].append(code)
    return {str(status): _problem(codes) for status, codes in sorted(by_status.items()) if status not in one.gives}


def _problem(codes: Iterable[str]) -> Response:
    again = {"Retry-After": Header(description="Seconds.", param_schema=Schema(type="string", pattern="^[0-9]+$"))}
    later = any(problem.comes_back(code) for code in codes)
    return Response(
        description=f"A problem: {', '.join(codes)}.",
        headers=again if later else None,
        content={problem.CONTENT_TYPE: MediaType(media_type_schema=PydanticSchema(schema_class=Problem))},
    )
