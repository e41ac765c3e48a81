"""A real Apache Kafka on loopback: one node or three, killed, paused and restarted one by one.

Its programs come from Maven, once, into `build/kafka/`. Nodes end with the process that made them, whatever ends it.
"""

import asyncio
from asyncio.subprocess import STDOUT
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from child import Child, free_ports
from kafka_programs import KAFKA, LIBRARIES, ensure

READY_S: Final = 60.0
_JAVA: Final = ("-Xms192m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOGGING: Final = f"-Dlog4j2.configurationFile=file:{KAFKA / 'log4j2.properties'}"


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is a controller too."""

    number: int
    folder: Path
    port: int
    controller_port: int
    agency_port: int


class KafkaCluster:
    """`nodes` brokers in `folder`. `users`: names and passwords on the listener for agencies (SASL SCRAM-SHA-512)."""

    def __init__(self, folder: Path, nodes: int = 1, users: Mapping[str, str] | None = None) -> None:
        self._folder, self._users = folder, dict(users or {})
        ports = iter(free_ports(3 * nodes))
        self.nodes = [
            Node(number, folder / f"node{number}", next(ports), next(ports), next(ports))
            for number in range(1, nodes + 1)
        ]
        self._running: dict[int, Child] = {}

    @property
    def bootstrap(self) -> str:
        """Where those inside connect, without a password."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def agency_bootstrap(self) -> str:
        """Where agencies connect, with theirs."""
        return ",".join(f"127.0.0.1:{node.agency_port}" for node in self.nodes)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Format all nodes, start them, and wait until a topic can be made."""
        await asyncio.to_thread(ensure)
        cluster = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode().replace("-", "0")
        for node in self.nodes:
            self._write(node)
            await self._format(node, cluster)
        for node in self.nodes:
            await self.start_node(node.number)
        await self.ready()

    async def stop(self) -> None:
        """End all nodes."""
        for child in self._running.values():
            child.kill()
        await asyncio.gather(*(child.gone() for child in self._running.values()))
        self._running.clear()

    async def start_node(self, number: int) -> None:
        """Start a node (again), on its ports and its data."""
        node = self.nodes[number - 1]
        options = [*_JAVA, _LOGGING, f"-Dkafka.logs.dir={node.folder}"]
        said = ["java", *options, "-cp", f"{LIBRARIES}/*", "kafka.Kafka", str(node.folder / "node.properties")]
        self._running[number] = await Child.start(said, log=node.folder / "broker.log")

    async def kill_node(self, number: int) -> None:
        """As the power goes, and wait until it is gone."""
        self._running[number].kill()
        await self._running[number].gone()

    def pause_node(self, number: int) -> None:
        """As a machine that hangs."""
        self._running[number].pause()

    def resume_node(self, number: int) -> None:
        """It goes on."""
        self._running[number].resume()

    async def ready(self) -> None:
        """All nodes are listed, and a topic can be made: that a port is open says little."""
        async with asyncio.timeout(READY_S):
            while not await self._answers():
                for number, child in self._running.items():
                    if child.ended:
                        raise RuntimeError(f"node {number} has ended; see {self.nodes[number - 1].folder}/broker.log")
                await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            if len((await admin.describe_cluster())["brokers"]) < len(self.nodes):
                return False
            name = f"ready-{uuid4().hex}"
            made = await admin.create_topics([NewTopic(name, 1, len(self.nodes))])
            if made.topic_errors[0][1]:
                return False
            await admin.delete_topics([name])
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
        return True

    def _write(self, node: Node) -> None:
        node.folder.mkdir(parents=True, exist_ok=True)
        replication = min(3, len(self.nodes))
        voters = ",".join(f"{one.number}@127.0.0.1:{one.controller_port}" for one in self.nodes)
        filled = Template((KAFKA / "node.properties").read_text()).substitute(
            node=node.number,
            folder=node.folder,
            port=node.port,
            controller_port=node.controller_port,
            agency_port=node.agency_port,
            voters=voters,
            replication=replication,
            min_insync=max(1, replication - 1),
        )
        (node.folder / "node.properties").write_text(filled)

    async def _format(self, node: Node, cluster: str) -> None:
        said = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", _LOGGING, "-cp", f"{LIBRARIES}/*"]
        said += ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(node.folder / "node.properties")]
        for name, password in self._users.items():
            said += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        formatted = await asyncio.create_subprocess_exec(*said, stdout=asyncio.subprocess.PIPE, stderr=STDOUT)
        output, _ = await formatted.communicate()
        if formatted.returncode:
            raise RuntimeError(f"the node was not formatted: {output.decode()}")
