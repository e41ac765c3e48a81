"""HTTP to the one base URL: bounded in size and time, tried again where that helps.

Every request here may be repeated: a message posted twice is the same message.
"""

import asyncio
import io
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import aiohttp

from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.receipt import faults_of
from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import strict_json

TRY_AGAIN: Final = frozenset({408, 425, 429, 502, 503, 504})
MAX_PROBLEM: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a request is tried. Delays double, each drawn from half of it to the whole.

    `total_s` bounds all tries of one request; `request_s` each, beyond what it asks the hub to wait.
    """

    tries: int = 8
    total_s: float = 60.0
    request_s: float = 20.0
    first_delay_s: float = 0.2
    most_delay_s: float = 10.0

    def delay_s(self, attempt: int, asked_s: float = 0.0) -> float:
        """Before the try after this one (from 0); not before the hub asked for, up to `most_delay_s`."""
        backoff = min(self.most_delay_s, self.first_delay_s * float(2**attempt))
        return max(backoff * random.uniform(0.5, 1.0), min(asked_s, self.most_delay_s))  # noqa: S311 (spreads load)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. `tries`: how often it was asked for; what came of those before the last is not known."""

    status: int
    body: bytes
    retry_after_s: float = 0.0
    tries: int = 1

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300  # noqa: PLR2004 (HTTP's successes)

    def problem(self) -> dict[str, Any]:
        """The problem document (RFC 9457); empty, if the body is none."""
        try:
            document = strict_json.parse(self.body)
        except HifadhiError:
            return {}
        return document if isinstance(document, dict) else {}

    def error(self) -> HifadhiError:
        """The error that it stands for: 4xx Refused, the rest Unavailable; Tampered, if the hub says so of itself."""
        problem = self.problem()
        if 400 <= self.status < 500 and self.status not in TRY_AGAIN:  # noqa: PLR2004 (HTTP's client errors)
            return Refused(*faults_of(problem))
        if problem.get("code") == "TAMPERED":
            return Tampered("the hub has stopped: its own evidence contradicts itself")
        return Unavailable(f"the hub answered with {self.status}", retry_after_s=round(self.retry_after_s) or 1)


class Transport:
    """A session with one exchange. `token` signs for what only its agency may read.

    `faces`: by the beginning of a path the base URL of the service that answers it, where it is not the one base URL;
    of several beginnings the longest counts.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: AccessToken | None = None,
        patience: Patience | None = None,
        faces: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._faces = sorted((faces or {}).items(), key=lambda face: -len(face[0]))
        self.patience = patience or Patience()
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self,
        path: str,
        *,
        at_most: int,
        params: Mapping[str, str] | None = None,
        private: bool = False,
        wait_s: float = 0,
    ) -> Answer:
        """GET, with at most `at_most` bytes of an answer. Unavailable, once patience has ended."""
        options = {"params": dict(params or {}), "headers": self._headers(private=private)}
        return await self._patiently("GET", path, at_most, wait_s, options)

    async def post(self, path: str, body: bytes, *, content_type: str, at_most: int) -> Answer:
        """POST of these bytes, the same at every try. Unavailable, once patience has ended."""
        headers = {"Content-Type": content_type, **self._headers(private=False)}
        return await self._patiently("POST", path, at_most, 0, {"headers": headers}, body)

    def _face(self, path: str) -> str:
        return next((url for beginning, url in self._faces if path.startswith(beginning)), self.base_url)

    def _headers(self, *, private: bool) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._token.text()}"} if private and self._token else {}
        return {"Accept-Encoding": "identity", **bearer}

    async def _patiently(
        self, method: str, path: str, at_most: int, wait_s: float, options: dict[str, Any], body: bytes | None = None
    ) -> Answer:
        patience, started = self.patience, time.monotonic()
        for attempt in range(patience.tries):
            failure, asked_s = Unavailable("no answer"), 0.0
            try:
                # A file of its own for each try: of a large batch aiohttp sends bytes only as a whole.
                data = {} if body is None else {"data": io.BytesIO(body)}
                answer = await self._once(method, path, at_most, wait_s, {**options, **data})
                if answer.status not in TRY_AGAIN:
                    return replace(answer, tries=attempt + 1)
                failure, asked_s = Unavailable(f"the hub answered with {answer.status}"), answer.retry_after_s
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = Unavailable(f"no answer from the hub: {type(error).__name__}")
            delay = patience.delay_s(attempt, asked_s)
            if attempt + 1 == patience.tries or time.monotonic() - started + delay > patience.total_s:
                break
            await asyncio.sleep(delay)
        raise failure

    async def _once(self, method: str, path: str, at_most: int, wait_s: float, options: dict[str, Any]) -> Answer:
        if self._session is None:
            raise Unavailable("not connected; use it within 'async with'")
        timeout = aiohttp.ClientTimeout(total=self.patience.request_s + wait_s)
        url = self._face(path) + path
        async with self._session.request(method, url, timeout=timeout, allow_redirects=False, **options) as response:
            body = await _bounded(response, max(at_most, MAX_PROBLEM))
            return Answer(response.status, body, _retry_after_s(response.headers.get("Retry-After", "")))


async def _bounded(response: aiohttp.ClientResponse, at_most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > at_most:
            raise Unavailable(f"the answer is larger than {at_most} bytes", code="BAD_ANSWER")
    return bytes(body)


def _retry_after_s(value: str) -> float:
    """Seconds; a date (RFC 9110 §10.2.3) is left to our own backoff."""
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0.0  # noqa: PLR2004 (a day)
