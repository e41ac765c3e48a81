"""`/v1` under attack: nothing refused is stored, nothing receipted is lost, memory is bounded, others are served.

Every attack carries good messages, if it can: each of them would be stored, had it come as it should.
"""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from live.raw_http import GZIP, HOST, JSON, NDJSON, POST, problem_in, request, statuses
from live.under_attack import Attacked, Limits, attacked

IDLE_S: Final = 4
SHUT_S: Final = 20.0
BLANKS: Final = b" " * (64 << 20)
FLAT: Final = Limits(growth_mb=6)
"""At most 1.3 MB was measured."""
BOMBS: Final = Limits(growth_mb=26)
"""20 MB was measured: of each what it may have unpacked, 1 or 8 MiB, and no round adds to that."""
BATCHES: Final = Limits(growth_mb=55)
"""37 MB was measured: four batches of 8 MiB at once, and a little more while one of them is read."""


def bombs(good: Callable[[], bytes]) -> list[bytes]:
    """Good messages, and blanks, which JSON allows around them, packed a thousand times smaller than they are."""

    def bomb() -> bytes:
        return gzip.compress(good() + BLANKS, 1)

    batch = gzip.compress(good() + b"\n" + BLANKS, 1)
    return [
        request(bomb(), JSON + GZIP),
        request(gzip.compress(BLANKS + good(), 1), JSON + GZIP),
        request(zlib.compress(good() + BLANKS, 1), JSON + b"Content-Encoding: deflate\r\n"),
        request(batch, NDJSON + GZIP),
        request(gzip.compress(bomb()), JSON + GZIP),
        request(gzip.compress(bomb()), JSON + b"Content-Encoding: gzip, gzip\r\n"),
        request(bomb(), JSON + b"Content-Encoding: deflate\r\n"),
        request(bomb(), JSON + b"Content-Encoding: br\r\n"),
        request(bomb()[:-8] + bytes(8), JSON + GZIP),
        request(bomb()[: 1 << 16], JSON + GZIP),
        request(gzip.compress(good()) + gzip.compress(b" ") * 2000, JSON + GZIP),
        request(b"\x1f\x8b" + bytes(5000), JSON + GZIP),
    ]


async def test_compressed_bombs_are_refused_at_the_size_they_unpack_to(tmp_path: Path) -> None:
    async with attacked(tmp_path, BOMBS) as one:
        shapes = await asyncio.to_thread(bombs, one.withheld.one)
        for _ in range(5):
            answers = await asyncio.gather(*map(one.said_to, shapes))
            assert {problem_in(answer)["status"] // 100 for answer in answers} == {4}


async def test_headers_that_trickle_in_are_cut_off_and_bodies_hold_nobody_up(tmp_path: Path) -> None:
    async with attacked(tmp_path, FLAT, HIFADHI_IDLE_S=str(IDLE_S)) as one:
        headers = [asyncio.create_task(trickled(one, POST + b"X: " + b"a" * 3000)) for _ in range(32)]
        good = [request(one.withheld.one()) for _ in range(32)]
        bodies = [asyncio.create_task(trickled(one, raw, raw.index(b"{"))) for raw in good]
        lasted = await asyncio.gather(*headers)
        assert max(lasted) < IDLE_S + SHUT_S
        assert min(lasted) > IDLE_S / 2
        assert not any(body.done() for body in bodies)
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


def two_readings(smuggled: bytes) -> dict[str, bytes]:
    """Requests that two programs might read differently; behind some, one that only the wrong reading sees."""
    return {
        "two lengths": POST + JSON + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + smuggled,
        "length and chunks": POST
        + JSON
        + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + smuggled,
        "a coding that is none": POST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
        "chunks twice": POST + JSON + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + smuggled,
        "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n{}" + smuggled,
        "a folded line": POST + b"X: a\r\n Content-Length: 2\r\n\r\n{}" + smuggled,
        "a length with a sign": POST + JSON + b"Content-Length: +2\r\n\r\n{}" + smuggled,
        "a length with an underscore": POST + JSON + b"Content-Length: 1_0\r\n\r\n{}" + smuggled,
        "a length beyond all": POST + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n{}" + smuggled,
        "a negative chunk": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + smuggled,
        "a chunk of no number": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + smuggled,
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
    async with attacked(tmp_path, FLAT) as one:
        for name, raw in one.for_a_while(two_readings(request(one.withheld.one())).items()):
            answer = await one.said_to(raw)
            if answer:  # a connection that is reset says nothing
                assert problem_in(answer)["code"] in {"HTTP", "HEADERS_TOO_LARGE", "NOT_JSON"}, name
            assert len(statuses(answer)) <= 1, name


async def test_garbage_behind_a_good_request_ends_the_connection_after_its_answer(tmp_path: Path) -> None:
    async with attacked(tmp_path, FLAT) as one:
        good = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
        for garbage in one.for_a_while((b"\x00" * 500, b"GET", b"HTTP/1.1 200 OK\r\n\r\n", b"{}" * 5000)):
            answer = await one.said_to(good * 3 + garbage)
            # What came in one piece with it may go unanswered: the sender sees the connection end, and asks again.
            assert statuses(answer) in ([200, 200, 200], [200, 200, 200, 400], [400]), garbage[:9]
        flood = await asyncio.gather(*(one.said_to(good * 2000) for _ in range(4)))
        assert [answer.count(b'{"alive": true}') for answer in flood] == [2000] * 4


def bulky_batches(good: bytes) -> list[bytes]:
    """A good line, and behind it lines too many, too many of nothing, too long a one, twice."""
    bodies = (b"{}\n" * 500, b"\n" * (1 << 20), b"{}" * (5 << 20), b"[" * (8 << 20))
    return [request(good + b"\n" + body, NDJSON) for body in bodies]


async def test_batches_of_a_line_too_many_and_of_empty_lines(tmp_path: Path) -> None:
    async with attacked(tmp_path, BATCHES) as one:
        for raw in bulky_batches(one.withheld.one()):
            for answer in await asyncio.gather(*(one.said_to(raw) for _ in range(4))):
                assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 503")), answer[:300]
