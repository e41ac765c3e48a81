"""A peer: one party's access point that sends to another's, on this machine and nothing else beside them."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from benchmarks.peers.measured import Measured, Saturated, Steady
from benchmarks.peers.pace import RATE, Pace
from benchmarks.peers.payloads import Payload
from benchmarks.peers.plan import Plan
from benchmarks.peers.relay import relayed
from benchmarks.program import first_line, running

CONNECTIONS: Final = 16
"""Of all sending processes together, as many as ours has."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`receiver`, `sender`: command lines, to which keys and store, or the plan, are added. `processes`: of each."""

    system: str
    receiver: Sequence[str]
    sender: Sequence[str]
    processes: int

    async def measure(self, keys: Path, folder: Path, payload: Payload, pace: Pace) -> Measured:
        """Saturated, at a steady rate, and through a relay that counts."""
        folder.mkdir(parents=True)
        document = folder / "payload.xml"
        document.write_bytes(payload.document)
        async with AsyncExitStack() as stack:
            urls = [await self._receives(stack, keys, folder / f"store-{one}") for one in range(self.processes)]
            plan = Plan(
                urls=urls,
                keys=str(keys),
                payload=str(document),
                log=str(folder / "log"),
                connections=CONNECTIONS,
                warm_up_s=pace.warm_up,
                seconds=pace.saturated,
            )
            saturated = await _saturated(self._sending(folder, plan, self.processes))
            steady = self._sending(folder, replace(plan, rate=RATE, seconds=pace.steady), 1)
            delays = [(done - began) / 1e6 for began, done in await steady.run()]
            wire = await self._wire(folder, replace(plan, rate=RATE, seconds=pace.wire, warm_up_s=0.0))
        return Measured(self.system, payload.name, [saturated], Steady.of(delays), {"posted and answered": wire})

    async def _receives(self, stack: AsyncExitStack, keys: Path, store: Path) -> str:
        store.mkdir()
        return await first_line(await stack.enter_async_context(running([*self.receiver, str(keys), str(store)])))

    async def _wire(self, folder: Path, plan: Plan) -> float:
        async with relayed(plan.urls[0]) as relay:
            instants = await self._sending(folder, replace(plan, urls=[relay.url]), 1).run()
        return relay.count / len(instants)

    def _sending(self, folder: Path, plan: Plan, processes: int) -> "Sending":
        plans = [
            replace(plan, log=f"{plan.log}-{one}", connections=CONNECTIONS // processes) for one in range(processes)
        ]
        return Sending(self.sender, folder, plans)


@dataclass(frozen=True, slots=True)
class Sending:
    """Sending processes that begin together, one for each plan."""

    command: Sequence[str]
    folder: Path
    plans: Sequence[Plan]
    _processes: list[Process] = field(default_factory=list)

    async def run(self) -> list[tuple[int, int]]:
        """The instants of all messages that were sent after the warm-up."""
        async with AsyncExitStack() as stack:
            for number, plan in enumerate(self.plans):
                file = plan.write(self.folder / f"plan-{number}.json")
                self._processes.append(await stack.enter_async_context(running([*self.command, str(file)])))
            for process in self._processes:
                assert await first_line(process) == "ready"
            await asyncio.gather(*(_ends(process) for process in self._processes))
        return [instant for plan in self.plans for instant in plan.instants()]


async def _ends(process: Process) -> None:
    assert process.stdin
    process.stdin.write(b"go\n")
    if await process.wait():
        raise RuntimeError("a peer's sender failed; what it said stands above")


async def _saturated(sending: Sending) -> Saturated:
    instants = await sending.run()
    seconds = (max(done for _, done in instants) - min(began for began, _ in instants)) / 1e9
    return Saturated(len(instants) / seconds, seconds)
