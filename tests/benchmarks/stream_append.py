"""How fast the embedded stream stores: `python -m benchmarks.stream_append FOLDER`, from `tests/`.

Marks: at least 5,000 records of 1 kB a second from 64 concurrent callers; a single append in less than 5 ms (median).
"""

import asyncio
import os
import statistics
import sys
import time
from itertools import chain
from pathlib import Path

from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PARTS, SUBMISSIONS, topics

_VALUE = os.urandom(1024)
_SECONDS = 3.0


async def _append_for(stream: Stream, topic: str, seconds: float) -> list[float]:
    took = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        await stream.append(topic, [Entry(os.urandom(32), _VALUE)])
        took.append(time.perf_counter() - began)
    return took


async def _measure(stream: Stream, topic: str, callers: int) -> None:
    each = await asyncio.gather(*(_append_for(stream, topic, _SECONDS) for _ in range(callers)))
    took = sorted(chain.from_iterable(each))
    p50, p99 = statistics.median(took) * 1e3, took[len(took) * 99 // 100] * 1e3
    rate = len(took) / _SECONDS
    sys.stdout.write(f"{topic:12} {callers:3} callers {rate:8.0f} records/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms\n")


async def _read_all(stream: Stream, topic: str) -> None:
    began, position, count = time.perf_counter(), 0, 0
    while records := await stream.read(topic, position):
        position, count = records[-1].position + 1, count + len(records)
    sys.stdout.write(f"{topic:12} read {count / (time.perf_counter() - began):8.0f} records/s\n")


async def _main(folder: Path) -> None:
    stream = SqliteStream(folder / "stream.sqlite")
    await stream.create(topics(1))
    for topic in (SUBMISSIONS, PARTS):
        for callers in (1, 64):
            await _measure(stream, topic, callers)
        await _read_all(stream, topic)
    await stream.close()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
