"""The gateway's HTTP face: POST /v1/messages, one message or a batch of lines."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from hifadhi import crash_point
from hifadhi.diagnostics import log
from hifadhi.errors import Fault, HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import b64u
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub import problem
from hifadhi.hub.gateway import metrics, reception
from hifadhi.hub.gateway.bodies import Bodies
from hifadhi.hub.gateway.known_directory import KnownDirectory
from hifadhi.hub.gateway.notices import Notary
from hifadhi.hub.gateway.pressure import Pressure
from hifadhi.hub.gateway.reception import MAX_BATCH, MAX_BODY, Posted
from hifadhi.referral.root import Root
from hifadhi.stream.port import Appended, Entry, Stream
from hifadhi.stream.topics import DIRECTORY, PARTS, PROGRESS, SUBMISSIONS

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
MOST_BATCHES: Final = 16
# Codes that the directory may have outgrown since the last look.
MAYBE_NEW: Final = frozenset(
    {"KEY_UNKNOWN", "KEY_NOT_VALID", "NOT_YOUR_ROLE", "ADDRESSEE_UNKNOWN", "READER_UNKNOWN", "SENDER_MISMATCH"}
)


@dataclass(slots=True)
class Line:
    """One line of a batch on its way: refused, or checked and then stored."""

    raw: bytes
    posted: Posted | None = None
    error: Refused | Unavailable | None = None
    stored: Appended | None = None


class Gateway:
    """Stateless: run as many as there are cores."""

    def __init__(self, *, stream: Stream, root: Root, key: PrivateJwk, clock_ms: Callable[[], int]) -> None:
        self._stream, self._clock_ms = stream, clock_ms
        self._directory = KnownDirectory(stream, root)
        self._pressure = Pressure(stream, lambda: self._directory.current.root.max_delay_s, clock_ms)
        self._notary, self._kid = Notary(key, root.origin), key.kid
        self._tasks: list[asyncio.Task[None]] = []
        self._bodies = Bodies()
        self._batches = 0
        self._blind: set[str] = set()

    @property
    def trouble(self) -> str | None:
        """What it cannot see at present, in a sentence; None if all is well."""
        if not self._is_in_force:
            return "The gateway's key is not in force, and it takes nothing in; start it with one that is."
        return next((f"The gateway cannot read the topic '{topic}'." for topic in sorted(self._blind)), None)

    @property
    def _is_in_force(self) -> bool:
        """Whether what it signs counts: the root in force names its key."""
        return self._kid in self._directory.current.root.gateway_keys

    def routes(self) -> list[web.RouteDef]:
        """The one path that takes messages."""
        return [web.post("/v1/messages", self.post)]

    async def start(self) -> None:
        """Know the directory and how far the registry is, then open."""
        await self._directory.refresh()
        await self._pressure.measure()
        self._tasks = [
            asyncio.create_task(self._every(lambda: self._pressure.every_s, self._pressure.measure, PROGRESS)),
            asyncio.create_task(self._every(lambda: 0.0, self._directory.follow, DIRECTORY)),
        ]

    def hush(self) -> None:
        """Nobody waits for news here."""

    async def stop(self) -> None:
        """Stop watching; requests under way are the server's to end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _every(self, seconds: Callable[[], float], look: Callable[[], Awaitable[None]], topic: str) -> None:
        """Look again and again; what cannot be seen now is looked at later, and what is seen stays as it was."""
        while True:
            await asyncio.sleep(seconds())
            try:
                await look()
                self._blind.discard(topic)
            except (Unavailable, Tampered) as error:
                self._blind.add(topic)
                log.warning("gateway cannot see", topic=topic, why=str(error))
                await asyncio.sleep(1)

    async def post(self, request: web.Request) -> web.Response:
        """Take one message, or a batch."""
        if not self._is_in_force:
            raise Unavailable(
                "this gateway's key is not in force; nothing was stored; send it again", code="GATEWAY_KEY"
            )
        kind = request.content_type
        if kind not in {JSON, NDJSON}:
            raise Refused(Fault("MEDIA_TYPE", "", f"send {JSON}, or {NDJSON} for a batch"))
        if kind == JSON:
            return await self._answered(request, MAX_BODY, self._single)
        with self._turn():
            return await self._answered(request, MAX_BATCH, self._batch)

    async def _answered(self, request: web.Request, most: int, take: Callable[[bytes], Awaitable[Any]]) -> web.Response:
        """What `take` makes of the body; a refusal of the whole body is signed over what of it was read."""
        with self._bodies.one() as body:
            try:
                await self._bodies.read(request, body, most)
                response: web.Response = await take(body.bytes())
            except Refused as refusal:
                evidence = self._notary.refusal(refusal, reception.digest_of(body.bytes()), self._clock_ms())
                return problem.answer(refusal, evidence=evidence)
            return response

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One of the few batches at a time, which may each hold 8 MiB."""
        if self._batches >= MOST_BATCHES:
            raise Unavailable("other batches are under way; send this one again", code="OVERLOADED", retry_after_s=2)
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1

    async def _single(self, raw: bytes) -> web.Response:
        line = Line(raw)
        await self._take([line])
        if line.posted and line.stored:
            receipt = self._notary.receipt(line.posted, line.stored)
            return web.json_response({"receipt": receipt}, status=202)
        return problem.answer(_failed(line), **self._evidence(line))

    async def _batch(self, raw: bytes) -> web.Response:
        lines = [Line(one) for one in reception.lines(raw)]
        await self._take(lines)
        answers = [self._line_answer(line) for line in lines]
        accepted = [(line.posted, line.stored) for line in lines if line.posted and line.stored]
        answers.append({"receipt": self._notary.batch_receipt(accepted)})
        body = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in answers)
        return web.Response(text=body, content_type=NDJSON)

    async def _take(self, lines: Sequence[Line]) -> None:
        """Check all, store all that pass; each line ends with `stored` or with `error`."""
        arrived = time.monotonic()
        try:
            async for line in _yielding(lines):
                await self._admit(line, arrived)
            await self._store_or_doubt([line for line in lines if line.posted])
        finally:
            self._pressure.settle(sum(1 for line in lines if line.posted))
        metrics.count(line.error.code if line.error else metrics.ACCEPTED for line in lines)

    async def _admit(self, line: Line, arrived: float) -> None:
        try:
            self._pressure.check()
            posted = await self._checked(line.raw, arrived)
            self._pressure.check()  # while the directory was read, others may have filled the room
            self._pressure.take()
            line.posted = posted
        except (Refused, Unavailable) as error:
            line.error = error

    async def _checked(self, raw: bytes, arrived: float) -> Posted:
        posted = reception.read(raw)
        try:
            reception.check(posted, self._directory.current, self._clock_ms())
        except Refused as refusal:
            if refusal.code not in MAYBE_NEW:
                raise
            await self._directory.refresh(arrived)  # once for all lines of a batch
            reception.check(posted, self._directory.current, self._clock_ms())
        return posted

    async def _store_or_doubt(self, good: Sequence[Line]) -> None:
        try:
            await self._store(good)
        except Unavailable:
            why = "the outcome is unknown; send the same message again: a repeat is harmless"
            for line in good:
                line.error = Unavailable(why, code="OUTCOME_UNKNOWN")

    async def _store(self, good: Sequence[Line]) -> None:
        """Parts first, then the submissions: crash in between, and only parts that nothing names are left over."""
        parts = [entry for line in good if line.posted for entry in _part_entries(line.posted)]
        if parts:
            crash_point.reach("gateway: before parts")
            await self._stream.append(PARTS, parts)
            crash_point.reach("gateway: after parts")
        if good:
            entries = [_submission(line.posted) for line in good if line.posted]
            crash_point.reach("gateway: before submissions")
            for line, stored in zip(good, await self._stream.append(SUBMISSIONS, entries), strict=True):
                line.stored = stored
            crash_point.reach("gateway: after submissions")

    def _line_answer(self, line: Line) -> dict[str, Any]:
        if line.posted and line.stored:
            return {"status": 202, "id": line.posted.header.id, "digest": line.posted.envelope.digest}
        return problem.problem_of(_failed(line), **self._evidence(line))

    def _evidence(self, line: Line) -> dict[str, str]:
        if not isinstance(line.error, Refused):
            return {}
        return {"evidence": self._notary.refusal(line.error, reception.digest_of(line.raw), self._clock_ms())}


def _failed(line: Line) -> HifadhiError:
    return line.error or Unavailable("nothing was stored; send the same message again")


def _part_entries(posted: Posted) -> list[Entry]:
    entries = posted.header.part_entries
    return [Entry(b64u.decode(entry.digest), posted.parts[entry.name].encode()) for entry in entries]


def _submission(posted: Posted) -> Entry:
    return Entry(posted.header.about.encode(), posted.envelope.to_bytes())


async def _yielding(lines: Sequence[Line]) -> AsyncIterator[Line]:
    """The lines, with a breath for everybody else after each: a batch of 500 holds nobody up."""
    for line in lines:
        yield line
        if len(lines) > 1:
            await asyncio.sleep(0)
