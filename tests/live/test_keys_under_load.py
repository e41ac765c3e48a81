"""Keys that change while messages flow: none is refused, and a revoked key signs nothing more, at either gateway."""

import asyncio
import time
from itertools import product
from pathlib import Path

from cast import Body
from hifadhi.evidence.jwk import PrivateJwk
from hub_ledger import audit, digest_of
from kafka_cluster import KafkaCluster
from live.key_load import GATEWAYS, MZ, Load, added, posted_at, revocation, signed_with, two_gateways
from live.production import Production
from postgres_server import PostgresServer

ROTATIONS = 4
EFFECTIVE_S = 60.0


async def test_signing_keys_rotate_while_messages_flow_and_neither_gateway_refuses_one(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with two_gateways(tmp_path, kafka, postgres) as made:
        player, load = made.cast.players[MZ], Load(made)
        used = [player.sign.kid]
        async with load.running():
            for _ in range(ROTATIONS):
                old, player.sign = player.sign, await added(made)
                used.append(player.sign.kid)
                load.keys = (old, player.sign)
                await load.goes_every_way()
                load.keys = (player.sign,)
                await load.is_done_with(old.kid)
                revoked = await made.client.sealed(revocation(made, old), MZ)
                assert revoked["ruling"] == "recorded"
            await load.goes_every_way()
        assert load.refused == []
        assert load.accepted.keys() == set(product(GATEWAYS, used))
        await made.client.sealed(made.cast.encounter(MZ))  # and with it whatever was posted before
        ledger = await audit(made.client)
        assert ledger.report.findings == ()
        assert ledger.report.refused == 0
        assert ledger.report.cases == load.accepted.total() + 1


async def test_a_revoked_key_signs_nothing_from_the_next_leaf_on_and_each_gateway_refuses_it_within_a_minute(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with two_gateways(tmp_path, kafka, postgres) as made:
        player, load = made.cast.players[MZ], Load(made)
        old, player.sign = player.sign, await added(made)
        async with load.running():
            load.keys = (old, player.sign)
            await load.goes_every_way()
            load.keys = (player.sign,)
            await load.is_done_with(old.kid)
            said, late = revocation(made, old), signed_with(made, old)
            assert [line["status"] for line in (await made.client.post_lines([said, late]))[:-1]] == [202, 202]
            since = time.monotonic()
            refused = await asyncio.gather(*(until_refused(made, gateway, old) for gateway in GATEWAYS))
            took_s = [at - since for _, at in refused]
            assert max(took_s) < EFFECTIVE_S, took_s
            await load.goes_every_way()
        await made.client.sealed(made.cast.encounter(MZ))  # and with it whatever was posted before
        ledger = await audit(made.client)
        rulings = {digest: ledger.leaves[index].ruling for digest, index in ledger.index_of().items()}
        assert rulings[digest_of(said)].ruling == "recorded"
        taken = [late, *(body for bodies, _ in refused for body in bodies)]
        assert {rulings[digest_of(body)].code for body in taken} == {"KEY_NOT_VALID"}
        # A gateway that knows of the revocation refuses a message, and its number stays without a leaf.
        assert {(one.code, one.kid) for one in ledger.report.findings} <= {("SEQUENCE_GAP", old.kid)}


async def until_refused(made: Production, gateway: str, key: PrivateJwk) -> tuple[list[Body], float]:
    """What the gateway still takes in of a revoked key, and when it refuses by itself."""
    taken: list[Body] = []
    async with asyncio.timeout(EFFECTIVE_S):
        while (answer := await posted_at(made, gateway, body := signed_with(made, key))).status == 202:
            taken.append(body)
    assert (answer.status, answer.body["code"]) == (403, "KEY_NOT_VALID")
    return taken, time.monotonic()
