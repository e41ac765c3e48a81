"""What the embedded stream promises beyond the contract, which `tests/contract/test_stream.py` tries."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from hifadhi.errors import Tampered, Unavailable
from hifadhi.stream.port import Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.sqlite_file import open_to_write
from hifadhi.stream.topics import PARTS, RECORD, topics

_SECRET = b"the name of a person" * 500


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stream.sqlite"


@pytest.fixture
async def stream(path: Path) -> AsyncIterator[SqliteStream]:
    opened = SqliteStream(path)
    await opened.create(topics(1))
    yield opened
    await opened.close()


@pytest.fixture
def other(path: Path, stream: SqliteStream) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else to the same file."""
    del stream
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def _on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_commit_is_synced_to_disk_and_what_is_deleted_is_overwritten(path: Path) -> None:
    with closing(open_to_write(path)) as connection:
        names = ("journal_mode", "synchronous", "secure_delete")
        assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names] == ["wal", 2, 1]


async def test_what_waits_during_a_commit_shares_the_next_one(path: Path) -> None:
    commits = count()
    stream = SqliteStream(path, lambda: next(commits))
    await stream.create(topics(1))
    answers = await asyncio.gather(*(stream.append(RECORD, [Entry(b"k", b"v")]) for _ in range(200)))
    await stream.close()
    assert len({answer[0].time_ms for answer in answers}) <= 10


async def test_the_clock_may_step_back_and_is_not_mended(path: Path) -> None:
    times = iter([1000, 400])
    stream = SqliteStream(path, lambda: next(times))
    await stream.create(topics(1))
    for _ in range(2):
        await stream.append(RECORD, [Entry(b"k", b"v")])
    assert [record.time_ms for record in await stream.read(RECORD, 0)] == [1000, 400]
    await stream.close()


