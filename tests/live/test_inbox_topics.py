"""Agencies on a real broker: each reads its own inbox's topic, and whatever else it tries is denied."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)

from contract.places import brokers
from contract.processes import until
from delivery_place import Place, opened
from hifadhi.evidence import b64u
from hifadhi.evidence.tree import Edge, inclusion_proof, leaf_hash, node_hash, verify_inclusion
from hifadhi.hub.delivery import tables
from hifadhi.hub_commands import grant, revoke
from hifadhi.stream.kafka import Brokers, KafkaStream
from hifadhi.stream.topics import DELIVERIES, DIRECTORY, PARTS, RECORD, SUBMISSIONS, inbox
from inbox_reader import InboxReader
from kafka_cluster import KafkaCluster
from ledger_maker import LedgerMaker
from live.agency_reader import Agency
from unit.hub.delivery.test_erasures import content_of, erase

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python opens its own files in the old way
    from hifadhi.stream import kafka_access

MZ, ZA = "MZ-INAR", "ZA-DHA"
BEGINS_LIKE_MZ = "MZ-IN"
DENIED_S = 20.0


@dataclass
class Exchange:
    place: Place
    brokers: Brokers
    agencies_at: str

    def topic(self, agency: str) -> str:
        return self.brokers.prefix + inbox(agency).name

    async def granted(self, agency: str) -> Agency:
        """A client that the broker knows by now."""
        client = Agency(self.agencies_at, agency, uuid4().hex)
        await kafka_access.grant(self.brokers, agency, client.password)
        await until(lambda: lets_in(client))
        return client

    async def story(self) -> None:
        ledger = self.place.ledger
        case = ledger.open_case()
        ledger.send("referral.received", ZA, [MZ], case=case, referral=ledger.request(case))
        await self.place.publish()


async def lets_in(client: Agency) -> bool:
    try:
        async with client.admin():
            return True
    except KafkaError:
        return False


@pytest.fixture
async def exchange(kafka: KafkaCluster, tmp_path: Path) -> AsyncIterator[Exchange]:
    where = brokers(kafka.bootstrap, f"{uuid4().hex}.")
    ledger = LedgerMaker.with_agencies()
    async with opened(tmp_path, ledger, KafkaStream(where)) as place, place.serving(inbox_topics=True):
        made = Exchange(place, where, kafka.agency_bootstrap)
        await made.story()
        await until(lambda: filled(made))
        yield made


async def filled(exchange: Exchange) -> bool:
    """Whether every inbox stands in its topic as far as the ledger goes."""
    if await exchange.place.behind():
        return False
    async with exchange.place.store.read() as db:
        published = {row.agency: row.published for row in await db.execute(tables.inbox_topics.select())}
    inboxes = await exchange.place.inboxes()
    return published == {agency: items[-1]["index"] if items else -1 for agency, items in inboxes.items()}


async def test_an_agency_reads_its_whole_inbox_in_order_and_each_item_is_in_the_ledger(exchange: Exchange) -> None:
    client = await exchange.granted(ZA)
    for _ in range(3):
        await exchange.story()
    last = len(exchange.place.ledger.leaves) - 1
    async with asyncio.timeout(30):
        reader = await client.follow(exchange.topic(ZA), f"agency.{ZA}.desk", last)

    assert reader.items == await exchange.place.inbox(ZA)
    assert (reader.waits, reader.repeats) == (0, 0)
    hashes = [leaf_hash(one.leaf.to_bytes()) for one in exchange.place.ledger.leaves]
    root = Edge.empty().extend(hashes).root()

    def node(level: int, index: int) -> bytes:
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1)) if level else hashes[index]

    for item in reader.items:
        proof = inclusion_proof(item["index"], len(hashes), node)
        verify_inclusion(leaf_hash(b64u.decode(item["leaf"])), item["index"], len(hashes), proof, root)


async def test_an_agency_that_reads_from_the_beginning_after_an_erasure_waits_for_nothing(exchange: Exchange) -> None:
    place, client = exchange.place, await exchange.granted(ZA)
    ledger = place.ledger
    case = ledger.open_case()
    request = ledger.request(case)
    await place.publish()
    await until(lambda: filled(exchange))
    erase(ledger, case, request, content_of(ledger, request))
    await exchange.story()
    await until(lambda: filled(exchange))

    expected = await place.inbox(ZA)
    reader = InboxReader()
    async with asyncio.timeout(30), client.consumer(group_id=f"agency.{ZA}.desk") as consumer:
        consumer.subscribe([exchange.topic(ZA)])
        while reader.items != expected:  # the broker compacts as it can meanwhile
            record = await consumer.getone()
            reader.take(record.key, record.value, dict(record.headers))
    assert reader.waits == 0


async def test_a_group_of_its_own_keeps_its_place(exchange: Exchange) -> None:
    client = await exchange.granted(ZA)
    async with asyncio.timeout(30):
        before = await client.follow(
            exchange.topic(ZA), f"agency.{ZA}.desk", (await exchange.place.inbox(ZA))[-1]["index"]
        )
        await exchange.story()
        await until(lambda: filled(exchange))
        async with client.consumer(group_id=f"agency.{ZA}.desk") as consumer:
            consumer.subscribe([exchange.topic(ZA)])
            record = await consumer.getone()
            while not (headers := dict(record.headers)):
                record = await consumer.getone()
    assert int(headers["previous"]) == before.last


Attempt = Callable[[Exchange, Agency], Awaitable[object]]


def reads(topic: str) -> Attempt:
    return lambda exchange, client: client.reads(exchange.brokers.prefix + topic)


async def writes_to_its_inbox(exchange: Exchange, client: Agency) -> None:
    async with client.producer() as producer:
        await producer.send_and_wait(exchange.topic(client.user), b"item", b"1")


async def writes_to_submissions(exchange: Exchange, client: Agency) -> None:
    async with client.producer() as producer:
        await producer.send_and_wait(exchange.brokers.prefix + SUBMISSIONS, b"", b"tick")


async def makes_a_topic(exchange: Exchange, client: Agency) -> None:
    async with client.admin() as admin:
        answer = await admin.create_topics([NewTopic(f"{exchange.topic(client.user)}.mine", 1, 1)])
        _, code, *_ = answer.topic_errors[0]
        if code:
            raise for_code(code)


async def removes_its_topic(exchange: Exchange, client: Agency) -> None:
    async with client.admin() as admin:
        answer = await admin.delete_topics([exchange.topic(client.user)])
        if answer.topic_error_codes[0][1]:
            raise for_code(answer.topic_error_codes[0][1])


async def joins_a_group_of(exchange: Exchange, client: Agency, agency: str) -> None:
    await client.joins(f"agency.{agency}.desk", exchange.topic(client.user))


@pytest.mark.parametrize(
    ("attempt", "denied"),
    [
        pytest.param(reads(inbox(ZA).name), TopicAuthorizationFailedError, id="reads-another-inbox"),
        *(
            pytest.param(reads(name), TopicAuthorizationFailedError, id=f"reads-{name}")
            for name in (SUBMISSIONS, PARTS, RECORD, DIRECTORY, DELIVERIES)
        ),
        pytest.param(writes_to_its_inbox, TopicAuthorizationFailedError, id="writes-to-its-inbox"),
        pytest.param(writes_to_submissions, TopicAuthorizationFailedError, id="writes-to-submissions"),
        pytest.param(makes_a_topic, TopicAuthorizationFailedError, id="makes-a-topic"),
        pytest.param(removes_its_topic, TopicAuthorizationFailedError, id="removes-its-topic"),
        pytest.param(
            lambda exchange, client: joins_a_group_of(exchange, client, ZA),
            GroupAuthorizationFailedError,
            id="joins-a-group-of-another",
        ),
    ],
)
async def test_an_agency_may_not(exchange: Exchange, attempt: Attempt, denied: type[KafkaError]) -> None:
    client = await exchange.granted(MZ)
    async with asyncio.timeout(DENIED_S):
        with pytest.raises(denied):
            await attempt(exchange, client)
        assert await client.reads(exchange.topic(MZ))


async def test_an_agency_sees_of_all_topics_its_own(exchange: Exchange) -> None:
    client = await exchange.granted(MZ)
    async with client.consumer() as consumer:
        seen = {name for name in await consumer.topics() if name.startswith(exchange.brokers.prefix)}
    assert seen == {exchange.topic(MZ)}


async def test_an_id_that_begins_like_anothers_opens_nothing_of_it(exchange: Exchange) -> None:
    client, other = await exchange.granted(BEGINS_LIKE_MZ), await exchange.granted(MZ)
    async with asyncio.timeout(DENIED_S):
        with pytest.raises(TopicAuthorizationFailedError):
            await client.reads(exchange.topic(MZ))
        with pytest.raises(GroupAuthorizationFailedError):
            await joins_a_group_of(exchange, client, MZ)
        assert await other.joins(f"agency.{MZ}.desk", exchange.topic(MZ))


async def test_a_wrong_password_opens_nothing(exchange: Exchange) -> None:
    right = await exchange.granted(MZ)
    assert not await lets_in(Agency(right.bootstrap, MZ, "guessed"))
    assert not await lets_in(Agency(right.bootstrap, "ANONYMOUS", right.password))
    assert await lets_in(right)


async def test_a_new_password_ends_the_old_one(exchange: Exchange) -> None:
    old = await exchange.granted(MZ)
    new = await exchange.granted(MZ)
    assert await lets_in(new) and not await lets_in(old)
    assert await new.reads(exchange.topic(MZ))


async def test_after_a_revocation_it_is_not_let_in_and_has_no_rights_left(exchange: Exchange) -> None:
    client = await exchange.granted(MZ)
    other = await exchange.granted(ZA)
    await kafka_access.revoke(exchange.brokers, MZ)
    await kafka_access.revoke(exchange.brokers, MZ)  # again, harmlessly

    async def shut() -> bool:
        return not await lets_in(client)

    await until(shut)
    assert await other.reads(exchange.topic(ZA))


async def read_on(consumer: AIOKafkaConsumer) -> None:
    """Until the broker refuses: some records were fetched before."""
    while True:
        await consumer.getone()


async def test_the_command_revoke_ends_an_open_connection_and_lets_nobody_in(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await exchange.granted(MZ)
    monkeypatch.setenv("HIFADHI_STREAM", f"kafka://{exchange.brokers.bootstrap}")
    async with asyncio.timeout(30), client.consumer() as consumer:
        consumer.assign([TopicPartition(exchange.topic(MZ), 0)])
        assert (await consumer.getone()).value
        await asyncio.to_thread(revoke, MZ)
        with pytest.raises(TopicAuthorizationFailedError):
            await read_on(consumer)
    assert not await lets_in(client)
    assert MZ in capsys.readouterr().out


async def test_the_command_lets_an_agency_in_with_the_password_that_it_leaves_in_a_file(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIFADHI_STREAM", f"kafka://{exchange.brokers.bootstrap}")
    monkeypatch.setenv("HIFADHI_STREAM_PREFIX", exchange.brokers.prefix)
    file = tmp_path / "password"
    await asyncio.to_thread(grant, MZ, password_file=file)

    client = Agency(exchange.agencies_at, MZ, file.read_text().strip())
    await until(lambda: lets_in(client))
    assert await client.reads(exchange.topic(MZ))
    said = capsys.readouterr().out
    assert exchange.topic(MZ) in said and client.password not in said

    await asyncio.to_thread(grant, MZ, password_file=file)  # with the same password
    assert await lets_in(client)
