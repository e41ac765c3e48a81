"""A gateway on a stream that costs nothing, as a process: `python -m benchmarks.gateway_process FOLDER`.

FOLDER has root.json, gateway.jwk, and in statements.ndjson the directory as it is posted. Prints the base URL.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop

from benchmarks.instant_stream import InstantStream
from hifadhi import garbage
from hifadhi.evidence.fold import Fold, NewLeaf
from hifadhi.evidence.jws import MESSAGE, parse_envelope
from hifadhi.hub.gateway.service import Gateway
from hifadhi.hub.server import Server, listen
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root
from hifadhi.stream.port import Entry
from hifadhi.wiring import read_key, read_root, wall_clock_ms


async def main(folder: Path) -> None:
    """Serve until the process is ended."""
    root = read_root(folder / "root.json")
    stream = InstantStream(list(_directory(root, folder / "statements.ndjson")))
    gateway = Gateway(stream=stream, root=root, key=read_key(folder / "gateway.jwk"), clock_ms=wall_clock_ms)
    listening = listen("127.0.0.1", 0)
    await Server({"gateway": gateway}, listening).start()
    garbage.settle()  # as the command does
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _directory(root: Root, posted: Path) -> Iterator[Entry]:
    """The topic `directory` as a registry fills it."""
    fold, now_ms, previous = Fold(Directory.of(root)), time.time_ns() // 1_000_000, -1
    for position, line in enumerate(posted.read_bytes().splitlines()):
        envelope = parse_envelope(json.loads(line)["header"], typ=MESSAGE)
        sealed = fold.rule(position, now_ms, envelope.to_bytes())
        if isinstance(sealed, NewLeaf):
            index = str(sealed.index).encode()
            yield Entry(index, sealed.leaf.to_bytes(), (("index", index), ("previous", str(previous).encode())))
            previous = sealed.index


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
