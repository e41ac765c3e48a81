"""The embedded store: one SQLite file (write-ahead log, synchronous=FULL) through aiosqlite."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, exc, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hifadhi.errors import Tampered
from hifadhi.store.port import contract
from hifadhi.store.revision import VERSIONS, bring_to_head

BUSY_S: Final = 10.0
"""How long a transaction waits for another process's, and a caller for a connection."""

_READERS: Final = 4

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ALWAYS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON")


class SqliteStore:
    """The port `Store` on the file at `path`, which is made when it is not there; its folder must be.

    One writer at a time: `write` takes the file's lock at its start, so it never fails at its end for a conflict.
    """

    def __init__(self, path: Path, *, versions: Path = VERSIONS) -> None:
        self._versions = versions
        self._writer = _engine(path, "BEGIN IMMEDIATE", "PRAGMA foreign_keys = ON", connections=1)
        self._reader = _engine(path, "BEGIN", "PRAGMA query_only = ON", connections=_READERS, waits_s=BUSY_S)
        # To change a table SQLite makes it anew and drops the old one, which would delete, by their foreign keys,
        # the rows that refer to it. So migrations go without, and the keys are checked at their end.
        self._migrator = _engine(path, "BEGIN IMMEDIATE", "PRAGMA foreign_keys = OFF", connections=1)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        with _contract():
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        with _contract():
            async with self._reader.begin() as connection:
                yield connection

    def look(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """See the port. In the same process a transaction costs no round trip."""
        return self.read()

    async def migrate(self) -> None:
        """See the port. `Tampered` if rows refer to rows that are not there."""
        with _contract():
            async with self._migrator.begin() as connection:
                await bring_to_head(connection, self._versions)
                if (await connection.execute(text("PRAGMA foreign_key_check"))).first():
                    raise Tampered("the database: rows refer to rows that are not there")
            await self._migrator.dispose()

    async def close(self) -> None:
        """See the port."""
        for engine in (self._writer, self._reader, self._migrator):
            await engine.dispose()


@contextmanager
def _contract() -> Iterator[None]:
    try:
        with contract():
            yield
    except exc.DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _CORRUPT:
            raise Tampered(f"the database: {error.orig}") from error
        raise


def _engine(path: Path, begin: str, pragma: str, *, connections: int, waits_s: float = 0) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": waits_s},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_S,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _: object) -> None:  # noqa: ANN401 - SQLAlchemy's wrapper of the driver's connection
        for statement in (*_ALWAYS, pragma):
            _patiently(connection, partial(connection.execute, statement))

    # The driver begins nothing by itself (isolation_level None), so the lock is taken here and not at the first write.
    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        _patiently(connection.connection.dbapi_connection, lambda: connection.exec_driver_sql(begin))

    return engine


def _patiently(driver: Any, run: Callable[[], object]) -> None:  # noqa: ANN401 - as above
    """Run it as soon as other processes let us. SQLite's own waiting backs off: up to 2 s beside a busy writer."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            run()
        except (sqlite3.OperationalError, exc.OperationalError) as error:
            if not _busy(getattr(error, "orig", error)) or time.monotonic() > until:
                raise
            driver.run_async(lambda _: asyncio.sleep(0.001))
        else:
            return


def _busy(error: object) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
