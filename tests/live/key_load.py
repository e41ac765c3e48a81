"""An exchange with two gateways, and messages without end to both while keys change."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count, product
from pathlib import Path

from cast import Body
from child import free_ports
from hifadhi.evidence import jws
from hifadhi.evidence.jwk import PrivateJwk
from hub_client import Answer, HubClient
from kafka_cluster import KafkaCluster
from live.production import Production, production
from postgres_server import PostgresServer

MZ = "MZ-INAR"
GATEWAYS = ("gateway", "gateway#2")
WRITERS = 3


@asynccontextmanager
async def two_gateways(folder: Path, kafka: KafkaCluster, postgres: PostgresServer) -> AsyncIterator[Production]:
    """The second on a port of its own: of two on one port nobody chooses which one answers."""
    async with production(folder, kafka, postgres, ("registry", "delivery", "gateway")) as made:
        await started_beside(made, GATEWAYS[1])
        yield made


async def started_beside(made: Production, name: str) -> None:
    """A further process of a service, on a port of its own."""
    (made.processes.ports[name],) = free_ports(1)
    await made.processes.start(name)
    await made.processes.ready(name)


async def posted_at(made: Production, gateway: str, body: Body) -> Answer:
    """Posted past the front, on a connection of its own."""
    async with HubClient(made.cast, made.processes.url(gateway)) as client:
        return await client.post(body)


def signed_with(made: Production, key: PrivateJwk) -> Body:
    """A good encounter, signed with this key of the agency."""
    player = made.cast.players[MZ]
    now, player.sign = player.sign, key
    try:
        return made.cast.encounter(MZ)
    finally:
        player.sign = now


class Load:
    """Writers of one agency, who sign with each of `keys` and post to each of `gateways` in turn.

    `accepted`: by gateway and key, how many have their receipt; `receipts`: by gateway and the key that signed these.
    """

    def __init__(self, made: Production) -> None:
        self._made = made
        self.keys: tuple[PrivateJwk, ...] = (made.cast.players[MZ].sign,)
        self.gateways: tuple[str, ...] = GATEWAYS
        self.accepted: Counter[tuple[str, str]] = Counter()
        self.receipts: Counter[tuple[str, str]] = Counter()
        self.refused: list[Answer] = []
        self._turns, self._goes_on = count(), True
        self._under_way: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """Every post that was begun is brought to its end: no number is signed and then not sent."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._write())
            yield self
            self._goes_on = False

    async def goes_every_way(self) -> None:
        """From now on each gateway has accepted messages of each key."""
        enough = {(gateway, key.kid): self.accepted[gateway, key.kid] + 2 for gateway, key in self._ways()}
        await until(lambda: bool(self.refused) or all(self.accepted[way] >= enough[way] for way in enough))
        assert self.refused == [], self.refused[0].body

    async def is_done_with(self, name: str) -> None:
        """What was signed with this key, or posted to this gateway, is answered."""
        await until(lambda: not any(number for way, number in self._under_way.items() if name in way))

    def _ways(self) -> list[tuple[str, PrivateJwk]]:
        return list(product(self.gateways, self.keys))

    async def _write(self) -> None:
        while self._goes_on:
            ways = self._ways()
            gateway, key = ways[next(self._turns) % len(ways)]
            self._under_way[gateway, key.kid] += 1
            answer = await posted_at(self._made, gateway, signed_with(self._made, key))
            self._under_way[gateway, key.kid] -= 1
            if answer.status == 202:
                self.accepted[gateway, key.kid] += 1
                self.receipts[gateway, jws.compact_kid(answer.body["receipt"], jws.RECEIPT)] += 1
            else:
                self.refused.append(answer)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def added(made: Production) -> PrivateJwk:
    """A new signing key of the agency, in the directory."""
    key = PrivateJwk.generate("Ed25519")
    facts = {"agency": MZ, "use": "sign", "key": key.public.as_dict()}
    said = made.cast.statement("key.added", made.cast.players[MZ].identity, sender=MZ, **facts)
    assert (await made.client.sealed(said, MZ))["ruling"] == "recorded"
    return key


def revocation(made: Production, key: PrivateJwk) -> Body:
    """The agency's statement that the key is revoked."""
    facts = {"agency": MZ, "kid": key.kid}
    return made.cast.statement("key.revoked", made.cast.players[MZ].identity, sender=MZ, **facts)
