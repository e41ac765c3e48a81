"""The last resort: a bug is an answer like any other, and tells nobody what was in the request."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from hifadhi.hub import problem


async def test_a_bug_is_a_problem_document_and_a_log_line_without_its_words() -> None:
    async def broken(_: web.Request) -> web.Response:
        raise KeyError("a name that nobody may read")

    app = web.Application(middlewares=[problem.problems])
    app.router.add_get("/", broken)
    with capture_logs() as logged:
        async with TestClient(TestServer(app)) as client, client.get("/") as response:
            assert (response.status, (await response.json())["code"]) == (500, "FAULT")
            assert "nobody may read" not in await response.text()
    assert [line["kind"] for line in logged] == ["KeyError"]
    assert "nobody may read" not in str(logged)
