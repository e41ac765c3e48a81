"""What is published twice, or late, or by a process that was paused for hours, takes nothing back."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.registry import tables
from hifadhi.stream.topics import DEAD_LETTERS, DIRECTORY, RECORD
from registry_place import Place, opened
from topic_order import in_order, index_of

pytestmark = pytest.mark.slow

MZ = "MZ-INAR"


async def paused_while_another_goes_on(place: Place, topic: str) -> None:
    """A publisher stops before its append to the topic; another registry seals and publishes more; then it wakes."""
    await place.admit()
    await place.submit(b"nothing", place.cast.encounter(MZ))
    await place.seal_only()
    place.stream.paused = topic
    sleeping = asyncio.create_task(place.publisher().catch_up())
    await place.stream.reached.wait()
    async with opened(place.cast) as other, other.running():
        await other.submit(b"nothing", *(place.cast.encounter(MZ) for _ in range(260)))
        await other.submit(place.cast.statement("agency.admitted", **admitted()))
        await other.ruled()
    before = await place.files(), await state(place)
    place.stream.paused = ""
    place.stream.go.set()
    await sleeping
    assert (await place.files(), await state(place)) == before
    ledger = await place.audited()
    assert len(ledger.raw) == 15 + 1 + 260 + 1
    assert in_order(await place.records(RECORD)) == dict(enumerate(ledger.raw))
    await check_directory(place)
    assert {one.key for one in await place.records(DEAD_LETTERS)} == {b"submissions:15", b"submissions:17"}


async def check_directory(place: Place) -> None:
    records = await place.records(DIRECTORY)
    statements = list(in_order(records))
    assert statements == [*range(15), 276]
    assert {index_of(one): int(dict(one.headers)["previous"]) for one in records} == dict(
        zip(statements, [-1, *statements], strict=False)
    )


def admitted() -> dict[str, Any]:
    identity = PrivateJwk.generate("Ed25519").public.as_dict()
    said = {"agency": "MW-DOR", "name": "MW-DOR", "country": "MWI", "roles": ["state"], "utc_offset": "+02:00"}
    return {**said, "identity": identity}


async def state(place: Place) -> tuple[object, ...]:
    async with place.store.read() as db:
        return tuple((await db.execute(select(tables.state))).one())


async def test_a_publisher_paused_before_the_record_overwrites_nothing_newer(place: Place) -> None:
    await paused_while_another_goes_on(place, RECORD)


async def test_a_publisher_paused_before_the_directory_overwrites_nothing_newer(place: Place) -> None:
    await paused_while_another_goes_on(place, DIRECTORY)


async def test_a_publisher_paused_before_the_dead_letters_overwrites_nothing_newer(place: Place) -> None:
    await paused_while_another_goes_on(place, DEAD_LETTERS)


async def test_publishing_again_what_is_published_changes_nothing(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    publisher = place.publisher()
    await publisher.catch_up()
    record, files = await place.records(RECORD), await place.files()
    await publisher.catch_up()
    assert (await place.records(RECORD), await place.files()) == (record, files)
