"""Keys that change while messages flow: none is refused, and a revoked key signs nothing more, at any gateway."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cast import Body, payload_of
from exchange_processes import SERVICES
from hifadhi.evidence.jwk import PrivateJwk
from hub_client import Answer, HubClient
from hub_ledger import audit
from kafka_cluster import KafkaCluster
from live.production import Production, production
from postgres_server import PostgresServer

MZ = "MZ-INAR"
ROTATIONS = 6
WRITERS = 3
EFFECTIVE_S = 60.0
CONNECTIONS = 40
"""A connection each: the system spreads them over the gateways that share the port."""


class Load:
    """Writers that post encounters of one agency without end, each message on a connection of its own."""

    def __init__(self, made: Production) -> None:
        self._made = made
        self.refused: list[Answer] = []
        self.posted = 0
        self._goes_on = True
        self._in_flight: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """Every post that was begun is brought to its end: no number is signed and then not sent."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._write())
            yield self
            self._goes_on = False

    async def more(self, count: int) -> None:
        """So many more have their receipts."""
        enough = self.posted + count
        await until(lambda: self.posted >= enough)

    async def done_with(self, key: PrivateJwk) -> None:
        """What was signed with it has its receipt, and so stands before whatever is posted from now on."""
        await until(lambda: not self._in_flight[key.kid])

    async def _write(self) -> None:
        while self._goes_on:
            key = self._made.cast.players[MZ].sign
            body = self._made.cast.encounter(MZ)
            self._in_flight[key.kid] += 1
            async with HubClient(self._made.cast, self._made.processes.base_url) as client:
                answer = await client.post(body)
            self._in_flight[key.kid] -= 1
            self.posted += answer.status == 202
            if answer.status != 202:
                self.refused.append(answer)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def added(made: Production, use: str) -> PrivateJwk:
    """A new key of the agency, in the directory."""
    key = PrivateJwk.generate("Ed25519" if use == "sign" else "P-256")
    facts = {"agency": MZ, "use": use, "key": key.public.as_dict()}
    said = made.cast.statement("key.added", made.cast.players[MZ].identity, sender=MZ, **facts)
    assert (await made.client.sealed(said, MZ))["ruling"] == "recorded"
    return key


async def revoked(made: Production, key: PrivateJwk) -> None:
    facts = {"agency": MZ, "kid": key.kid}
    said = made.cast.statement("key.revoked", made.cast.players[MZ].identity, sender=MZ, **facts)
    assert (await made.client.sealed(said, MZ))["ruling"] == "recorded"


async def test_signing_keys_rotate_while_messages_flow_and_none_is_refused(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, (*SERVICES, "gateway#2")) as made:
        player, load = made.cast.players[MZ], Load(made)
        async with load.running():
            for _ in range(ROTATIONS):
                await load.more(10)
                old, player.sign = player.sign, await added(made, "sign")
                await load.done_with(old)
                await revoked(made, old)
        assert load.refused == []
        await made.client.sealed(made.cast.encounter(MZ))  # and with it whatever was posted before
        ledger = await audit(made.client)
        assert ledger.report.findings == ()
        assert ledger.report.refused == 0
        assert ledger.report.cases == load.posted + 1


async def refusals(made: Production, old: PrivateJwk) -> list[Any]:
    """What becomes of messages of the key, each on a connection of its own; a code for each."""

    async def code() -> str:
        body = resigned(made, old)
        async with HubClient(made.cast, made.processes.base_url) as client:
            answer = await client.post(body)
        if answer.status != 202:
            return str(answer.body["code"])
        return str((await made.client.ruling(payload_of(body)["id"], MZ)).get("code"))

    return await asyncio.gather(*(code() for _ in range(CONNECTIONS)))


def resigned(made: Production, key: PrivateJwk) -> Body:
    """A good encounter, but for the key that signed it."""
    player = made.cast.players[MZ]
    now, player.sign = player.sign, key
    try:
        return made.cast.encounter(MZ)
    finally:
        player.sign = now


async def test_a_revoked_key_signs_nothing_more_at_any_gateway(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, (*SERVICES, "gateway#2")) as made:
        player, load = made.cast.players[MZ], Load(made)
        old, player.sign = player.sign, await added(made, "sign")
        async with load.running():
            await revoked(made, old)
            since = time.monotonic()
            # From the next batch on, whichever gateway took it: refused there, or ruled so.
            assert set(await refusals(made, old)) == {"KEY_NOT_VALID"}
            while not all([await at_the_gateway(made, old) for _ in range(CONNECTIONS)]):
                assert time.monotonic() - since < EFFECTIVE_S
            assert time.monotonic() - since < EFFECTIVE_S
        assert load.refused == []
        findings = (await audit(made.client)).report.findings
        # A gateway that knows of the revocation refuses a message, and its number stays without a leaf.
        assert {(finding.code, finding.kid) for finding in findings} <= {("SEQUENCE_GAP", old.kid)}


async def at_the_gateway(made: Production, old: PrivateJwk) -> bool:
    """Whether a gateway refuses it by itself."""
    async with HubClient(made.cast, made.processes.base_url) as client:
        answer = await client.post(resigned(made, old))
    return answer.status != 202 and answer.body["code"] == "KEY_NOT_VALID"
