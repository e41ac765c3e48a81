"""The document of the topics against a running exchange: every record of every topic is what the document says."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from hifadhi.demo import people
from hifadhi.demo.stage import Clock, Running, Stage, stage
from hifadhi.demo.steps import Facts, received, recorded
from hifadhi.hub.reference.asyncapi import document
from hifadhi.settings import Settings
from hifadhi.stream.port import Entry, Record
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import SUBMISSIONS, inbox, topics
from hifadhi.wiring import Exchange
from ledger_verified import verified

MZ, ZA = "MZ-INAR", "ZA-DHA"
DEADLINE_S = 20.0
GARBAGE = Entry(b"somebody", b"\xff of no gateway")
Kinds = Counter[tuple[str, str]]


def fits(value: Any, schema: Any) -> bool:
    return Draft202012Validator({**schema, "components": document()["components"]}).is_valid(value)


def value_of(record: Record, media: str) -> Any:
    """As a reader of the document takes it; bytes that are no text are a string of as many characters."""
    if record.value is None:
        return None
    return json.loads(record.value) if "json" in media else as_text(record.value)


def as_text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def is_of(record: Record, kind: Any) -> bool:
    headers = {name: value.decode() for name, value in record.headers}
    key = kind["bindings"]["kafka"]["key"]
    with contextlib.suppress(ValueError):
        return (
            fits(record.key.decode("latin-1" if key.get("format") == "binary" else "utf-8"), key)
            and headers.keys() == kind.get("headers", {}).get("properties", {}).keys()
            and fits(headers, kind.get("headers", {}))
            and fits(value_of(record, kind["contentType"]), kind["payload"])
        )
    return False


@contextlib.asynccontextmanager
async def opened(data: Path) -> AsyncIterator[SqliteStream]:
    stream = SqliteStream(data / "stream.sqlite")
    yield stream
    await stream.close()


async def kinds_in(stream: SqliteStream, channel: str, topic: str) -> Kinds:
    """How many records of each kind stand in a topic; each is of one kind, and of one only."""
    found: Kinds = Counter()
    kinds = document()["channels"][channel]["messages"]
    position = 0
    while records := await stream.read(topic, position, limit=100):
        for record in (record for record in records if record.key != GARBAGE.key):
            [kind] = [name for name, said in kinds.items() if is_of(record, said)]
            found[channel, kind] += 1
        position = records[-1].position + 1
    return found


async def story(made: Stage, data: Path) -> None:
    """A request is answered and erased, garbage is ruled to be nothing, and a deadline passes."""
    mozambique, south_africa = made.clients[MZ], made.clients[ZA]
    case = recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    asks: Facts = {"kind": "responsibility", "urgency": "standard", "case": case, "seen": 1}
    bodies = people.girl_referred(ZA, purposes=["TAKE_CHARGE"], reasons="Her aunt is able and willing to care.")
    sent = await mozambique.send("referral.requested", to=[ZA], bodies=bodies, **asks)
    request = recorded(sent)
    await received(south_africa)
    assert sent.ruling
    [item] = await mozambique.inbox.look(after=sent.ruling.index - 1, limit=1)
    assert item.header
    digests = sorted(entry.digest for entry in item.header.part_entries)
    gone = {"content": {"reason": "CONSENT_WITHDRAWN"}}
    facts: Facts = {"case": case, "in_reply_to": request, "digests": digests}
    recorded(await mozambique.send("erasure.ordered", to=[ZA], bodies=gone, **facts))
    async with opened(data) as stream:
        await stream.create(topics(1))
        await stream.append(SUBMISSIONS, [GARBAGE])
    await received(south_africa)  # by which it says that it has what came before
    made.clock.wait(days=40)


async def test_every_record_is_of_a_kind_that_the_document_describes(tmp_path: Path) -> None:
    clock = Clock()

    @contextlib.asynccontextmanager
    async def run(data: Path) -> AsyncIterator[Running]:
        settings = Settings(data=data, host="127.0.0.1", port=0, base_url="", log_level="ERROR", inbox_topics=True)
        async with Exchange(settings, clock_ms=clock) as exchange:
            yield exchange

    async with stage(tmp_path, run, lambda _: None, (MZ, ZA), clock) as made:
        data = tmp_path / "exchange"
        await story(made, data)
        expected = {(name, kind) for name, channel in document()["channels"].items() for kind in channel["messages"]}
        async with asyncio.timeout(DEADLINE_S):
            while not expected <= (await everything(data, made)).keys():
                await asyncio.sleep(0.1)
        await verified(made)


async def everything(data: Path, made: Stage) -> Kinds:
    found: Kinds = Counter()
    async with opened(data) as stream:
        agencies = [inbox(agency) for agency in made.clients]
        await stream.create([*topics(1), *agencies])
        for topic in topics(1):
            found += await kinds_in(stream, topic.name, topic.name)
        for topic in agencies:
            found += await kinds_in(stream, "inbox", topic.name)
    return found
