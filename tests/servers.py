"""The real broker and the real database of a test session: started at the first use, ended with the session."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import kafka_programs
import postgres_server
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer


def needed(missing: str | None) -> None:
    """Skip without it; where everything must run, fail."""
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing}, and in CI nothing is skipped")
    if missing:
        pytest.skip(missing)


@contextmanager
def _running(server: Any) -> Iterator[Any]:
    """Start and stop it on a loop of its own: it outlives the loops of the tests."""
    with asyncio.Runner() as runner:
        try:
            runner.run(server.start())
            yield server
        finally:
            runner.run(server.stop())


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One broker, which nobody pauses or kills."""
    needed(kafka_programs.missing())
    with _running(KafkaCluster(tmp_path_factory.mktemp("kafka"))) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server, which nobody pauses or kills."""
    needed(postgres_server.missing())
    with _running(PostgresServer(Path(tmp_path_factory.mktemp("postgres")))) as server:
        yield server
