"""The document of the HTTP interface against a running exchange: what it takes and gives is what the document says."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from cast import Cast, payload_of
from hifadhi.hub import problem
from hifadhi.hub.problem_codes import CODES
from hifadhi.hub.reference.openapi import document
from hifadhi.wiring import Exchange
from hub_client import HubClient
from hub_ledger import audit

MZ: Final = "MZ-INAR"
EXAMPLES: Final = int(os.environ.get("HIFADHI_FUZZ_EXAMPLES", "25"))
NOTHING: Final = "0192f000-0000-7000-8000-000000000000"
LONG: Final = {str(seconds) for seconds in range(1, 31)}
"""What would be waited for."""

load_all_checks()
REFUSALS: Final = sorted({status for code in CODES if (status := problem.status_of_code(code)) != 500})
"""With any of these nonsense may be answered: too long an address is nonsense that nobody read."""
API: Final = schemathesis.openapi.from_dict(
    document(),
    config=SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}),
)
CHECKS: Final = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
    checks.negative_data_rejection,
)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    """Any text is a batch, of lines that are refused one by one."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@dataclass
class Place:
    """A running exchange, seen from a thread that does not know of event loops."""

    cast: Cast
    base_url: str
    loop: asyncio.AbstractEventLoop
    case: str
    message: str

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


async def story(cast: Cast, base_url: str) -> tuple[str, str]:
    """A case with a request in it; both ids."""
    async with HubClient(cast, base_url) as client:
        await client.admit_everybody()
        opening = cast.encounter(MZ)
        await client.sealed(opening)
        case = payload_of(opening)["id"]
        request = cast.request(MZ, "ZA-DHA", case, 1)
        await client.sealed(request)
        return case, payload_of(request)["id"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    cast, loop = Cast(folder / "exchange"), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Place(cast, "", loop, "", "")
    exchange = Exchange(cast.settings())
    made.run(exchange.start())
    made.base_url = exchange.base_url
    made.case, made.message = made.run(story(cast, exchange.base_url))
    yield made
    assert made.run(whole_ledger(made)) == 17, "something was taken in that nobody sent"
    made.run(exchange.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def whole_ledger(place: Place) -> int:
    async with HubClient(place.cast, place.base_url) as client:
        return len((await audit(client)).raw)


def schema_of(path: str, status: int = 200) -> Draft202012Validator:
    content = document()["paths"][path]["get"]["responses"][str(status)]["content"]
    [body] = content.values()
    return Draft202012Validator({**body["schema"], "components": document()["components"]})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/inbox", 200),
        ("/v1/messages/{id}", 200),
        ("/v1/messages/{id}", 404),
        ("/v1/cases/{case}", 200),
        ("/v1/directory", 200),
        ("/v1/proofs/{index}", 404),
        ("/readyz", 200),
        ("/livez", 200),
    ],
)
def test_what_is_answered_fits_its_schema(place: Place, path: str, status: int) -> None:
    known = {"id": place.message, "case": place.case}
    unknown = {"id": NOTHING, "case": NOTHING, "index": "999999"}
    asked = path.format(**(known if status == 200 else unknown))

    async def get() -> Any:
        async with HubClient(place.cast, place.base_url) as client:
            return await client.get(asked + ("?verbose" if path == "/readyz" else ""), MZ)

    answer = place.run(get())
    assert answer.status == status
    schema_of(path, status).validate(answer.body)


@API.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
def test_whatever_is_asked_is_answered_as_the_document_says(case: schemathesis.Case[Any], place: Place) -> None:
    if waits := str(case.query.get("wait")) in LONG:
        case.query["wait"] = "0"
    token = {"Authorization": place.cast.token(MZ, place.base_url)} if case.operation.security else {}
    # A bad line is no bad batch; and what was wrong about a wait is gone with it.
    told = CHECKS[:-1] if waits or case.media_type == "application/x-ndjson" else CHECKS
    case.call_and_validate(base_url=place.base_url, headers=token, checks=list(told), timeout=20)
