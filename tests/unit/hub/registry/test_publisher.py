"""What is published twice, or late, or by a process that was paused for hours, takes nothing back."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from hifadhi.errors import Tampered
from hifadhi.evidence.audit import CHECKPOINT, claimed_checkpoint
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.registry import publisher, tables, tiling
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.rows import read_state
from hifadhi.stream.topics import DEAD_LETTERS, DIRECTORY, PROGRESS, RECORD
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


async def test_a_checkpoint_is_never_behind_what_is_published(place: Place) -> None:
    """A registry wakes with an old state between the look and the tiles of the one that seals."""
    await place.admit()
    await place.seal_only()
    old = await read_state_of(place)
    await place.submit(*(place.cast.encounter(MZ) for _ in range(5)))
    await place.seal_only()
    new = await read_state_of(place)
    for row in (old, new, old):
        await tiling.catch_up(place.store, row, LedgerSigner(place.cast.root, place.keys))
    row = await read_state_of(place)
    assert (row.size, row.checkpoint_size) == (20, 20)
    files = await place.files()
    async with place.store.write() as db:
        await db.execute(update(tables.state).values(checkpoint_size=-1))
    await place.publisher().catch_up()
    again = await place.files()
    # Signed anew, and ML-DSA is randomised.
    assert claimed_checkpoint(again, place.cast.root) == claimed_checkpoint(files, place.cast.root)
    assert {**again, CHECKPOINT: b""} == {**files, CHECKPOINT: b""}


async def test_what_another_registry_began_to_tell_before_it_died_is_told_to_its_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old registry hangs in an append, wakes, notes its page before the new one notes the same, and dies."""
    monkeypatch.setattr(publisher, "PAGE_BYTES", 9000)
    await place.admit()
    await place.submit(*(place.cast.encounter(MZ) for _ in range(20)))
    await place.seal_only()
    async with opened(place.cast) as other:
        other.stream.paused = RECORD
        ours = asyncio.create_task(other.publisher().catch_up())
        await other.stream.reached.wait()
        async with place.store.write() as db:
            await db.execute(update(tables.state).values(published=12))
        other.stream.paused = ""
        other.stream.go.set()
        await ours
    row = await read_state_of(place)
    assert row.published == row.size == 35
    assert await place.progress() == row.position


async def test_progress_that_was_told_over_is_told_again(place: Place) -> None:
    """A registry that wakes from a pause tells how far it was; the one that seals has the last word."""
    await place.admit()
    await place.seal_only()
    async with opened(place.cast) as old:
        old.stream.paused = PROGRESS
        sleeping = asyncio.create_task(old.publisher().catch_up())
        await old.stream.reached.wait()
        async with opened(place.cast) as new, new.running():
            await new.submit(*(place.cast.encounter(MZ) for _ in range(5)))
            await new.ruled()
            old.stream.paused = ""
            old.stream.go.set()
            await sleeping
            await new.ruled()


async def test_leaves_that_are_missing_in_the_database_stop_it(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    async with place.store.write() as db:
        await db.execute(delete(tables.leaves))
    with pytest.raises(Tampered, match="missing in the database"):
        await place.publisher().catch_up()


async def read_state_of(place: Place) -> Any:
    async with place.store.read() as db:
        return await read_state(db)


async def test_publishing_again_what_is_published_changes_nothing(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    publisher = place.publisher()
    await publisher.catch_up()
    record, files = await place.records(RECORD), await place.files()
    await publisher.catch_up()
    assert (await place.records(RECORD), await place.files()) == (record, files)
