"""A bare HTTP client of the tests: posts what it is given and reads what comes."""

import asyncio
import io
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp

from cast import Body, Cast, payload_of

DEADLINE_S = 20.0


class Answer(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


class HubClient:
    def __init__(self, cast: Cast, base_url: str) -> None:
        self.cast, self.base_url = cast, base_url
        self.session = aiohttp.ClientSession(base_url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.session.close()

    async def post_raw(self, raw: bytes, content_type: str = "application/json", **headers: str) -> Answer:
        sent = {"Content-Type": content_type, **headers}
        async with self.session.post("/v1/messages", data=io.BytesIO(raw), headers=sent) as response:
            return Answer(response.status, json.loads(await response.read()), dict(response.headers))

    async def post(self, body: Body) -> Answer:
        return await self.post_raw(json.dumps(body).encode())

    async def post_lines(self, bodies: Sequence[Body | bytes]) -> list[Any]:
        raw = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in bodies)
        headers = {"Content-Type": "application/x-ndjson"}
        async with self.session.post("/v1/messages", data=io.BytesIO(raw), headers=headers) as response:
            assert response.status == 200, await response.text()
            return [json.loads(line) for line in (await response.text()).splitlines()]

    async def get(self, path: str, reader: str | None = None) -> Answer:
        headers = {"Authorization": self.cast.token(reader, self.base_url)} if reader else {}
        async with self.session.get(path, headers=headers) as response:
            raw = await response.read()
            is_json = "json" in response.content_type
            return Answer(response.status, json.loads(raw) if is_json else raw, dict(response.headers))

    async def sealed(self, body: Body, reader: str | None = None) -> Any:
        """Post a good message and wait for its ruling, as its sender reads it."""
        answer = await self.post(body)
        assert answer.status == 202, answer.body
        return await self.ruling(payload_of(body)["id"], reader or payload_of(body)["from"])

    async def ruling(self, message_id: str, reader: str) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                answer = await self.get(f"/v1/messages/{message_id}?wait=5", reader)
                if answer.status == 200:
                    return answer.body
                assert answer.body["code"] == "NOT_SEALED_YET", answer.body

    async def admit_everybody(self) -> None:
        """Post the directory's statements and wait until they are all sealed."""
        count = 0
        for statements in self.cast.admissions():
            await self._taken(statements)
            count += len(statements)
            await self.directory_has(count)
        for name in self.cast.players:
            await self.is_known(name)

    async def _taken(self, statements: Sequence[Body]) -> None:
        """Post them, and again from the first for which a busy machine has no room yet: their order stays."""
        async with asyncio.timeout(DEADLINE_S):
            while statements:
                lines = (await self.post_lines(statements))[:-1]
                assert all(line["status"] in {202, 503} for line in lines), lines
                late = next((place for place, line in enumerate(lines) if line["status"] == 503), len(lines))
                statements = statements[late:]

    async def directory_has(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            # 503 while a rotation is sealed and not told yet.
            while len((await self.get("/v1/directory")).body.get("data", ())) < count:
                await asyncio.sleep(0.02)

    async def is_known(self, reader: str) -> None:
        """Delivery follows the directory by itself: it may know a new key a moment later than the registry shows it."""
        async with asyncio.timeout(DEADLINE_S):
            while (await self.get("/v1/inbox?limit=1", reader)).status != 200:
                await asyncio.sleep(0.02)
