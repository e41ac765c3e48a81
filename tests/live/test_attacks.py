"""`/v1` under attack: nothing refused is stored, nothing receipted is lost, memory is bounded, others are served."""

import asyncio
import gzip
import json
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from live.under_attack import CONNECTIONS, Attacked, attacked

IDLE_S: Final = 4
SHUT_S: Final = 20.0
OPENED: Final = 10_000
WAVE: Final = 500
HOST: Final = b"Host: x\r\n"
POST: Final = b"POST /v1/messages HTTP/1.1\r\n" + HOST
JSON: Final = b"Content-Type: application/json\r\n"
SMUGGLED: Final = (
    b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65_536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def with_body(body: bytes, *headers: bytes) -> bytes:
    head = POST + JSON + b"".join(one + b"\r\n" for one in headers)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def problem_in(answer: bytes) -> Any:
    """The problem document of an answer that is one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1."), answer[:200]
    assert b"application/problem+json" in head, answer[:400]
    assert b"nosniff" in head
    document, _ = json.JSONDecoder().raw_decode(body.decode())
    assert int(head.split()[1]) == document["status"]
    return document


def statuses(answer: bytes) -> list[int]:
    """Of each answer in what came back."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) [A-Z]", answer)]


async def test_compressed_bombs_are_refused_at_the_size_they_unpack_to(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    shapes = [
        with_body(bomb, b"Content-Encoding: gzip"),
        with_body(gzip.compress(bomb), b"Content-Encoding: gzip"),
        with_body(gzip.compress(bomb), b"Content-Encoding: gzip, gzip"),
        with_body(bomb, b"Content-Encoding: deflate"),
        with_body(bomb[: len(bomb) // 2], b"Content-Encoding: gzip"),
        with_body(bomb[:-8] + bytes(8), b"Content-Encoding: gzip"),
        with_body(gzip.compress(b"{}") * 2000, b"Content-Encoding: gzip"),
        with_body(b"\x1f\x8b" + bytes(5000), b"Content-Encoding: gzip"),
        with_body(bomb, b"Content-Encoding: br"),
    ]
    async with attacked(tmp_path) as one:
        for _ in range(5):
            answers = await asyncio.gather(*map(one.said_to, shapes))
            assert {problem_in(answer)["status"] // 100 for answer in answers} == {4}


async def test_headers_that_trickle_in_are_cut_off_and_bodies_hold_nobody_up(tmp_path: Path) -> None:
    async with attacked(tmp_path, HIFADHI_IDLE_S=str(IDLE_S)) as one:
        headers = [asyncio.create_task(trickled(one, POST + b"X: " + b"a" * 3000)) for _ in range(32)]
        long = POST + JSON + b"Content-Length: 100000\r\n\r\n"
        bodies = [asyncio.create_task(trickled(one, long + b" " * 90_000, len(long))) for _ in range(32)]
        lasted = await asyncio.gather(*headers)
        assert max(lasted) < IDLE_S + SHUT_S
        assert min(lasted) > IDLE_S / 2
        for body in bodies:
            body.cancel()
        await asyncio.wait(bodies)


async def trickled(one: Attacked, raw: bytes, at_once: int = 100) -> float:
    """How long the other side lets a byte come every tenth of a second."""
    reader, writer = await one.open()
    began = time.monotonic()
    writer.write(raw[:at_once])
    closed = asyncio.create_task(reader.read())
    try:
        for at in range(at_once, len(raw)):
            writer.write(raw[at : at + 1])
            done, _ = await asyncio.wait((closed,), timeout=0.1)
            if done:
                break
    finally:
        closed.cancel()
        await asyncio.wait((closed,))
        writer.transport.abort()
    return time.monotonic() - began


@pytest.mark.timeout(300)
async def test_ten_thousand_connections_opened_and_left(tmp_path: Path) -> None:
    async with attacked(tmp_path) as one:
        held: list[asyncio.StreamWriter] = []
        for number in range(OPENED // WAVE):
            opened = await asyncio.gather(*(half_opened(one, (number + at) % 3) for at in range(WAVE)))
            held = [*held, *opened][-3 * CONNECTIONS :]
            for writer in [*held, *opened][: -2 * CONNECTIONS]:
                writer.transport.abort()
        for writer in held:
            writer.transport.abort()


async def half_opened(one: Attacked, kind: int) -> asyncio.StreamWriter:
    """Nothing said, half a header, or half a body."""
    _, writer = await one.open()
    writer.write((b"", POST + b"X-Half: ", POST + JSON + b"Content-Length: 1000000\r\n\r\n{")[kind])
    return writer


SHAPES: Final[dict[str, bytes]] = {
    "two lengths": POST + JSON + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED,
    "length and chunks": POST + JSON + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a coding that is none": POST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks twice": POST + JSON + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n{}" + SMUGGLED,
    "a folded line": POST + b"X: a\r\n Content-Length: 2\r\n\r\n{}" + SMUGGLED,
    "a length with a sign": POST + JSON + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED,
    "a length with an underscore": POST + JSON + b"Content-Length: 1_0\r\n\r\n{}" + SMUGGLED,
    "a length beyond all": POST + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n{}" + SMUGGLED,
    "a negative chunk": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
    "a chunk of no number": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "no host": b"POST /v1/messages HTTP/1.1\r\n" + JSON + b"Content-Length: 2\r\n\r\n{}",
    "a zero byte": POST + b"X: a\x00b\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "another version": b"POST /v1/messages HTTP/9.9\r\n" + HOST + b"\r\n",
    "no method": b" /v1/messages HTTP/1.1\r\n" + HOST + b"\r\n",
    "a request line of a megabyte": b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a huge header": POST + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "too many headers": POST + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    "garbage": bytes(range(256)) * 400,
    "lines of nothing": b"\r\n" * 50_000 + b"\x00",
}


async def test_no_request_has_two_readings_and_each_is_answered_with_a_problem(tmp_path: Path) -> None:
    async with attacked(tmp_path) as one:
        for name, raw in one.for_a_while(SHAPES.items()):
            answer = await one.said_to(raw)
            if answer:  # a connection that is reset says nothing
                assert problem_in(answer)["code"] in {"HTTP", "HEADERS_TOO_LARGE", "NOT_JSON"}, name
            assert len(statuses(answer)) <= 1, name


async def test_garbage_behind_a_good_request_ends_the_connection_after_its_answer(tmp_path: Path) -> None:
    async with attacked(tmp_path) as one:
        good = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
        for garbage in one.for_a_while((b"\x00" * 500, b"GET", b"HTTP/1.1 200 OK\r\n\r\n", b"{}" * 5000)):
            answer = await one.said_to(good * 3 + garbage)
            # What came in one piece with it may go unanswered: the sender sees the connection end, and asks again.
            assert statuses(answer) in ([200, 200, 200], [200, 200, 200, 400], [400]), garbage[:9]
        flood = await asyncio.gather(*(one.said_to(good * 2000) for _ in range(4)))
        assert [answer.count(b'{"alive": true}') for answer in flood] == [2000] * 4


async def test_batches_of_a_line_too_many_and_of_empty_lines(tmp_path: Path) -> None:
    async with attacked(tmp_path) as one:
        head = POST + b"Content-Type: application/x-ndjson\r\n"
        for body in (b"{}\n" * 501, b"\n" * (1 << 20), b"{}" * (5 << 20), b"[" * (8 << 20)):
            answers = await asyncio.gather(
                *(one.said_to(head + b"Content-Length: %d\r\n\r\n" % len(body) + body) for _ in range(4))
            )
            for answer in answers:
                assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 503", b"HTTP/1.1 200")), answer[:300]
                assert b'"status":202' not in answer
