"""What the real database says becomes the port's words, and none of them repeats a value."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import postgres_server
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.store.postgres import PostgresStore
from postgres_server import PostgresServer
from servers import needed

AGAIN = ("08006", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "58030")


@pytest.fixture
async def url(postgres: PostgresServer) -> str:
    return await postgres.create_database(f"errors_{uuid4().hex}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(url)
    yield opened
    await opened.close()


async def do(store: PostgresStore, statement: str, **values: object) -> None:
    async with store.write() as db:
        await db.execute(text(statement), values)


def raising(state: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'words' USING ERRCODE = '{state}', DETAIL = 'words'; END $$"


@pytest.mark.parametrize("state", AGAIN)
async def test_what_means_try_again_is_unavailable(store: PostgresStore, state: str) -> None:
    with pytest.raises(Unavailable, match=state):
        await do(store, raising(state))
    await do(store, "SELECT 1")


@pytest.mark.parametrize("state", ["XX001", "XX002"])
async def test_damaged_files_are_tampered(store: PostgresStore, state: str) -> None:
    with pytest.raises(Tampered, match=state):
        await do(store, raising(state))


@pytest.mark.parametrize("state", ["22012", "42P01", "XX000"])
async def test_a_mistake_of_ours_is_neither(store: PostgresStore, state: str) -> None:
    with pytest.raises(DBAPIError, match=state):
        await do(store, raising(state))


async def test_a_page_that_was_overwritten_is_tampered(tmp_path: Path) -> None:
    needed(postgres_server.missing())
    async with PostgresServer(tmp_path) as server:
        store = PostgresStore(server.url)
        await do(store, "CREATE TABLE things AS SELECT generate_series(1, 1000) AS id")
        await do(store, "CHECKPOINT")  # else the log of changes mends it at the start
        async with store.read() as db:
            path = (await db.execute(text("SELECT pg_relation_filepath('things')"))).scalar_one()
        await store.close()
        await server.stop()
        with (tmp_path / "data" / path).open("r+b") as file:
            file.write(b"\xa5" * 8192)
        await server.start()
        with pytest.raises(Tampered, match="XX001"):
            await do(store, "SELECT sum(id) FROM things")
        await store.close()


async def test_a_value_of_the_wrong_type_is_not_repeated(store: PostgresStore) -> None:
    await do(store, "CREATE TABLE things (id integer)")
    name = uuid4().hex
    with pytest.raises(DBAPIError) as wrong:
        await do(store, "INSERT INTO things VALUES (:id)", id=name)
    assert name not in "".join(traceback.format_exception(wrong.value))


async def test_who_waits_for_a_lock_too_long_may_try_again(url: str, store: PostgresStore) -> None:
    await do(store, "CREATE TABLE things AS SELECT 1 AS id")
    other = PostgresStore(url, answer_s=0.5)
    async with store.write() as db:
        await db.execute(text("UPDATE things SET id = 2"))
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await do(other, "UPDATE things SET id = 3")
        assert time.monotonic() - began < 4
    await do(other, "UPDATE things SET id = 3")
    await other.close()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("LOCALE_PROVIDER icu ICU_LOCALE 'en'", "the order of their bytes"),
        ("ENCODING 'LATIN1'", "its encoding is LATIN1"),
    ],
)
async def test_a_database_in_another_order_is_refused_with_how_to_make_one(
    postgres: PostgresServer, made: str, told: str
) -> None:
    name = f"order_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {made}")
    await connection.close()
    store = PostgresStore(postgres.url.rpartition("/")[0] + f"/{name}")
    with pytest.raises(Refused, match=f"DATABASE_DIFFERS.*{told}.*createdb"):
        await store.migrate()
    await store.close()


async def test_connections_left_over_by_cancelled_transactions_are_none(store: PostgresStore) -> None:
    """Eight serve all: a ninth that was lost would keep the next transaction waiting for ever."""
    await do(store, "CREATE TABLE things (id integer)")
    for number in range(100):
        task = asyncio.create_task(do(store, "INSERT INTO things SELECT generate_series(1, 500)"))
        await asyncio.wait((task,), timeout=number % 20 * 0.0005)
        task.cancel()
        await asyncio.wait((task,))
    async with store.read() as db:
        rows = (await db.execute(text("SELECT count(*) FROM things"))).scalar_one()
        asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'")
        busy = (await db.execute(asked)).scalar_one()
    assert rows % 500 == 0
    assert busy == 1
    await asyncio.gather(*(do(store, "SELECT pg_sleep(0.05)") for _ in range(8)))
