"""The broker that tests and demonstrations start: on a port that somebody took, and when its starter is killed."""

import asyncio
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

import kafka_programs
from contract.processes import line_of, started, until
from kafka_cluster import KafkaCluster
from servers import needed

_STARTER: Final = "live.kafka_starter"


@pytest.fixture(scope="module", autouse=True)
def _needs_a_broker() -> None:
    needed(kafka_programs.missing())


async def test_a_port_that_somebody_took_is_replaced_by_another(tmp_path: Path) -> None:
    cluster = KafkaCluster(tmp_path / "kafka")
    taken = cluster.nodes[0].port
    with socket.create_server(("127.0.0.1", taken)):
        async with cluster:
            assert cluster.nodes[0].port != taken
            assert str(cluster.nodes[0].port) in cluster.bootstrap


async def test_no_broker_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    async with started(_STARTER, str(tmp_path)) as starter:
        assert await asyncio.wait_for(line_of(starter), 60) == "ready"
        [broker] = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
        starter.kill()
        try:
            await until(lambda: _ended(int(broker)))
        finally:
            with suppress(ProcessLookupError):
                os.kill(int(broker), signal.SIGKILL)


async def _ended(pid: int) -> bool:
    """Gone, or dead and waiting for whoever inherited it to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
