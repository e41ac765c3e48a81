"""Every service its own process on a real broker and database: shared ports, a standby, rebuilding, ends in time."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cast import payload_of
from contract.processes import until
from exchange_processes import SERVICES
from hub_client import HubClient
from hub_ledger import audit
from kafka_cluster import KafkaCluster
from live.production import Production, production
from postgres_server import PostgresServer

pytestmark = pytest.mark.timeout(300)

MZ = "MZ-INAR"
STOP_S = 10.0
CONNECTIONS = 20


async def seal(made: Production, count: int = 1) -> list[int]:
    """So many encounters, sealed; their indexes."""
    return [(await made.client.sealed(made.cast.encounter(MZ)))["index"] for _ in range(count)]


async def inbox(client: HubClient, agency: str) -> list[Any]:
    items: list[Any] = []
    while True:
        after = items[-1]["index"] if items else -1
        page = (await client.get(f"/v1/inbox?after={after}&limit=100", agency)).body
        items += page["data"]
        if page["done"]:
            return items


async def metric(made: Production, name: str, start: str) -> float:
    """The sum of the samples of a service whose line starts so."""
    async with aiohttp.ClientSession() as session, session.get(f"{made.processes.url(name)}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


async def command(made: Production, *said: str, **more: str) -> tuple[int, str]:
    """A command of ours with the services' settings: its exit code, and what it says."""
    program = Path(sys.executable).with_name("hifadhi")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HIFADHI_")}
    environment = ours | made.environment | {"HIFADHI_DATA": str(made.cast.folder)} | more
    process = await asyncio.create_subprocess_exec(program, *said, env=environment, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    return process.returncode or 0, (output + errors).decode()


async def posted_alone(made: Production) -> int:
    """Past the front, which keeps its connections, on a new one."""
    async with HubClient(made.cast, made.processes.url("gateway")) as client:
        return (await client.post(made.cast.encounter(MZ))).status


async def test_two_gateways_share_a_port_and_one_may_die(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, (*SERVICES, "gateway#2")) as made:
        pids = {made.processes.processes[name].pid for name in ("gateway", "gateway#2")}
        assert len(pids) == 2
        for hanging in ("gateway", "gateway#2"):  # so the other one answers, of the connections that are its own
            made.processes.pause(hanging)
            posting = [asyncio.create_task(posted_alone(made)) for _ in range(CONNECTIONS)]
            answered, _ = await asyncio.wait(posting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            made.processes.resume(hanging)
            assert set(await asyncio.gather(*posting)) == {202}
            assert answered, f"the system gave every connection to {hanging}"
        made.processes.kill("gateway")

        async def taken() -> bool:
            return (await made.client.post_raw(b"{}")).status == 400

        await until(taken)
        await seal(made)
        assert (await audit(made.client)).report.findings == ()


async def test_a_standby_registry_takes_over_and_the_one_that_wakes_overwrites_nothing(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres, (*SERVICES, "registry#2")) as made:

        async def holder() -> str:
            held = [name for name in ("registry", "registry#2") if await metric(made, name, "hifadhi_registry_holds")]
            return " ".join(held)

        await seal(made, 3)
        first = await holder()
        other = {"registry": "registry#2", "registry#2": "registry"}[first]
        made.processes.pause(first)
        posted = [made.cast.encounter(MZ) for _ in range(5)]
        for body in posted:
            assert (await made.client.post(body)).status == 202
        async with asyncio.timeout(15):  # the standby sees the silence, and seals
            for body in posted:
                await made.client.ruling(payload_of(body)["id"], MZ)
        made.processes.resume(first)
        await seal(made, 5)

        async def stands_by() -> bool:
            return await holder() == other

        await until(stands_by)
        made.processes.kill(other)
        await made.processes.start(other)
        await made.processes.ready(other)
        await seal(made, 3)
        ledger = await audit(made.client)
        assert ledger.report.findings == ()
        assert len(ledger.index_of()) == len(ledger.raw)


async def test_inboxes_and_pages_are_rebuilt_from_index_0_by_one_command(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres) as made:
        await seal(made, 3)
        before = await inbox(made.client, MZ)
        for service in ("delivery", "console"):
            code, said = await command(made, "rebuild", service)
            assert code == 0, said

        async def as_before() -> bool:
            answer = await made.client.get("/v1/inbox?limit=100", MZ)  # at first it does not even know the agency
            return answer.status == 200 and answer.body["data"] == before

        await until(as_before)
        newest = int((await made.client.get("/ledger/checkpoint")).body.decode().splitlines()[1]) - 1
        console = f"{made.processes.url('console')}/console/entries.json"
        async with aiohttp.ClientSession() as session:

            async def shown() -> bool:
                async with session.get(console) as response:
                    return f'"{newest}"' in await response.text() or f"{newest}," in await response.text()

            await until(shown)


async def test_check_config_says_what_runs_and_refuses_what_would_lose_records(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with production(tmp_path, kafka, postgres) as made:
        code, said = await command(made, "check-config", "registry")
        assert (code, "all is well" in said) == (0, True), said
        assert "HIFADHI_STORE=(set)" in said
        code, said = await command(made, "check-config", "registry", HIFADHI_SINGLE_BROKER="false")
        assert (code, "has 1 replicas; give it 3" in said) == (1, True), said
        both = {"HIFADHI_SINGLE_BROKER": "false", "HIFADHI_REPLICATION": "2"}
        code, said = await command(made, "check-config", "gateway", **both)
        assert (code, "replication below 3" in said) == (1, True), said
        code, said = await command(made, "check-config", "gateway", HIFADHI_STROE="x")
        assert (code, "/HIFADHI_STROE" in said) == (1, True), said


@pytest.mark.parametrize("paused", ["nothing", "broker", "database"])
async def test_services_end_within_ten_seconds_whatever_hangs(tmp_path: Path, paused: str) -> None:
    async with KafkaCluster(tmp_path / "kafka") as kafka, PostgresServer(tmp_path / "postgres") as postgres:
        async with production(tmp_path, kafka, postgres) as made:
            await seal(made)
            if paused == "broker":
                kafka.pause_node(1)
                posting = asyncio.create_task(made.client.post(made.cast.encounter(MZ)))
                await asyncio.wait((posting,), timeout=0.5)
            elif paused == "database":
                postgres.pause()
            waiting = asyncio.create_task(made.client.get("/v1/inbox?after=99999&wait=30", MZ))
            await asyncio.wait((waiting,), timeout=0.5)
            began = time.monotonic()
            codes = await asyncio.gather(*(made.processes.end(name) for name in SERVICES))
            took = time.monotonic() - began
            kafka.resume_node(1)
            postgres.resume()
            await asyncio.gather(waiting, *([posting] if paused == "broker" else []), return_exceptions=True)
        assert codes == [0] * len(SERVICES)
        assert took < STOP_S
