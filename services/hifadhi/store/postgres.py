"""The store of production: PostgreSQL through asyncpg.

A writer's transaction is READ COMMITTED: a compare-and-swap waits for the row's lock and then sees what the winner
made of it, so it changes no row. A reader's is REPEATABLE READ and READ ONLY: one snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hifadhi.errors import Tampered, Unavailable
from hifadhi.store.port import contract
from hifadhi.store.revision import VERSIONS, bring_to_head

ANSWER_S: Final = 8.0
"""How long the server may take for one statement, or to let us in."""

TRANSACTION_S: Final = 30.0
CLOSE_S: Final = 3.0
_CONNECTIONS: Final = 8
# Any number of processes may migrate at once: one at a time does. The number is ours and arbitrary.
_MIGRATION_LOCK: Final = 0x686966616468
# By SQLSTATE class: a lost connection, no resources, an operator's hand, a transaction to be tried again.
_AGAIN: Final = ("08", "40", "53", "55P03", "57", "58")
_CORRUPT: Final = "XX"

_SETTINGS: Final = {
    "application_name": "hifadhi",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": str(int(TRANSACTION_S * 1000)),
    # A plan cached while the tables were small reads them whole when they are large. Planning anew costs 30 µs.
    "plan_cache_mode": "force_custom_plan",
}


class PostgresStore:
    """The port `Store` on the database at `url` (`postgresql://user:password@host:port/database`), which must be there."""

    def __init__(self, url: str, *, versions: Path = VERSIONS) -> None:
        self._versions = versions
        engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            connect_args={"server_settings": _SETTINGS, "timeout": ANSWER_S, "command_timeout": ANSWER_S},
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=ANSWER_S,
            pool_use_lifo=True,
            hide_parameters=True,
        )
        self._engine: AsyncEngine = engine
        self._writer = engine.execution_options(isolation_level="READ COMMITTED")
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        async with _contract_around(self._writer) as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        async with _contract_around(self._reader) as connection:
            yield connection

    async def migrate(self) -> None:
        """See the port."""
        async with self.write() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            await bring_to_head(connection, self._versions)

    async def close(self) -> None:
        """See the port. Connections of a server that does not answer are left behind."""
        disposing = asyncio.create_task(self._engine.dispose())
        await asyncio.wait((disposing,), timeout=CLOSE_S)
        disposing.cancel()


@asynccontextmanager
async def _contract_around(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with _contract():
        async with engine.begin() as connection:
            yield connection


@contextmanager
def _contract() -> Iterator[None]:
    try:
        with contract():
            yield
    except exc.IntegrityError:
        raise
    except exc.DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if state.startswith(_CORRUPT):
            raise Tampered(f"the database: {error.orig}") from error
        if not state or state.startswith(_AGAIN):
            raise Unavailable(f"the database: {type(error.orig).__name__}") from error
        raise
    except OSError as error:  # no connection, or a deadline
        raise Unavailable(f"the database: {type(error).__name__}") from error
