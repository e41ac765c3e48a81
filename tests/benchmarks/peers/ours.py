"""Ours on Kafka and PostgreSQL, the whole way: see `end_to_end.py`."""

import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.acceptances import requests
from benchmarks.answers import questions
from benchmarks.end_to_end import WARM_UP, Run
from benchmarks.ground import Ground
from benchmarks.hub import Hub, on_kafka
from benchmarks.load import Load
from benchmarks.peers.measured import Measured, Saturated, Steady
from benchmarks.peers.pace import RATE, Pace
from benchmarks.peers.payloads import Payload
from benchmarks.peers.peer import CONNECTIONS
from benchmarks.peers.relay import relayed
from cast import Cast
from hub_client import HubClient

SYSTEM: Final = "ours"
LONGER: Final = 1.25
"""By how much more than the tries tell: they are slower than what follows."""


class Way(NamedTuple):
    """How messages are posted: so many in one, by so many connections."""

    name: str
    lines: int
    connections: int


SINGLE: Final = Way(", single posts", 1, CONNECTIONS)
BATCHES: Final = {False: Way(", batches of 100", 100, 3), True: Way(", batches of 20", 20, 3)}
"""By whether the payload is large: a post has at most 8 MiB."""


@dataclass(slots=True)
class Exchange:
    """The exchange, and how many of the requests and questions in its work file were answered."""

    hub: Hub
    ground: Ground
    client: HubClient
    folder: Path
    root: Path
    _next: int = 0
    _runs: Iterator[int] = field(default_factory=itertools.count)

    async def load(self, payload: Payload, count: int) -> Load:
        """So many messages that can be sent now."""
        await self.ground.ask(self.client, count, questions if payload.is_large else requests)
        first, self._next = self._next, self._next + count
        return Load(
            home="", root=str(self.root), url=self.hub.url, log="", first=first, count=count, faces=self.hub.faces
        )

    async def saturated(self, load: Load, way: Way) -> Saturated:
        """Messages a second behind the warm-up, and for how long."""
        load = replace(load, lines=way.lines, connections=way.connections)
        moments = await Run(self.hub, self.ground, self.folder, load).run()
        # The pages of a few messages may all be one: then from the beginning.
        first = next(one for one in moments if one.opened >= WARM_UP * load.count or one is moments[-2])
        count, seconds = moments[-1].opened - first.opened, moments[-1].at - first.at
        return Saturated(count / seconds, seconds, way.name)

    async def delays(self, load: Load) -> list[float]:
        """Of a load, in milliseconds, in the order of sending."""
        run = Run(self.hub, self.ground, self.folder, replace(load, rate=RATE))
        await run.run()
        return run.delays_ms()


async def measure(folder: Path, payload: Payload, pace: Pace) -> Measured:
    """The same three as of a peer; saturated twice, message by message and in batches."""
    cast = Cast(folder / "data")
    async with on_kafka(cast, folder) as hub, HubClient(cast, hub.url) as client:
        await client.admit_everybody()
        exchange = Exchange(hub, Ground(cast, folder / "homes"), client, folder, cast.folder / "root.json")
        found = [await _longest(exchange, payload, pace, way) for way in (SINGLE, BATCHES[payload.is_large])]
        steady = await _steady(exchange, payload, pace)
        wire = await _wire(exchange, payload, round(pace.wire * RATE))
    return Measured(SYSTEM, payload.name, found, steady, wire)


async def _longest(exchange: Exchange, payload: Payload, pace: Pace, way: Way) -> Saturated:
    tried = await exchange.saturated(await exchange.load(payload, pace.tried), way)
    count = round(tried.per_s * (pace.warm_up + pace.saturated) * LONGER)
    return await exchange.saturated(await exchange.load(payload, count), way)


async def _steady(exchange: Exchange, payload: Payload, pace: Pace) -> Steady:
    load = await exchange.load(payload, round(pace.steady * RATE))
    delays = await exchange.delays(load)
    return Steady.of(delays[int(load.count * WARM_UP) :])


async def _wire(exchange: Exchange, payload: Payload, count: int) -> dict[str, float]:
    """By service the bytes of one more message: of many less those of a few, so without what a beginning costs."""
    few, many = [await _counted(exchange, payload, some) for some in (count // 2, count // 2 + count)]
    return {f"to and from the {name}": (many[name] - few[name]) / count for name in many}


async def _counted(exchange: Exchange, payload: Payload, count: int) -> dict[str, int]:
    faces, load = exchange.hub.faces, await exchange.load(payload, count)
    async with AsyncExitStack() as stack:
        relays = {url: await stack.enter_async_context(relayed(url)) for url in set(faces.values())}
        instead = {path: relays[url].url for path, url in faces.items()}
        await exchange.delays(replace(load, faces=instead))
    names = {faces["/v1/messages"]: "gateway", faces["/v1/inbox"]: "delivery", faces["/v1/directory"]: "registry"}
    return {names[url]: relay.count for url, relay in relays.items()}
