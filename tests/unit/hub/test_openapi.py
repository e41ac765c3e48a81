"""The document of the HTTP interface says what the services answer: no address more, none less."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator

from cast import Cast
from hifadhi.hub import problem
from hifadhi.hub.delivery.service import Delivery
from hifadhi.hub.gateway.service import Gateway
from hifadhi.hub.problem_codes import CODES
from hifadhi.hub.reference.openapi import document
from hifadhi.hub.reference.operations import OPERATIONS
from hifadhi.hub.registry.service import Registry
from hifadhi.hub.server import application
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.wiring import wall_clock_ms
from schema_examples import SCHEMAS
from write_schemas import reference_files


def served(folder: Path) -> web.Application:
    cast = Cast(folder)
    stream, store = SqliteStream(folder / "stream"), SqliteStore(folder / "store")
    common: dict[str, Any] = {"stream": stream, "root": cast.root, "clock_ms": wall_clock_ms}
    keys: dict[str, Any] = {"ledger_keys": (cast.ledger.key,)}
    services: dict[str, Any] = {
        "registry": Registry(**common, store=store, **keys, audience="x"),
        "delivery": Delivery(**common, store=store, audience="x"),
        "gateway": Gateway(**common, key=cast.gateway),
    }
    return application(services)


def routes(app: web.Application) -> Iterator[tuple[str, str]]:
    for route in app.router.routes():
        if route.method != "HEAD" and route.resource:
            yield route.method.lower(), route.resource.canonical


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(member)


def test_the_file_is_what_the_program_makes() -> None:
    path = "openapi.json"
    assert (SCHEMAS / path).read_text(encoding="utf-8") == reference_files()[path], "run `make schemas`"


def test_every_route_stands_in_it_and_nothing_else(tmp_path: Path) -> None:
    described = {(method, path) for path, methods in document()["paths"].items() for method in methods}
    assert described == set(routes(served(tmp_path / "exchange")))


def test_every_code_of_an_operation_has_its_page() -> None:
    assert {code for one in OPERATIONS for code in one.codes} <= CODES.keys()


def test_every_code_comes_with_one_status() -> None:
    for code in CODES:
        assert problem.status_of_code(code) in range(400, 600)


def test_it_is_of_openapi_3_1_and_its_schemas_are_json_schema() -> None:
    whole = document()
    assert whole["openapi"].startswith("3.1.")
    for one in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(one)
    named = {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}
    assert {each["$ref"] for each in objects(whole) if "$ref" in each} <= named


async def test_it_is_served_at_its_own_address() -> None:
    async with TestClient(TestServer(application({}))) as client:
        answer = await client.get("/v1/openapi.json")
        assert await answer.json() == document()
