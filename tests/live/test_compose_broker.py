"""The listener for agencies of `docker-compose.yml`, on a real broker with the very settings of the file."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

import kafka_programs
from compose_broker import ComposeBroker
from contract.places import brokers
from contract.processes import until
from hifadhi.stream.kafka import KafkaStream
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import RECORD, inbox, topics
from live.agency_reader import Agency
from servers import needed

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python opens its own files in the old way
    from hifadhi.stream import kafka_access

MZ, PASSWORD = "MZ-INAR", "a password of its own"
PREFIX = "hifadhi."


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[ComposeBroker]:
    needed(kafka_programs.missing())
    async with ComposeBroker(tmp_path / "kafka") as running:
        yield running


async def lets_in(client: Agency) -> bool:
    try:
        async with asyncio.timeout(20), client.admin():
            return True
    except (KafkaError, TimeoutError):
        return False


async def test_an_agency_reads_its_inbox_over_tls_with_its_password_and_nothing_else(broker: ComposeBroker) -> None:
    where = brokers(broker.bootstrap, PREFIX)
    stream = KafkaStream(where)
    await stream.create([*topics(), inbox(MZ)])
    await stream.append(inbox(MZ).name, [Entry(b"0", b"item")])
    await stream.close()
    agency = Agency(broker.agency_bootstrap, MZ, PASSWORD, broker.authority)
    assert not await lets_in(agency)  # there is no password by default
    await kafka_access.grant(where, MZ, PASSWORD)
    await until(lambda: lets_in(agency))

    assert b"item" in await agency.reads(f"{PREFIX}{inbox(MZ).name}")
    with pytest.raises(TopicAuthorizationFailedError):
        await agency.reads(f"{PREFIX}{RECORD}")
    assert not await lets_in(Agency(broker.agency_bootstrap, MZ, "guessed", broker.authority))
    assert not await lets_in(Agency(broker.agency_bootstrap, MZ, PASSWORD))  # without encryption
