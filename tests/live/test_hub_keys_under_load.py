"""The hub's keys and governance's change, one service after the other, while messages flow: none is refused."""

from itertools import product
from pathlib import Path

from hub_ledger import audit
from kafka_cluster import KafkaCluster
from live.key_load import GATEWAYS, MZ, Load, started_beside, two_gateways
from live.production import Production
from postgres_server import PostgresServer
from root_office import Office, keys, rotated


async def test_the_hubs_keys_and_governances_change_under_load_and_neither_gateway_refuses_one(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with two_gateways(tmp_path, kafka, postgres) as made:
        cast, office, load = made.cast, Office(made.cast), Load(made)
        later, (ledger, gateway) = keys(3), keys(2)
        async with load.running():
            both = office.rotation(
                governance=later, ledger=[cast.ledger, ledger, cast.ledger_pq], gateway=[cast.gateway, gateway]
            )
            await rotated(made.client, office, later, both)
            await load.goes_every_way()
            office.put(ledger, gateway)
            for name in GATEWAYS:
                await replaced(made, load, name)
                await load.goes_every_way()
            await started_beside(made, "registry#2")  # with the new key it stands by, and takes over
            assert await made.processes.end("registry") == 0
            await made.processes.start("registry")
            await made.processes.ready("registry")
            only = office.rotation(ledger=[ledger, cast.ledger_pq], gateway=[gateway])
            await rotated(made.client, office, later, only)
            await load.goes_every_way()
        assert load.refused == []
        assert load.receipts.keys() == set(product(GATEWAYS, (cast.gateway.kid, gateway.kid)))
        await made.client.sealed(cast.encounter(MZ))
        ledger_now = await audit(made.client)  # from the first root.json
        assert ledger_now.report.findings == ()
        assert ledger_now.report.cases == load.accepted.total() + 1


async def replaced(made: Production, load: Load, name: str) -> None:
    """A gateway gets no more messages, ends, and is started with the key that lies there now."""
    load.gateways = tuple(other for other in GATEWAYS if other != name)
    await load.is_done_with(name)
    assert await made.processes.end(name) == 0
    await made.processes.start(name)
    await made.processes.ready(name)
    load.gateways = GATEWAYS
