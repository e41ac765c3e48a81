"""What every adapter of the store port keeps. `store` is open with NOTES and HEAD made; `place` opens it again."""

import asyncio
import traceback
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from contract.places import StorePlace
from contract.processes import finished, line_of, started
from hifadhi.errors import Unavailable
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring, upsert

TABLES: Final = MetaData()
NOTES: Final = Table("notes", TABLES, Column("id", Integer, primary_key=True), Column("text", Text, nullable=False))
HEAD: Final = Table("head", TABLES, Column("id", Integer, primary_key=True), Column("version", Integer, nullable=False))
THINGS: Final = Table(
    "things",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("raw", LargeBinary),
    Column("said", JSON, nullable=False),
    Column("is_it", Boolean, nullable=False),
    Column("count", BigInteger),
)
_WORDS: Final = among(NOTES.c.text, "of")

_FIRST: Final = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.create_table("first", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO first (id) VALUES (1)")
"""
_SECOND: Final = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.add_column("first", sa.Column("more", sa.Integer))
    op.create_table("second", sa.Column("id", sa.Integer, primary_key=True))
"""
_FAILING: Final = _SECOND + "    raise ZeroDivisionError\n"


async def win_swaps(store: Store, count: int) -> list[int]:
    """Compare-and-swap the head's version until `count` were won; the versions from which it was won."""
    won: list[int] = []
    while len(won) < count:
        async with store.read() as connection:
            version = (await connection.execute(select(HEAD.c.version))).scalar_one()
        swap = update(HEAD).where(HEAD.c.version == version).values(version=version + 1)
        async with store.write() as connection:
            if (await connection.execute(swap)).rowcount == 1:
                won.append(version)
    return won


async def _notes(store: Store) -> list[tuple[int, str]]:
    async with store.read() as connection:
        return [(row.id, row.text) for row in await connection.execute(select(NOTES).order_by(NOTES.c.id))]


async def _add(store: Store, number: int, words: str = "words") -> None:
    async with store.write() as connection:
        await connection.execute(insert(NOTES).values(id=number, text=words))


async def _add_both(store: Store, *notes: tuple[int, str]) -> None:
    async with store.write() as connection:
        await connection.execute(insert(NOTES), [{"id": number, "text": words} for number, words in notes])


async def _columns(store: Store) -> dict[str, list[str]]:
    def names(connection: Connection) -> dict[str, list[str]]:
        tables = inspect(connection)
        return {name: [column["name"] for column in tables.get_columns(name)] for name in tables.get_table_names()}

    async with store.read() as connection:
        found = await connection.run_sync(names)
    return {name: columns for name, columns in found.items() if name in {"first", "second"}}


class StoreContract:
    async def test_what_was_committed_is_there_and_after_reopening(self, store: Store, place: StorePlace) -> None:
        await _add(store, 1)
        assert await _notes(store) == [(1, "words")]
        await store.close()
        again = place.open()
        assert await _notes(again) == [(1, "words")]
        await again.close()

    async def test_an_exception_passes_and_nothing_of_its_transaction_stays(self, store: Store) -> None:
        async def fail() -> None:
            async with store.write() as connection:
                await connection.execute(insert(NOTES).values(id=1, text="words"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await _notes(store) == []

    async def test_a_cancelled_transaction_leaves_nothing_and_the_next_goes_on(self, store: Store) -> None:
        async def written_and_waiting() -> None:
            async with store.write() as connection:
                await connection.execute(insert(NOTES).values(id=1, text="words"))
                written.set()
                await asyncio.Event().wait()

        written = asyncio.Event()
        task = asyncio.create_task(written_and_waiting())
        await written.wait()
        task.cancel()
        await asyncio.wait((task,))
        await _add(store, 2)
        assert await _notes(store) == [(2, "words")]

    async def test_cancellation_at_any_moment_leaves_all_of_a_transaction_or_nothing(self, store: Store) -> None:
        async def add_pair(number: int) -> None:
            async with store.write() as connection:
                await connection.execute(insert(NOTES).values(id=2 * number, text="pair"))
                await connection.execute(insert(NOTES).values(id=2 * number + 1, text="pair"))

        for number in range(60):
            task = asyncio.create_task(add_pair(number))
            await asyncio.wait((task,), timeout=number % 20 * 0.0002)
            task.cancel()
            await asyncio.wait((task,))
        halves = [number // 2 for number, _ in await _notes(store)]
        assert sorted(halves) == sorted(2 * list(set(halves)))

    async def test_a_transaction_sees_its_own_rows(self, store: Store) -> None:
        async with store.write() as connection:
            await connection.execute(insert(NOTES).values(id=1, text="words"))
            assert (await connection.execute(select(NOTES.c.text))).scalars().all() == ["words"]

    async def test_a_snapshot_does_not_see_what_is_committed_during_it(self, store: Store) -> None:
        await _add(store, 1)
        async with store.read() as connection:
            before = (await connection.execute(select(NOTES.c.id))).scalars().all()
            await _add(store, 2)
            after = (await connection.execute(select(NOTES.c.id))).scalars().all()
        assert (before, after) == ([1], [1])
        assert [number for number, _ in await _notes(store)] == [1, 2]

    async def test_a_running_write_is_not_seen_and_holds_up_no_reader(self, store: Store) -> None:
        async with store.write() as connection:
            await connection.execute(insert(NOTES).values(id=1, text="words"))
            async with asyncio.timeout(2):
                assert await _notes(store) == []

    async def test_a_snapshot_cannot_be_written_to(self, store: Store) -> None:
        with pytest.raises((Unavailable, DBAPIError)):
            async with store.read() as connection:
                await connection.execute(insert(NOTES).values(id=1, text="words"))
        assert await _notes(store) == []

    async def test_who_only_looks_cannot_write(self, store: Store) -> None:
        with pytest.raises((Unavailable, DBAPIError)):
            async with store.look() as connection:
                await connection.execute(insert(NOTES).values(id=1, text="words"))
        assert await _notes(store) == []

    async def test_who_only_looks_sees_what_is_committed_and_holds_up_nobody(self, store: Store) -> None:
        await _add(store, 1)
        async with store.look() as connection:
            assert (await connection.execute(select(NOTES.c.id))).scalars().all() == [1]
            async with asyncio.timeout(2):
                await _add(store, 2)
        async with store.write() as writing:
            await writing.execute(insert(NOTES).values(id=3, text="words"))
            async with asyncio.timeout(2), store.look() as connection:
                assert sorted((await connection.execute(select(NOTES.c.id))).scalars()) == [1, 2]

    async def test_of_two_writers_exactly_one_wins_every_swap(self, store: Store, place: StorePlace) -> None:
        rival = place.open()
        won = await asyncio.gather(win_swaps(store, 30), win_swaps(rival, 30), win_swaps(rival, 30))
        await rival.close()
        assert sorted(version for some in won for version in some) == list(range(90))

    async def test_of_two_processes_exactly_one_wins_every_swap(self, store: Store, place: StorePlace) -> None:
        process = "contract.store_process", place.adapter, place.where, str(place.versions), "swap", "100"
        outputs = await asyncio.gather(*(finished(*process) for _ in range(2)))
        assert sorted(int(line) for output in outputs for line in output) == list(range(200))
        async with store.read() as connection:
            assert (await connection.execute(select(HEAD.c.version))).scalar_one() == 200

    async def test_kill_9_within_a_transaction_leaves_nothing_of_it(self, store: Store, place: StorePlace) -> None:
        arguments = "contract.store_process", place.adapter, place.where, str(place.versions), "hang"
        async with started(*arguments) as process:
            assert await line_of(process) == "written"
            process.kill()
            await process.wait()
        assert await _notes(store) == []
        async with asyncio.timeout(5):
            await _add(store, 1, "another")
        assert await _notes(store) == [(1, "another")]

    async def test_a_broken_constraint_passes_as_what_it_is(self, store: Store) -> None:
        await _add(store, 1)
        with pytest.raises(IntegrityError):
            await _add(store, 1)

    async def test_no_error_repeats_the_values_of_a_row(self, store: Store) -> None:
        name = uuid4().hex
        async with store.write() as connection:
            await connection.execute(text("CREATE UNIQUE INDEX one_of_a_text ON notes (text)"))
        await _add(store, 1, name)
        with pytest.raises(IntegrityError) as twice:
            await _add(store, 2, name)
        with pytest.raises(IntegrityError) as twice_in_one:
            await _add_both(store, (3, name + "x"), (4, name + "x"))
        for error in (twice.value, twice_in_one.value):
            assert name not in "".join(traceback.format_exception(error))

    async def test_an_insert_that_ignores_keeps_the_row_that_is_there(self, store: Store) -> None:
        async with store.write() as connection:
            for words in ("first", "second"):
                await connection.execute(insert_ignoring(NOTES), [{"id": 1, "text": words}])
            result = await connection.execute(insert_ignoring(NOTES), {"id": 1, "text": "third"})
            assert result.rowcount == 0
        assert await _notes(store) == [(1, "first")]

    async def test_an_upsert_sets_the_named_columns_of_the_row_that_is_there(self, store: Store) -> None:
        statement = upsert(NOTES, keys=["id"], set_=["text"])
        async with store.write() as connection:
            await connection.execute(statement, [{"id": 1, "text": "old"}, {"id": 2, "text": "kept"}])
            await connection.execute(statement, [{"id": 1, "text": "new"}, {"id": 3, "text": "added"}])
        assert await _notes(store) == [(1, "new"), (2, "kept"), (3, "added")]

    async def test_many_rows_are_written_by_one_statement_and_each_keeps_what_the_statement_keeps(
        self, store: Store
    ) -> None:
        adds, sets = insert_ignoring(NOTES), upsert(NOTES, keys=["id"], set_=["text"])
        async with store.write() as db:
            await insert_all(db, adds, [])
            await insert_all(db, adds, [{"id": 1, "text": "it's \u00e9 {1,2} NULL"}, {"id": 2, "text": ""}])
            await insert_all(db, adds, [{"text": "again", "id": 2}, {"text": "new", "id": 3}, {"text": "x", "id": 3}])
            await insert_all(db, sets, [{"id": 2, "text": "set"}, {"id": 4, "text": "added"}])
            await insert_all(db, insert(NOTES), [{"id": number, "text": "many"} for number in range(5, 3000)])
        first = [(1, "it's \u00e9 {1,2} NULL"), (2, "set"), (3, "new"), (4, "added")]
        assert await _notes(store) == first + [(number, "many") for number in range(5, 3000)]

    async def test_many_rows_have_bytes_and_json_and_nothing_in_them(self, store: Store) -> None:
        rows: list[dict[str, object]] = [
            {"id": 1, "raw": b"\x00\xff{", "said": {"a": [1, None]}, "is_it": True, "count": 2**53},
            {"id": 2, "raw": None, "said": [], "is_it": False, "count": None},
            {"id": 3, "raw": b"", "said": ["a", [1]], "is_it": False, "count": 0},
            {"id": 4, "raw": b"", "said": "{", "is_it": False, "count": 0},
        ]
        async with store.write() as db:
            for some in (rows[:1], rows[1:3], rows[3:]):
                await insert_all(db, insert_ignoring(THINGS), some)
        async with store.read() as db:
            assert [dict(row) for row in (await db.execute(select(THINGS).order_by(THINGS.c.id))).mappings()] == rows

    async def test_a_broken_constraint_of_one_of_many_rows_leaves_none(self, store: Store) -> None:
        await _add(store, 2)
        with pytest.raises(IntegrityError):
            async with store.write() as db:
                await insert_all(db, insert(NOTES), [{"id": number, "text": "words"} for number in (1, 2, 3)])
        assert await _notes(store) == [(2, "words")]

    async def test_a_list_of_any_length_is_one_value(self, store: Store) -> None:
        await _add_both(store, (1, "one"), (2, "it's two"))
        numbers, words = select(NOTES.c.id).where(among(NOTES.c.id, "of")), select(NOTES.c.id).where(_WORDS)
        async with store.read() as db:
            for listed, found in (([], []), ([2], [2]), (range(40_000, 1, -1), [2]), ({1, 2}, [1, 2])):
                assert sorted((await db.execute(numbers, {"of": listed})).scalars()) == found
            assert (await db.execute(words, {"of": ["it's two", "three", "[]"]})).scalars().all() == [2]

    async def test_migrating_brings_an_older_database_to_the_newest_revision(self, place: StorePlace) -> None:
        store = place.open()
        _write(place.versions, first=_FIRST)
        await store.migrate()
        assert await _columns(store) == {"first": ["id"]}
        _write(place.versions, second=_SECOND)
        await store.migrate()
        assert await _columns(store) == {"first": ["id", "more"], "second": ["id"]}
        await store.close()

    async def test_migrating_again_does_nothing(self, place: StorePlace) -> None:
        store = place.open()
        _write(place.versions, first=_FIRST)
        await store.migrate()
        await store.migrate()
        async with store.read() as connection:
            assert (await connection.execute(text("SELECT id FROM first"))).scalars().all() == [1]
        await store.close()

    async def test_a_database_of_a_later_release_is_left_as_it_is(self, place: StorePlace) -> None:
        _write(place.versions, first=_FIRST, second=_SECOND)
        later = place.open()
        await later.migrate()
        await later.close()
        (place.versions / "second.py").unlink()
        earlier = place.open()
        await earlier.migrate()
        assert await _columns(earlier) == {"first": ["id", "more"], "second": ["id"]}
        await earlier.close()

    async def test_a_migration_that_fails_leaves_the_database_as_it_was(self, place: StorePlace) -> None:
        store = place.open()
        _write(place.versions, first=_FIRST)
        await store.migrate()
        _write(place.versions, second=_FAILING)
        with pytest.raises(ZeroDivisionError):
            await store.migrate()
        assert await _columns(store) == {"first": ["id"]}
        _write(place.versions, second=_SECOND)
        await store.migrate()
        assert await _columns(store) == {"first": ["id", "more"], "second": ["id"]}
        await store.close()

    async def test_processes_and_tasks_may_migrate_at_once(self, place: StorePlace) -> None:
        _write(place.versions, first=_FIRST, second=_SECOND)
        process = "contract.store_process", place.adapter, place.where, str(place.versions), "migrate"
        stores = [place.open() for _ in range(3)]
        await asyncio.gather(finished(*process), finished(*process), *(store.migrate() for store in stores))
        assert await _columns(stores[0]) == {"first": ["id", "more"], "second": ["id"]}
        for store in stores:
            await store.close()

    async def test_a_closed_store_closes_again(self, store: Store) -> None:
        await store.close()
        await store.close()


def _write(versions: Path, **revisions: str) -> None:
    versions.mkdir(exist_ok=True)
    for name, source in revisions.items():
        (versions / f"{name}.py").write_text(source)
