"""How many messages a gateway accepts in a second of processor time, one by one and in batches.

The gateway is a process of its own, on a stream that costs nothing; only its own time counts.
"""

import asyncio
import json
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp

from benchmarks.acceptances import Asked, directory_of
from benchmarks.figure import Figure
from benchmarks.process_cost import cpu_s, resident_mb
from benchmarks.program import first_line, python, running
from cast import Body, Cast, uuid7

MESSAGES: Final = 1000
SINGLES: Final = 6000
CONNECTIONS: Final = 32
LINES: Final = 100
BATCHES: Final = 120
BATCH_CONNECTIONS: Final = 4
RUNS: Final = 3


async def measure(folder: Path, raw: float) -> list[Figure]:
    """`gateway_single`, `gateway_batch` and the process's memory."""
    cast = Cast(folder)
    statements = [body for stage in cast.admissions() for body in stage]
    lines = _lines(cast, statements)
    (folder / "statements.ndjson").write_text("".join(json.dumps(one) + "\n" for one in statements), encoding="utf-8")
    batches = [b"\n".join(lines[at : at + LINES]) for at in range(0, MESSAGES, LINES)]
    async with running(python("benchmarks.gateway_process", folder)) as process:
        url = await first_line(process)
        singles = [await _rate(process.pid, url, lines, SINGLES, CONNECTIONS, 1) for _ in range(RUNS)]
        in_batches = [await _rate(process.pid, url, batches, BATCHES, BATCH_CONNECTIONS, LINES) for _ in range(RUNS)]
        memory = resident_mb(process.pid)
    single, batch = median(singles), median(in_batches)
    return [
        Figure("gateway_single", single, "accepted/s of a core", single / raw, "verify_raw"),
        Figure("gateway_batch", batch, "accepted/s of a core", batch / raw, "verify_raw"),
        Figure("rss gateway alone", memory, "MB"),
    ]


def _lines(cast: Cast, statements: Sequence[Body]) -> list[bytes]:
    directory = directory_of(cast, statements)
    return [Asked(uuid7(), uuid7()).accepted(cast, directory, number).line for number in range(1, MESSAGES + 1)]


async def _rate(pid: int, url: str, bodies: Sequence[bytes], posts: int, connections: int, messages: int) -> float:
    """Messages accepted in a second of the process's time."""
    before = cpu_s(pid)
    await _post(url, bodies, posts, connections, messages)
    return posts * messages / (cpu_s(pid) - before)


async def _post(url: str, bodies: Sequence[bytes], posts: int, connections: int, messages: int) -> None:
    waiting = islice(cycle(bodies), posts)
    kind, status = ("application/json", 202) if messages == 1 else ("application/x-ndjson", 200)

    async def worker(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            async with session.post("/v1/messages", data=body, headers={"Content-Type": kind}) as response:
                answer = await response.read()
                assert response.status == status, answer
                assert messages == 1 or answer.count(b'"status":202') == messages, answer[:500]

    async with aiohttp.ClientSession(url) as session, asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(worker(session))
