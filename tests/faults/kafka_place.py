"""The exchange as it is run, to be killed: four services, a real broker and a real database; each dies by itself."""

import asyncio
import signal
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from child import free_ports
from faults.place import GONE_S, answers
from faults.starter import Started, Starter
from front import Front
from hifadhi.store.port import Store
from hifadhi.store.postgres import PostgresStore
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.port import Stream
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer

BROKER, DATABASE = "broker", "database"
STANDBY: Final = "registry#2"
SERVICES: Final = ("registry", "delivery", "console", "gateway")
END_S: Final = 12.0


class KafkaPlace:
    """On a broker and a server that run already; topics and database are its own.

    `data`: the folder of root.json and the keys. `beneath`: broker and database, if nobody else uses them, die too.
    `standby`: a second registry, which waits for its turn. `urls`, `running`: by service.
    """

    name = "kafka"
    beneath = (BROKER, DATABASE)
    parts_partitions = 4

    def __init__(self, data: Path, kafka: KafkaCluster, postgres: PostgresServer, *, standby: bool = False) -> None:
        self._data, self._kafka, self._postgres = data, kafka, postgres
        self.services = (*SERVICES, STANDBY) if standby else SERVICES
        self._prefix = f"faults.{uuid4().hex}."
        front, *ports = free_ports(1 + len(self.services))
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(self.services, ports, strict=True)}
        self._front = Front(front, self.urls)
        self.base_url = self._front.base_url
        self._starter = Starter()
        self.running: dict[str, Started] = {}

    async def __aenter__(self) -> Self:
        self._url = await self._postgres.create_database(f"faults_{uuid4().hex}")
        await self._starter.__aenter__()
        await self._front.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._starter.__aexit__()
        await self._front.__aexit__(None, None, None)

    def service_of(self, point: str) -> str:
        return point.partition(":")[0]

    async def start(self, service: str, **environment: str) -> None:
        await self.kill(service)
        if service == BROKER:
            await self._kafka.start_node(1)
            await self._kafka.ready()
            return
        if service == DATABASE:
            await self._postgres.start()
            return
        command = service.partition("#")[0]
        here = {
            "HIFADHI_DATA": str(self._data),
            "HIFADHI_PORT": self.urls[service].rpartition(":")[2],
            "HIFADHI_BASE_URL": self.base_url,
            "HIFADHI_LOG_LEVEL": "WARNING",
            "HIFADHI_INSTANCE": service,
            "HIFADHI_STREAM": f"kafka://{self._kafka.bootstrap}",
            "HIFADHI_STREAM_PREFIX": self._prefix,
            "HIFADHI_SINGLE_BROKER": str(len(self._kafka.nodes) == 1).lower(),
            "HIFADHI_STORE": self._url,
        }
        self.running[service] = await self._starter.start(command, self.log(service), here | environment)

    async def ready(self) -> None:
        await asyncio.gather(*(answers(self.urls[name], self.log(name)) for name in self.running))

    async def gone(self, service: str) -> None:
        await self.running[service].gone(GONE_S)

    async def stopped(self, service: str) -> None:
        """Wait until it stands still by itself."""
        await self.running[service].stopped(GONE_S)

    async def kill(self, service: str) -> None:
        if service == BROKER:
            await self._kafka.kill_node(1)
        elif service == DATABASE:
            await self._postgres.kill()
        elif service in self.running:
            await self.running[service].kill()

    def pause(self, service: str) -> None:
        self.running[service].signal(signal.SIGSTOP)

    def resume(self, service: str) -> None:
        self.running[service].signal(signal.SIGCONT)

    async def end(self) -> None:
        for one in self.running.values():
            one.signal(signal.SIGTERM)
        await asyncio.gather(*(one.gone(END_S) for one in self.running.values()))

    def stream(self) -> Stream:
        single = len(self._kafka.nodes) == 1
        replication = 1 if single else 3
        return KafkaStream(
            Brokers(self._kafka.bootstrap, prefix=self._prefix, replication=replication, single_broker=single)
        )

    def store(self) -> Store:
        return PostgresStore(self._url)

    def log(self, service: str) -> Path:
        return self._data / f"{service}.log"
