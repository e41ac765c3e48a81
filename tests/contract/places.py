"""Where the contract suites run: one line for each adapter, here and nowhere else.

A place is handed to other processes as two words, so an adapter's `where` is a string: a folder for the embedded ones,
`bootstrap prefix` for Kafka, an address for PostgreSQL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from hifadhi.store.port import Store
from hifadhi.store.postgres import PostgresStore
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.port import Stream
from hifadhi.stream.sqlite import SqliteStream

STREAMS: Final[Mapping[str, Callable[[str], Stream]]] = {
    "kafka": lambda where: KafkaStream(brokers(*where.split(" "))),
    "sqlite": lambda where: SqliteStream(Path(where) / "stream.sqlite"),
}
STORES: Final[Mapping[str, Callable[[str, Path], Store]]] = {
    "postgres": lambda where, versions: PostgresStore(where, versions=versions),
    "sqlite": lambda where, versions: SqliteStore(Path(where) / "store.sqlite", versions=versions),
}


# A broker compacts closed segments only: here they close soon. Tombstones stay, as the newest record of their key.
IMPATIENT: Final = {
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
}


def brokers(bootstrap: str, prefix: str) -> Brokers:
    """One broker, topics of one test."""
    return Brokers(bootstrap, prefix=prefix, replication=1, single_broker=True, compaction=IMPATIENT)


def stream_where(adapter: str, request: pytest.FixtureRequest) -> str:
    """A place for a stream of this test alone."""
    if adapter == "kafka":
        return f"{request.getfixturevalue('kafka').bootstrap} {uuid4().hex}."
    return str(request.getfixturevalue("tmp_path"))


def store_where(adapter: str, request: pytest.FixtureRequest) -> str:
    """A place for a database of this test alone."""
    if adapter == "postgres":
        return str(request.getfixturevalue("postgres").new_database(f"test_{uuid4().hex}"))
    return str(request.getfixturevalue("tmp_path"))


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """One stream, which this process and others may open any number of times."""

    adapter: str
    where: str

    def open(self) -> Stream:
        return STREAMS[self.adapter](self.where)


@dataclass(frozen=True, slots=True)
class StorePlace:
    """One database, likewise, and the folder of the revisions that it is migrated with."""

    adapter: str
    where: str
    versions: Path

    def open(self) -> Store:
        return STORES[self.adapter](self.where, self.versions)
