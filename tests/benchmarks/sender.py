"""One agency that answers: seals, signs, posts, checks the receipts. `python -m benchmarks.sender LOAD`.

It prints `ready`, and then sends as many messages in all as the lines of its input say, up to the last of its load.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import uvloop

from benchmarks.acceptances import Asked
from benchmarks.answers import Question
from benchmarks.load import Load
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Message
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.exchange import Exchange, Outcome
from hifadhi.agency.wire.receipt import Receipt
from hifadhi.agency.wire.transport import Transport

Work = Sequence[tuple[int, Asked | Question]]
PATIENCE_S: Final = 60.0


class Allowance:
    """How many may be sent in all, as the other side of the pipe says."""

    def __init__(self) -> None:
        self._allowed, self._rises = 0, asyncio.Condition()

    async def follow(self) -> None:
        """Until the pipe is closed."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            async with self._rises:
                self._allowed = int(line)
                self._rises.notify_all()

    async def wait(self, count: int) -> None:
        """Until so many are allowed."""
        async with asyncio.timeout(PATIENCE_S), self._rises:
            await self._rises.wait_for(lambda: self._allowed >= count)


class Sender:
    """The agency's side of the load."""

    def __init__(self, load: Load, exchange: Exchange, known: KnownDirectory, log: TextIO) -> None:
        self._load, self._exchange, self._known, self._log = load, exchange, known, log
        self._keyring = Keyring.load(Path(load.home))

    async def send_all(self, allowance: Allowance) -> None:
        """Everything, by so many connections."""
        batches = Batches(self._load, allowance)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._load.connections):
                group.create_task(self._worker(batches))

    async def _worker(self, batches: "Batches") -> None:
        while work := await batches.next():
            await self._send(work)

    async def _send(self, work: Work) -> None:
        messages = [self._message(number, asked) for number, asked in work]
        if len(messages) == 1:
            outcomes: Sequence[Outcome] = [await self._exchange.post(messages[0])]
        else:
            outcomes = await self._exchange.post_batch(messages)
        assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes

    def _message(self, number: int, asked: Asked | Question) -> Message:
        began = time.monotonic_ns()
        sealed = compose.seal(asked.draft(), sender=self._keyring.agency, directory=self._known.directory)
        self._log.write(f"{sealed.id} {began}\n")
        return sealed.sign(number=number, now_ms=time.time_ns() // 1_000_000, keys=[self._keyring.sign])


class Batches:
    """The work, cut into posts, each when it is its time."""

    def __init__(self, load: Load, allowance: Allowance) -> None:
        self._load, self._allowance = load, allowance
        self._work = list(enumerate(load.asked(), load.first + 1))
        self._next, self._began = 0, time.monotonic()
        self._turn = asyncio.Lock()

    async def next(self) -> Work:
        """The next post's; empty at the end."""
        async with self._turn:
            start, self._next = self._next, min(self._next + self._load.lines, len(self._work))
            if start < self._next:
                await self._time_for(self._next)
            return self._work[start : self._next]

    async def _time_for(self, count: int) -> None:
        if self._load.rate:
            await asyncio.sleep(self._began + count / self._load.rate - time.monotonic())
        else:
            await self._allowance.wait(count)


async def main(load: Load) -> None:
    """Send the load."""
    allowance = Allowance()
    async with Transport(load.url, faces=load.faces) as transport:
        known = KnownDirectory(load.root_of_trust(), LatestCheckpoint(load.root_of_trust()))
        exchange = Exchange(transport, known)
        await known.read_on(exchange.directory)  # as the agency reads and verifies it
        following = asyncio.create_task(allowance.follow())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with load.log_file() as log:
            await Sender(load, exchange, known, log).send_all(allowance)
        await following  # its costs are read until the last message is opened


if __name__ == "__main__":
    uvloop.run(main(Load.read(sys.argv[1])))
