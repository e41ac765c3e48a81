"""From one agency's body to the other agency's opened body, through a whole exchange: how many a second, how soon.

One process seals, signs and posts; another reads its inbox, proves, opens and checks. Sustained: no more is sent than
`AHEAD` messages beyond what is opened, so what is accepted is opened, and the backlog is flat.
"""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.acceptances import ACCEPTS, ASKS
from benchmarks.figure import Figure
from benchmarks.ground import Ground
from benchmarks.hub import Hub
from benchmarks.load import Load, instants
from benchmarks.process_cost import cpu_s, resident_mb
from benchmarks.program import first_line, python, running

AHEAD: Final = 600
WARM_UP: Final = 0.1
PATIENCE_S: Final = 60.0
LATENCY_RATE: Final = 75.0


@dataclass(frozen=True, slots=True)
class Moment:
    """How far it was at an instant, and what had been used by then: seconds by process."""

    at: float
    opened: int
    used: Mapping[str, float]


class Run:
    """One load through the exchange. `first`: the requests before it have been accepted."""

    def __init__(self, hub: Hub, ground: Ground, folder: Path, load: Load) -> None:
        self._hub, self._folder = hub, folder
        self._sends = replace(load, home=ground.home(ACCEPTS), log=str(folder / "sent"), work=str(ground.work))
        self._opens = replace(load, home=ground.home(ASKS), log=str(folder / "opened"))
        self.pids: dict[str, int] = {}

    async def run(self) -> list[Moment]:
        """What was seen on the way, page by page."""
        opens = self._opens.write(self._folder / "opens.json")
        sends = self._sends.write(self._folder / "sends.json")
        async with running(python("benchmarks.receiver", opens)) as receiver:
            assert await first_line(receiver) == "ready"
            async with running(python("benchmarks.sender", sends)) as sender:
                assert await first_line(sender) == "ready"
                self.pids = {**self._hub.pids, "sender": sender.pid, "receiver": receiver.pid}
                return await self._followed(sender, receiver)

    async def _followed(self, sender: Process, receiver: Process) -> list[Moment]:
        assert sender.stdin and receiver.stdout
        moments = [self._moment(0)]
        while moments[-1].opened < self._opens.count:
            sender.stdin.write(f"{moments[-1].opened + AHEAD}\n".encode())
            line = await asyncio.wait_for(receiver.stdout.readline(), PATIENCE_S)
            assert line, "the receiver has ended early"
            moments.append(self._moment(int(line)))
        return moments

    def _moment(self, opened: int) -> Moment:
        return Moment(time.perf_counter(), opened, {name: cpu_s(pid) for name, pid in self.pids.items()})

    def delays_ms(self) -> list[float]:
        """From the start of sealing to the opened body, of each message, in the order of sending."""
        sent, opened = instants(Path(self._sends.log)), instants(Path(self._opens.log))
        return [(opened[one] - at) / 1e6 for one, at in sent.items()]


async def throughput(name: str, hub: Hub, ground: Ground, folder: Path, load: Load) -> list[Figure]:
    """Messages a second behind the warm-up, the processor time of each by process, memory before and after."""
    memory = {one: resident_mb(pid) for one, pid in hub.pids.items()}
    moments = await Run(hub, ground, folder, load).run()
    first = next(moment for moment in moments if moment.opened >= WARM_UP * load.count)
    last = moments[-1]
    count = last.opened - first.opened
    used = {one: (last.used[one] - first.used[one]) / count * 1e6 for one in last.used}
    return [
        Figure(name, count / (last.at - first.at), "messages/s"),
        *(Figure(f"{name}, cpu of {one}", us, "us/message") for one, us in used.items()),
        Figure(f"{name}, cpu of all", sum(used.values()), "us/message"),
        *(_memory(name, one, pid, memory[one]) for one, pid in hub.pids.items()),
    ]


async def latency(name: str, hub: Hub, ground: Ground, folder: Path, load: Load) -> list[Figure]:
    """Half and 99 of a hundred messages at a steady rate are opened sooner than this."""
    run = Run(hub, ground, folder, replace(load, rate=LATENCY_RATE))
    await run.run()
    delays = sorted(run.delays_ms()[int(load.count * WARM_UP) :])
    at = f"ms at {LATENCY_RATE:.0f}/s"
    return [
        Figure(f"latency_p50 {name}", median(delays), at),
        Figure(f"latency_p99 {name}", delays[len(delays) * 99 // 100], at),
    ]


def _memory(name: str, one: str, pid: int, before: float) -> Figure:
    now = resident_mb(pid)
    return Figure(f"{name}, rss of {one}", now, "MB", now / before, "before the load")
