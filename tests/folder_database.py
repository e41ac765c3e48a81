"""A folder's database: the PostgreSQL one that its file `database` names, else the SQLite file in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.store.port import Store
from hifadhi.store.postgres import PostgresStore
from hifadhi.store.sqlite import SqliteStore


def name_database(folder: Path, url: str) -> None:
    """From here on this is the folder's database."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "database").write_text(url)


def database_of(folder: Path) -> Store:
    """The folder's database, opened."""
    named = folder / "database"
    return PostgresStore(named.read_text()) if named.exists() else SqliteStore(folder / "store.sqlite")


class FolderStore:
    """The port `Store` on the folder's database: what tests give a weakness, by overriding a method."""

    def __init__(self, folder: Path) -> None:
        self.beneath = database_of(folder)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with self.beneath.write() as db:
            yield db

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self.beneath.read() as db:
            yield db

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        async with self.beneath.look() as db:
            yield db

    async def migrate(self) -> None:
        await self.beneath.migrate()

    async def close(self) -> None:
        await self.beneath.close()
