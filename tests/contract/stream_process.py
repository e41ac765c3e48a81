"""A process that appends to a stream: `python -m contract.stream_process ADAPTER WHERE TOPIC NAME COUNT CALLERS`.

Each of its concurrent callers appends one record after the other and, once it is acknowledged, writes a line:
position, value, seconds since 1970.
"""

import asyncio
import sys
import time

from contract.places import StreamPlace
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import topics


async def _append(stream: Stream, topic: str, name: str, count: int) -> None:
    for number in range(count):
        value = f"{name} {number}"
        [stored] = await stream.append(topic, [Entry(name.encode(), value.encode())])
        sys.stdout.write(f"{stored.position},{value},{time.time()}\n")
        sys.stdout.flush()


async def _main(adapter: str, where: str, topic: str, name: str, count: int, callers: int) -> None:
    stream = StreamPlace(adapter, where).open()
    await stream.create(topics(1))
    await asyncio.gather(*(_append(stream, topic, f"{name}{caller}", count) for caller in range(callers)))
    await stream.close()


if __name__ == "__main__":
    _adapter, _where, _topic, _name, _count, _callers = sys.argv[1:]
    asyncio.run(_main(_adapter, _where, _topic, _name, int(_count), int(_callers)))
