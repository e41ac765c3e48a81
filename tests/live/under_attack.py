"""`hifadhi up` as its own process, attacked over real sockets, while an honest agency goes on sending.

Leaving the block asserts: the honest agency was served all the time, every receipt has its leaf, nothing else is in the
ledger, which verifies; the process's memory did not grow beyond the bound, and neither did its open sockets.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp

from cast import Body, Cast
from faults.journal import Journal
from faults.up_place import UpPlace
from hub_client import Answer, HubClient
from hub_ledger import audit, digest_of

STATEMENTS: Final = 15
CONNECTIONS: Final = 400
EVERY_S: Final = 0.1
SOME: Final = 10
MOST_LATENCY_S: Final = 5.0
"""On a machine that does other things too; unattacked it is some 20 ms."""
MOST_GROWTH_MB: Final = 120.0

T = TypeVar("T")


@dataclass
class Attacked:
    """`took_s`: each answer to the honest agency."""

    place: UpPlace
    cast: Cast
    journal: Journal
    took_s: list[float] = field(default_factory=list)
    most_mb: float = 0.0
    most_sockets: int = 0

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.place.port

    def for_a_while(self, attacks: Iterable[T]) -> Iterator[T]:
        """Each of them, and again, until the honest agency has been served some times beside them."""
        known = list(attacks)
        yield from known
        while len(self.took_s) < SOME:
            yield from known

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
        async with HubClient(self.cast, self.place.base_url) as client:
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
        self.most_mb = max(self.most_mb, self.place.process.resident_mb())
        self.most_sockets = max(self.most_sockets, self.place.process.sockets())


async def posted(client: HubClient, body: Body) -> Answer:
    """Again and again, as agencies do: a connection that was silent for a moment may have given way to others."""
    while True:
        try:
            return await client.post(body)
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def attacked(folder: Path, **settings: Any) -> AsyncIterator[Attacked]:
    cast = Cast(folder / "exchange")
    async with UpPlace(cast.folder) as place:
        await place.start(HIFADHI_CONNECTIONS=str(CONNECTIONS), **settings)
        await place.ready()
        one = Attacked(place, cast, Journal(cast))
        async with HubClient(cast, place.base_url) as client:
            await client.admit_everybody()
        for _ in range(10):  # what grows with the first messages is no growth
            await one.said_to(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        before_mb = place.process.resident_mb()
        honest = asyncio.create_task(one.honest())
        yield one
        one.measure()
        assert not honest.done(), honest.exception()
        honest.cancel()
        await asyncio.wait((honest,))
        await check(one, before_mb)


async def check(one: Attacked, before_mb: float) -> None:
    print(  # noqa: T201 (shown by `pytest -s`: what was measured)
        f"{len(one.took_s)} honest messages, slowest {max(one.took_s):.3f} s; resident {before_mb:.0f} MB, at most "
        f"{one.most_mb:.0f} MB; at most {one.most_sockets} sockets"
    )
    assert len(one.took_s) >= SOME / 2
    assert max(one.took_s) < MOST_LATENCY_S
    assert one.most_mb - before_mb < MOST_GROWTH_MB
    assert one.most_sockets < CONNECTIONS + 60
    said = one.place.log.read_text()
    assert "Traceback" not in said and "aaaaaaaa" not in said, "what came stands in the diagnostics"
    async with HubClient(one.cast, one.place.base_url) as client:
        [last] = one.journal.add([one.cast.encounter("MZ-INAR")])
        await client.sealed(last)
        sealed = (await audit(client)).index_of()
    assert one.journal.receipts.keys() <= sealed.keys()
    # A post that was under way when the honest agency stopped may be there or not; nothing else may.
    assert len(sealed.keys() - one.journal.posted.keys()) == STATEMENTS
    assert digest_of(last) in sealed
