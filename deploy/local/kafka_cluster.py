"""A real Apache Kafka on loopback: one node or three, killed, paused and restarted one by one.

Its programs come from Maven, once, into `build/kafka/`. The first cluster that ends leaves an archive of Java's
classes there, which saves the next ones a third of their start. Nodes end with the process that made them.
"""

import asyncio
import logging
import shutil
from asyncio.subprocess import STDOUT
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from child import Child, free_ports
from kafka_programs import ARCHIVE, KAFKA, LIBRARIES, ensure

# A broker is asked until it is there; each time that it is not would be a line on stderr.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())

READY_S: Final = 60.0
ARCHIVED_S: Final = 40.0
ATTEMPTS: Final = 3
_HEAP: Final = ("-Xms192m", "-Xmx384m")
_JAVA: Final = (
    "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{LIBRARIES}/*",
    f"-Dlog4j2.configurationFile=file:{KAFKA / 'log4j2.properties'}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is a controller too."""

    number: int
    folder: Path
    port: int
    controller_port: int
    agency_port: int


class PortTakenError(RuntimeError):
    """Between our look for a free port and the node's start somebody else took it."""


class KafkaCluster:
    """`nodes` brokers in `folder`. `users`: names and passwords on the listener for agencies (SASL SCRAM-SHA-512).

    `environment`: of the nodes, on top of ours.
    """

    def __init__(
        self,
        folder: Path,
        nodes: int = 1,
        users: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder, self._count, self._users = folder, nodes, dict(users or {})
        self._environment = dict(environment or {})
        self._running: dict[int, Child] = {}
        self._archive: Path | None = None
        self.nodes = self._placed()

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
        """Format all nodes, start them, and wait until a topic can be made; on other ports if somebody took ours."""
        await asyncio.to_thread(ensure)
        for _ in range(ATTEMPTS - 1):
            with suppress(PortTakenError):
                return await self._start()
            await self.stop()
            shutil.rmtree(self._folder)
            self.nodes = self._placed()
        return await self._start()

    async def stop(self) -> None:
        """End all nodes."""
        if self._archive and 1 in self._running:
            self._running[1].resume()
            await self._running[1].end(ARCHIVED_S)  # Java writes it on its way out
            if self._archive.exists():
                self._archive.rename(ARCHIVE)
        for child in self._running.values():
            child.kill()
        await asyncio.gather(*(child.gone() for child in self._running.values()))
        self._running.clear()

    async def start_node(self, number: int) -> None:
        """Start a node (again), on its ports and its data."""
        node = self.nodes[number - 1]
        said = [*_JAVA, *_HEAP, *self._sharing(number), f"-Dkafka.logs.dir={node.folder}"]
        said += ["kafka.Kafka", str(node.folder / "node.properties")]
        self._running[number] = await Child.start(said, log=node.folder / "broker.log", environment=self._environment)

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
                        raise _ended(self.nodes[number - 1])
                await asyncio.sleep(0.1)

    async def _start(self) -> None:
        cluster = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode().replace("-", "0")
        for node in self.nodes:
            self._write(node)
        await asyncio.gather(*(self._format(node, cluster) for node in self.nodes))
        for node in self.nodes:
            await self.start_node(node.number)
        await self.ready()

    def _placed(self) -> list[Node]:
        ports = iter(free_ports(3 * self._count))
        return [
            Node(number, self._folder / f"node{number}", next(ports), next(ports), next(ports))
            for number in range(1, self._count + 1)
        ]

    def _sharing(self, number: int) -> list[str]:
        """Java's option for the archive of classes: to use it, or to make it."""
        if ARCHIVE.exists():
            return [f"-XX:SharedArchiveFile={ARCHIVE}"]
        if number == 1 and self._archive is None:
            self._archive = ARCHIVE.with_name(f"{uuid4().hex}.jsa")
            return [f"-XX:ArchiveClassesAtExit={self._archive}"]
        return []

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
        replication = min(3, self._count)
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
        said = [*_JAVA, "-Xmx128m", *([f"-XX:SharedArchiveFile={ARCHIVE}"] if ARCHIVE.exists() else [])]
        said += ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(node.folder / "node.properties")]
        for name, password in self._users.items():
            said += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        formatted = await asyncio.create_subprocess_exec(*said, stdout=asyncio.subprocess.PIPE, stderr=STDOUT)
        output, _ = await formatted.communicate()
        if formatted.returncode:
            raise RuntimeError(f"the node was not formatted: {output.decode()}")


def _ended(node: Node) -> RuntimeError:
    log = node.folder / "broker.log"
    if "Address already in use" in log.read_text(errors="replace"):
        return PortTakenError(f"node {node.number}: somebody listens on its port; see {log}")
    return RuntimeError(f"node {node.number} has ended; see {log}")