async def test_a_failing_clock_is_heard_by_every_caller_and_the_next_append_succeeds(path: Path) -> None:
    broken = True
    stream = SqliteStream(path, lambda: 1 // (not broken))
    await stream.create(topics(1))
    calls = (stream.append(RECORD, [Entry(b"k", b"v")]) for _ in range(5))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    broken = False
    [stored] = await stream.append(RECORD, [Entry(b"k", b"v")])
    await stream.close()
    assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 5
    assert stored.position == 0


async def test_an_append_wakes_the_readers_of_its_process_without_a_poll(
    stream: SqliteStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hifadhi.stream.arrivals.POLL_S", 60)
    reader = asyncio.create_task(stream.read(RECORD, 0, wait_s=60))
    await stream.read(RECORD, 0, wait_s=0.1)  # the only poll is over by now
    await stream.append(RECORD, [Entry(b"k", b"v")])
    assert len(await asyncio.wait_for(reader, 1)) == 1


async def test_a_compact_topic_holds_one_record_of_a_key_at_once(stream: SqliteStream) -> None:
    for value in (b"1", b"2", None):
        await stream.append(PARTS, [Entry(b"key", value), Entry(b"key", value)])
    assert [(record.position, record.value) for record in await stream.read(PARTS, 0)] == [(5, None)]
    assert (await stream.oldest(PARTS), await stream.end(PARTS)) == (5, 6)


async def test_nothing_of_an_erased_record_is_left_in_any_file(stream: SqliteStream, path: Path) -> None:
    await stream.append(PARTS, [Entry(b"digest", _SECRET)])
    assert _SECRET[:20] in _on_disk(path)
    await stream.append(PARTS, [Entry(b"digest", None)])
    assert _SECRET[:20] not in _on_disk(path)


async def test_an_erasure_that_a_reader_holds_up_is_done_when_it_has_ended(
    stream: SqliteStream, path: Path, other: sqlite3.Connection
) -> None:
    await stream.append(PARTS, [Entry(b"digest", _SECRET)])
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM record").fetchone()
    await stream.append(PARTS, [Entry(b"digest", None)])
    assert _SECRET[:20] in _on_disk(path)
    other.execute("COMMIT")
    async with asyncio.timeout(5):
        while _SECRET[:20] in _on_disk(path):
            await asyncio.sleep(0.01)


async def test_an_erasure_that_a_crash_interrupted_is_done_at_the_next_start(
    stream: SqliteStream, path: Path, other: sqlite3.Connection
) -> None:
    await stream.append(PARTS, [Entry(b"digest", _SECRET)])
    other.execute("PRAGMA secure_delete = ON")
    other.execute("UPDATE record SET value = NULL")  # as by a process that was killed after its commit
    assert _SECRET[:20] in _on_disk(path)
    again = SqliteStream(path)
    await again.create(topics(1))
    await again.close()
    assert _SECRET[:20] not in _on_disk(path)


@pytest.mark.parametrize("lost", [0, 3])
async def test_records_lost_from_a_topic_kept_for_ever_are_tampered_not_skipped(
    stream: SqliteStream, other: sqlite3.Connection, lost: int
) -> None:
    await stream.append(RECORD, [Entry(b"k", b"v")] * 6)
    other.execute("DELETE FROM record WHERE position = ?", (lost,))
    with pytest.raises(Tampered, match=RECORD):
        await stream.read(RECORD, 0)


@pytest.fixture
def garbage(path: Path) -> Path:
    path.write_bytes(b"no database at all" * 100)
    return path


async def test_a_file_that_is_no_database_is_tampered(garbage: Path) -> None:
    stream = SqliteStream(garbage)
    with pytest.raises(Tampered):
        await stream.create(topics(1))
    await stream.close()


async def test_a_file_that_broke_before_an_erasure_was_done_is_tampered_and_put_back_takes_appends_again(
    stream: SqliteStream, path: Path, other: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.execute("CREATE TRIGGER fail BEFORE INSERT ON record WHEN new.key = x'00' BEGIN SELECT raise(FAIL, ''); END")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM record").fetchone()
    await stream.append(PARTS, [Entry(b"digest", None)])  # the reader holds up what is to be done now and then
    opened: list[Path] = []

    def opens(at: Path) -> sqlite3.Connection:
        opened.append(at)
        return open_to_write(at)

    monkeypatch.setattr("hifadhi.stream.sqlite_file.open_to_write", opens)
    whole = tmp_path / "whole"
    whole.mkdir()
    files = [file.rename(whole / file.name) for file in tmp_path.glob("stream.sqlite*")]
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Unavailable):  # and the writer opens the file anew
        await stream.append(RECORD, [Entry(b"\0", b"v")])
    async with asyncio.timeout(5):
        while len(opened) < 3:
            await asyncio.sleep(0.01)
    with pytest.raises(Tampered):
        await stream.append(RECORD, [Entry(b"k", b"v")])
    for file in files:
        file.rename(tmp_path / file.name)
    assert [stored.position for stored in await stream.append(RECORD, [Entry(b"k", b"v")])] == [0]


async def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    stream = SqliteStream(tmp_path / "missing" / "stream.sqlite")
    with pytest.raises(Unavailable):
        await stream.create(topics(1))
    await stream.close()


async def test_a_lock_that_is_let_go_only_delays_an_append(stream: SqliteStream, other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    append = asyncio.create_task(stream.append(RECORD, [Entry(b"k", b"v")]))
    assert await stream.read(RECORD, 0, wait_s=0.2) == []  # a reader is not held up by the lock
    other.execute("ROLLBACK")
    assert [stored.position for stored in await append] == [0]


@pytest.mark.slow
async def test_a_lock_that_is_kept_makes_an_append_unavailable_and_lets_close_end_in_time(
    stream: SqliteStream, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    appends = []
    for _ in range(3):  # the first one is being committed when the others come
        appends.append(asyncio.create_task(stream.append(RECORD, [Entry(b"k", b"v")])))
        await stream.read(RECORD, 0)
    began = time.monotonic()
    await stream.close()
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert time.monotonic() - began < 5
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)


async def test_appends_go_on_after_one_that_failed(stream: SqliteStream, other: sqlite3.Connection) -> None:
    other.execute("CREATE TRIGGER fail BEFORE INSERT ON record BEGIN SELECT raise(FAIL, 'disk'); END")
    with pytest.raises(Unavailable, match="disk"):
        await stream.append(RECORD, [Entry(b"k", b"v")] * 3)
    other.execute("DROP TRIGGER fail")
    assert [stored.position for stored in await stream.append(RECORD, [Entry(b"k", b"v")])] == [0]
