"""The rows and `record` tell the same story after any crash, or nobody seals on top of them."""

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy as copy_of
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from cast import payload_of
from hifadhi.errors import Tampered
from hifadhi.hub.registry import tables
from hifadhi.hub.registry.recovery import OVERLAP
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import DEAD_LETTERS, RECORD
from registry_place import Place, opened
from time_machine import CastInTime
from topic_order import in_order

pytestmark = pytest.mark.slow

MZ, ZA = "MZ-INAR", "ZA-DHA"


@asynccontextmanager
async def restored(place: Place, copy: Path) -> AsyncIterator[Place]:
    """The same folder, its database as it was when the copy was made."""
    await place.store.close()
    for name in ("store.sqlite-wal", "store.sqlite-shm"):
        (place.cast.folder / name).unlink(missing_ok=True)
    shutil.copy(copy, place.cast.folder / "store.sqlite")
    async with opened(place.cast) as again:
        yield again


async def backup(place: Place) -> Path:
    """A copy of the database as it is now."""
    await place.store.close()  # its last connection empties the write-ahead log into the file
    copy = place.cast.folder / "copy.sqlite"
    shutil.copy(place.cast.folder / "store.sqlite", copy)
    return copy


async def story(place: Place) -> None:
    """Messages, repeats, dead letters, refusals, and lapses: several of one tick, and some before a message."""
    cases = [place.cast.encounter(MZ) for _ in range(5)]
    await place.submit(*cases)
    await place.submit(*(place.cast.request(MZ, ZA, payload_of(case)["id"], 1) for case in cases))
    await place.submit(cases[0], b"nothing", place.cast.request(MZ, ZA, payload_of(cases[1])["id"], 1))
    await place.ruled()
    place.cast.clock.wait(days=2)
    await place.submit(b"")
    await place.ruled()
    place.cast.clock.wait(days=20)
    await place.submit(place.cast.encounter(ZA))
    await place.ruled()


async def check(place: Place, size: int) -> None:
    ledger = await place.audited()
    assert len(ledger.raw) == size
    ledger.index_of()
    assert in_order(await place.records(RECORD)) == dict(enumerate(ledger.raw))


async def test_rows_ahead_of_record_are_published_at_the_start(place: Place) -> None:
    await place.admit()
    await place.submit(*(place.cast.encounter(MZ) for _ in range(230)))
    await place.seal_only()
    assert await place.records(RECORD) == []
    async with place.running():
        await place.ruled()
    await check(place, 245)


async def test_rows_behind_record_are_folded_back_from_it_and_go_on(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
    copy = await backup(place)
    async with place.running():
        await story(place)
    before = await place.audited()
    assert len(before.raw) == 15 + 5 + 5 + 1 + 5 + 5 + 1
    async with restored(place, copy) as again:
        async with again.running():
            await again.submit(again.cast.encounter(MZ))
            await again.ruled()
        await check(again, len(before.raw) + 1)
        assert (await again.audited()).raw[:-1] == before.raw
        assert len({one.key for one in await again.records(DEAD_LETTERS)}) == 1


async def test_wherever_record_ends_a_restored_backup_comes_to_the_same_ledger(place: Place) -> None:
    """Also within the lapses of one trigger, and between a lapse and the message that triggered it."""
    await place.admit()
    async with place.running():
        await place.ruled()
    copy = await backup(place)
    async with place.running():
        await story(place)
    ledger = await place.audited()
    await place.stream.close()
    for end in range(len(ledger.raw) - 13, len(ledger.raw)):
        async with opened(beginning(place, copy, end)) as again:
            async with again.running():
                await again.ruled()
            assert (await again.audited()).raw == ledger.raw, end
            assert in_order(await again.records(RECORD)) == dict(enumerate(ledger.raw))


def beginning(place: Place, copy: Path, end: int) -> CastInTime:
    """Another folder: the database of the copy, all submissions, and the first `end` records of `record`."""
    folder = place.cast.folder.parent / f"cut-{end}"
    shutil.copytree(place.cast.folder, folder, ignore=shutil.ignore_patterns("store.sqlite*"))
    shutil.copy(copy, folder / "store.sqlite")
    with contextlib.closing(sqlite3.connect(folder / "stream.sqlite")) as stream, stream:
        of = "(SELECT id FROM topic_partition WHERE topic = 'record')"
        stream.execute(f"DELETE FROM record WHERE partition_id = {of} AND position >= ?", (end,))  # noqa: S608 (ours)
    cut = copy_of(place.cast)
    cut.folder = folder
    return cut


async def test_more_lost_leaves_than_one_page_are_folded_back(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
    copy = await backup(place)
    async with place.running():
        await place.submit(*(place.cast.encounter(MZ) for _ in range(OVERLAP + 60)))
        await place.ruled()
    async with restored(place, copy) as again:
        async with again.running():
            await again.ruled()
        await check(again, 15 + OVERLAP + 60)


async def test_different_leaves_at_the_overlap_stop_the_start(place: Place) -> None:
    await place.admit()
    await place.submit(*(place.cast.encounter(MZ) for _ in range(3)))
    async with place.running():
        await place.ruled()
    async with place.store.write() as db:
        await db.execute(update(tables.leaves).where(tables.leaves.c.leaf_index == 16).values(leaf=b"another"))
    with pytest.raises(Tampered, match="index 16"):
        await place.registry().start()


async def test_a_record_that_skips_a_leaf_stops_the_start(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
    await place.stream.append(RECORD, [Entry(b"case", b"leaf", (("index", b"16"),))])
    with pytest.raises(Tampered, match="index 15"):
        await place.registry().start()


async def test_a_leaf_in_record_that_the_rules_do_not_give_stops_the_start(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
    copy = await backup(place)
    await place.submit(place.cast.encounter(MZ))
    await place.seal_only()
    async with place.store.read() as db:
        row = (await db.execute(tables.leaves.select().where(tables.leaves.c.leaf_index == 15))).one()
    forged = row.leaf.replace(b'"responsible":"MZ-INAR"', b'"responsible":"ZA-DHA"')
    assert forged != row.leaf
    await place.stream.append(RECORD, [Entry(row.key.encode(), forged, (("index", b"15"),))])
    async with restored(place, copy) as again:
        with pytest.raises(Tampered, match="index 15"):
            await again.registry().start()


async def test_an_empty_database_beside_a_full_record_is_folded_back_from_the_first_leaf(place: Place) -> None:
    await place.admit()
    async with place.running():
        await story(place)
        await place.ruled()
    before = await place.audited()
    async with place.store.write() as db:
        for table in (tables.state, tables.leaves, tables.messages, tables.cases, tables.clocks, tables.tiles):
            await db.execute(delete(table))
    async with place.running():
        await place.ruled()
    await check(place, len(before.raw))
    assert (await place.audited()).raw == before.raw


async def test_a_backup_that_goes_on_from_record_loses_no_dead_letter_on_the_way(place: Place) -> None:
    """The registry dies with the leaves of a batch made known, and what in it was no message not yet."""
    await place.admit()
    async with place.running():
        await place.ruled()
    copy = await backup(place)
    place.stream.broken = DEAD_LETTERS
    async with place.running():
        await place.submit(b"nothing", place.cast.encounter(MZ))
        await place.stream.reached.wait()
    async with restored(place, copy) as again:
        async with again.running():
            await again.ruled()
        await check(again, 16)
        assert [one.value for one in await again.records(DEAD_LETTERS)] == [b"nothing"]
