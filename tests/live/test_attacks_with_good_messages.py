"""Good messages, signed by an agency that is known, in requests that are refused or never whole: none is stored.

Nobody has a receipt for them, so a trace of one in the topics would be a message that its sender must believe lost.
"""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from kafka_cluster import KafkaCluster
from live.raw_http import GZIP, HOST, JSON, NDJSON, POST, problem_in, request, statuses
from live.under_attack import Attacked, Limits, attacked, attacked_gateway
from postgres_server import PostgresServer

ROUNDS: Final = 8
PUT: Final = b"PUT /v1/messages HTTP/1.1\r\n" + HOST
ELSEWHERE: Final = b"POST /v1/message HTTP/1.1\r\n" + HOST
CHUNKED: Final = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
CALM: Final = Limits(growth_mb=30)
"""19 MB was measured: three batches that may have 8 MiB are among what is refused, all at once."""
Good = Callable[[], bytes]


def changed(raw: bytes, **members: Any) -> bytes:
    """The header as it was signed, in a body with another member."""
    return json.dumps({**json.loads(raw), **members}).encode()


def unfinished(good: Good) -> list[bytes]:
    """The last byte of the request is missing, or more; of the message sometimes nothing."""
    whole, batch, packed = good(), good() + b"\n" + good(), request(gzip.compress(good()), JSON + GZIP)
    chunk = good()
    return [
        request(good())[:-1],
        request(good())[:-500],
        request(whole, length=len(whole) + 1),
        request(batch, NDJSON, length=len(batch) + 1),
        request(batch + b"\n" + good()[:500], NDJSON, length=1 << 20),
        POST + CHUNKED + b"%x\r\n" % len(chunk) + chunk + b"\r\n",
        POST + CHUNKED + b"%x\r\n" % len(chunk) + chunk + b"\r\n0\r\n",
        packed[:-1],
        packed[:-8],
    ]


def refused(good: Good) -> list[tuple[int, bytes]]:
    """The status of the answer, and what it answers."""
    short, packed = good(), gzip.compress(good())
    return [
        (415, request(good(), b"Content-Type: text/plain\r\n")),
        (415, request(good(), b"Content-Type: application/x-www-form-urlencoded\r\n")),
        (415, request(good(), b"")),
        (415, request(packed, JSON + b"Content-Encoding: br\r\n")),
        (405, request(good(), start=PUT)),
        (404, request(good(), start=ELSEWHERE)),
        (400, request(packed)),
        (400, request(good(), JSON + GZIP)),
        (400, request(packed[:-8] + bytes(8), JSON + GZIP)),
        (400, request(packed + b"x", JSON + GZIP)),
        (400, request(packed + packed, JSON + GZIP)),
        (400, request(packed[:-8], JSON + GZIP)),
        (400, request(short, length=len(short) - 1)),
        (400, request(good() + good())),
        (400, request(good() + b"\n" + good())),
        (400, request(b"[" + good() + b"]")),
        (400, request(changed(good(), more=1))),
        (400, request(changed(good(), parts={}))),
        (400, request(changed(good(), parts={**json.loads(good())["parts"], "more": "x"}))),
        (413, request(good() + b" " * (1 << 20))),
        (413, request(b"\n".join([good(), *[b"{}"] * 499, good()]), NDJSON)),
        (413, request(good() + b"\n" + b" " * (8 << 20), NDJSON)),
        (413, request(gzip.compress(good() + b" " * (64 << 20), 1), JSON + GZIP)),
        (413, request(gzip.compress(good() + b"\n" + b" " * (64 << 20), 1), NDJSON + GZIP)),
    ]


async def left(one: Attacked, raw: bytes, *, reset: bool) -> None:
    """It is said, and the connection ends: as it should, which may be answered by a refusal, or as if a wire broke."""
    reader, writer = await one.open()
    writer.write(raw)
    await writer.drain()
    if not reset:
        writer.write_eof()
        assert 202 not in statuses(await reader.read())
    writer.transport.abort()


async def attack(one: Attacked) -> None:
    """With each of them; some stay as they are until the rest is done."""
    good = one.withheld.one
    held = [await one.open() for _ in unfinished(good)]
    for (_, writer), raw in zip(held, unfinished(good), strict=True):
        writer.write(raw)
    for _ in range(ROUNDS):
        await asyncio.gather(*(left(one, raw, reset=reset) for raw in unfinished(good) for reset in (True, False)))
    said = await asyncio.to_thread(refused, good)
    answers = await asyncio.gather(*(one.said_to(raw) for _, raw in said))
    assert [problem_in(answer)["status"] for answer in answers] == [status for status, _ in said]
    for _, writer in held:
        writer.transport.abort()


async def test_good_messages_that_are_refused_or_never_whole_are_not_stored(tmp_path: Path) -> None:
    async with attacked(tmp_path, CALM) as one:
        await attack(one)


@pytest.mark.timeout(300)
async def test_nor_does_a_gateway_alone_store_them(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with attacked_gateway(tmp_path, CALM, kafka, postgres) as one:
        await attack(one)
