"""What only a real database shows: it goes away and comes back, and nothing hangs or lies meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

import postgres_server
from contract.processes import until
from hifadhi.errors import Unavailable
from hifadhi.store.postgres import PostgresStore
from postgres_server import PostgresServer
from servers import needed


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PostgresServer]:
    needed(postgres_server.missing())
    async with PostgresServer(tmp_path) as made:
        yield made


@pytest.fixture
async def store(server: PostgresServer) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(server.url)
    async with opened.write() as db:
        await db.execute(text("CREATE TABLE things (id integer PRIMARY KEY)"))
    yield opened
    await opened.close()


async def add(store: PostgresStore, number: int) -> None:
    async with store.write() as db:
        await db.execute(text("INSERT INTO things VALUES (:id)"), {"id": number})


async def things(store: PostgresStore) -> list[int]:
    async with store.read() as db:
        return list((await db.execute(text("SELECT id FROM things ORDER BY id"))).scalars())


async def works(store: PostgresStore) -> bool:
    try:
        await things(store)
    except Unavailable:
        return False
    return True


async def test_what_was_committed_is_there_after_kill_9_and_we_need_no_restart(
    server: PostgresServer, store: PostgresStore
) -> None:
    for number in range(5):
        await add(store, number)
    await server.kill()
    with pytest.raises(Unavailable):
        await add(store, 5)
    with pytest.raises(Unavailable):
        await things(store)
    await server.start()
    await until(lambda: works(store))
    assert await things(store) == [0, 1, 2, 3, 4]
    await add(store, 5)


async def test_a_transaction_cut_in_two_leaves_nothing(server: PostgresServer, store: PostgresStore) -> None:
    async def cut() -> None:
        async with store.write() as db:
            await db.execute(text("INSERT INTO things VALUES (1)"))
            await server.kill()
            await db.execute(text("INSERT INTO things VALUES (2)"))

    with pytest.raises(Unavailable):
        await cut()
    await server.start()
    await until(lambda: works(store))
    assert await things(store) == []


async def test_a_database_that_hangs_is_unavailable_in_time_and_goes_on(
    server: PostgresServer, store: PostgresStore
) -> None:
    await add(store, 1)
    server.pause()
    began = time.monotonic()
    found = await asyncio.gather(add(store, 2), *(things(store) for _ in range(11)), return_exceptions=True)
    assert time.monotonic() - began < 10
    assert [type(one) for one in found] == [Unavailable] * 12
    server.resume()
    await until(lambda: works(store))
    await add(store, 3)
    assert set(await things(store)) >= {1, 3}


async def test_a_commit_that_hangs_is_unavailable_in_time_and_is_whole_or_not_there(
    server: PostgresServer, store: PostgresStore
) -> None:
    async def hang() -> None:
        async with store.write() as db:
            await db.execute(text("INSERT INTO things VALUES (1), (2)"))
            server.pause()

    began = time.monotonic()
    with pytest.raises(Unavailable):
        await hang()
    assert time.monotonic() - began < 10
    server.resume()
    await until(lambda: works(store))
    assert await things(store) in ([], [1, 2])


async def test_a_store_closes_in_time_with_its_database_hanging(server: PostgresServer, store: PostgresStore) -> None:
    await add(store, 1)
    server.pause()
    waiting = asyncio.create_task(things(store))
    await asyncio.wait((waiting,), timeout=0.2)
    began = time.monotonic()
    await store.close()
    assert time.monotonic() - began < 5
    server.resume()
    await asyncio.wait((waiting,))
    waiting.exception()
