"""`hifadhi up`, or a gateway alone, attacked over real sockets, while an honest agency goes on sending.

Leaving the block asserts: the honest agency was served all the time; what it has a receipt for stands in the topics and
in the ledger, which verifies; nothing that was withheld stands in either; the process never had more memory than its
bound, nor more sockets than its limit.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp

from cast import Body, Cast, payload_of
from contract.processes import until
from faults.journal import Journal
from faults.kafka_place import KafkaPlace
from faults.place import Place
from faults.starter import Started
from faults.up_place import UpPlace
from hub_client import Answer, HubClient
from hub_ledger import audit, digest_of
from kafka_cluster import KafkaCluster
from live.withheld import Withheld
from postgres_server import PostgresServer
from stored import Stored, parts_of, stored_in

STATEMENTS: Final = 15
EVERY_S: Final = 0.1
SOME: Final = 10
MOST_LATENCY_S: Final = 5.0
"""On a machine that does other things too; unattacked it is some 20 ms."""
OTHER_SOCKETS: Final = 20
"""Of the process itself: its door, its broker, its loop; and those that came a moment before others gave way."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """`connections`: what the process is told. `growth_mb`: how much more memory it may ever have than before."""

    growth_mb: float
    connections: int = 400


@dataclass
class Attacked:
    """`url`, `process`: who is attacked; `place`: all of the exchange. `took_s`: each answer to the honest agency."""

    place: Place
    url: str
    process: Started
    log: Path
    cast: Cast
    limits: Limits
    journal: Journal
    withheld: Withheld
    took_s: list[float] = field(default_factory=list)
    most_sockets: int = 0

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.url.rpartition(":")[2])

    def for_a_while(self, attacks: Iterable[T]) -> Iterator[T]:
        """Each of them, and again, until the honest agency has been served some times beside them."""
        known = list(attacks)
        yield from known
        while len(self.took_s) < SOME:
            yield from known

    async def served(self) -> None:
        """The honest agency has been, some times more from now on."""
        enough = len(self.took_s) + SOME

        async def has() -> bool:
            return len(self.took_s) >= enough

        await until(has)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)

    async def said_to(self, raw: bytes, *, within_s: float = 20.0) -> bytes:
        """All that comes back until the other side closes, or nothing more comes for a second."""
        reader, writer = await self.open()
        answered = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(raw)
            await writer.drain()
            async with asyncio.timeout(within_s):
                while piece := await asyncio.wait_for(reader.read(1 << 16), 1.0 if answered else within_s):
                    answered += piece
        writer.transport.abort()
        return answered

    async def honest(self) -> None:
        """One message every tenth of a second, for ever."""
        async with HubClient(self.cast, self.url) as client:
            while True:
                [body] = self.journal.add([self.cast.encounter("MZ-INAR")])
                began = time.monotonic()
                async with asyncio.timeout(MOST_LATENCY_S):
                    answer = await posted(client, body)
                self.took_s.append(time.monotonic() - began)
                assert answer.status == 202, answer.body
                self.journal.keep(answer.body["receipt"])
                self.measure()
                await asyncio.sleep(EVERY_S)

    def measure(self) -> None:
        self.most_sockets = max(self.most_sockets, self.process.sockets())


async def posted(client: HubClient, body: Body) -> Answer:
    """Again and again, as agencies do: a connection that was silent for a moment may have given way to others."""
    while True:
        try:
            return await client.post(body)
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def attacked(folder: Path, limits: Limits, **settings: Any) -> AsyncIterator[Attacked]:
    """The whole exchange in one process."""
    cast = Cast(folder / "exchange")
    async with UpPlace(cast.folder) as place:
        await place.start(HIFADHI_CONNECTIONS=str(limits.connections), **settings)
        await place.ready()
        one = (place, place.base_url, place.process, place.log, cast, limits)
        async with _under_attack(Attacked(*one, Journal(cast), Withheld(cast))) as made:
            yield made


@contextlib.asynccontextmanager
async def attacked_gateway(
    folder: Path, limits: Limits, kafka: KafkaCluster, postgres: PostgresServer
) -> AsyncIterator[Attacked]:
    """A gateway as it faces the internet: its own process, on a real broker, the other services beside it."""
    cast = Cast(folder / "exchange")
    async with KafkaPlace(cast.folder, kafka, postgres) as place:
        for service in place.services:
            await place.start(service, HIFADHI_CONNECTIONS=str(limits.connections))
        await place.ready()
        one = (place, place.urls["gateway"], place.running["gateway"], place.log("gateway"), cast, limits)
        async with _under_attack(Attacked(*one, Journal(cast), Withheld(cast))) as made:
            yield made


@contextlib.asynccontextmanager
async def _under_attack(one: Attacked) -> AsyncIterator[Attacked]:
    async with HubClient(one.cast, one.place.base_url) as client:
        await client.admit_everybody()
    honest = asyncio.create_task(one.honest())
    await one.served()  # what grows with the first messages is no growth
    before_mb, one.took_s[:] = one.process.resident_mb(), []
    yield one
    one.measure()
    assert not honest.done(), honest.exception()
    honest.cancel()
    await asyncio.wait((honest,))
    check_process(one, before_mb)
    await check_kept(one)


def check_process(one: Attacked, before_mb: float) -> None:
    grown_mb = one.process.peak_mb() - before_mb
    print(  # noqa: T201 (shown by `pytest -s`: what was measured)
        f"{len(one.took_s)} honest messages, slowest {max(one.took_s):.3f} s; resident {before_mb:.0f} MB, at most "
        f"{grown_mb:.1f} MB more; at most {one.most_sockets} sockets; {len(one.withheld.bodies)} messages withheld"
    )
    assert len(one.took_s) >= SOME / 2
    assert max(one.took_s) < MOST_LATENCY_S
    assert grown_mb < one.limits.growth_mb
    assert one.most_sockets < one.limits.connections + OTHER_SOCKETS
    said = one.log.read_text()
    assert "Traceback" not in said and "aaaaaaaa" not in said, "what came stands in the diagnostics"
    assert "a fault in this program" not in said, said[-2000:]


async def check_kept(one: Attacked) -> None:
    """All that was promised, and nothing else, and what was withheld only once it is posted as it should be."""
    async with HubClient(one.cast, one.place.base_url) as client:
        [last] = one.journal.add([one.cast.encounter("MZ-INAR")])
        await client.sealed(last)
        sealed = (await audit(client)).index_of()
        stored = await _stored(one)
        one.withheld.check_absent(stored, sealed)
        _check_present([one.journal.posted[digest] for digest in one.journal.receipts], stored)
        assert one.journal.receipts.keys() | {digest_of(last)} <= sealed.keys()
        # A post that was under way when the honest agency stopped may be there or not; nothing else may.
        assert len(sealed.keys() - one.journal.posted.keys()) == STATEMENTS
        _check_present(await one.withheld.post_some(client), await _stored(one))


async def _stored(one: Attacked) -> Stored:
    return await stored_in(one.place.stream(), one.place.parts_partitions)


def _check_present(bodies: Iterable[Body], stored: Stored) -> None:
    for body in bodies:
        assert payload_of(body)["id"] in stored.messages
        assert parts_of(body) <= stored.parts
