"""The store of production: PostgreSQL through asyncpg.

A writer's transaction is READ COMMITTED: a compare-and-swap waits for the row's lock and then sees what the winner
made of it, so it changes no row. A reader's is REPEATABLE READ: one snapshot. Who only looks has no transaction, which
saves two of the three round trips of a single question. Readers and lookers have connections that cannot write.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hifadhi.store.postgres_errors import contract
from hifadhi.store.postgres_order import refuse_another_order
from hifadhi.store.revision import VERSIONS, bring_to_head

ANSWER_S: Final = 5.0
"""How long the server may take for one statement, or to let us in.

With `TURN_S` before it, and two seconds to throw the connection away, a server that hangs is told within 10 s.
"""

TURN_S: Final = 2.0
"""How long a transaction waits for a connection while all are in use."""

TRANSACTION_S: Final = 10.0
"""How long a transaction may rest between two statements before the server ends it, and its locks with it.

A registry that hangs within its commit keeps the row's lock, and its standby waits so long. Twice `ANSWER_S`: we do
not rest in a transaction but for our own computing, so whoever rests longer hangs.
"""

MIGRATION_S: Final = 600.0
CLOSE_S: Final = 3.0
_READERS: Final = 8
_WRITERS: Final = 4
# Any number of processes may migrate at once: one at a time does. The number is ours and arbitrary.
_MIGRATION_LOCK: Final = 0x686966616468
_SETTINGS: Final = {
    "application_name": "hifadhi",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": str(int(TRANSACTION_S * 1000)),
    # A plan cached while the tables were small reads them whole when they are large. Planning anew costs 30 µs.
    "plan_cache_mode": "force_custom_plan",
    # Of disks without heads. With the default, a table of which nothing is counted yet is rather read whole than looked
    # up in two hundred times.
    "random_page_cost": "1.1",
}
_READ_ONLY: Final = {**_SETTINGS, "default_transaction_read_only": "on"}


class PostgresStore:
    """The port `Store` on the database at `url` (`postgresql://user:password@host:port/database`), which must be there.

    `answer_s`: how long a statement may take; more for who empties whole tables.
    """

    def __init__(self, url: str, *, versions: Path = VERSIONS, answer_s: float = ANSWER_S) -> None:
        self._versions = versions
        turns = {"pool_timeout": TURN_S, "pool_use_lifo": True}
        self._writer = _engine(url, answer_s, _WRITERS, _SETTINGS, isolation_level="READ COMMITTED", **turns)
        self._reader = _engine(url, answer_s, _READERS, _READ_ONLY, isolation_level="REPEATABLE READ", **turns)
        self._looker = self._reader.execution_options(isolation_level="AUTOCOMMIT")
        self._migrator = _engine(url, MIGRATION_S, 1, _SETTINGS)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        async with _transaction(self._writer) as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        async with _transaction(self._reader) as connection:
            yield connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """See the port."""
        with contract():
            async with self._looker.connect() as connection:
                yield connection

    async def migrate(self) -> None:
        """See the port. `Refused` (DATABASE_DIFFERS) by a database that orders texts otherwise than we do."""
        try:
            async with _transaction(self._migrator) as connection:
                await refuse_another_order(connection)
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                await bring_to_head(connection, self._versions)
        finally:
            await _dispose(self._migrator)

    async def close(self) -> None:
        """See the port. Connections of a server that does not answer are left behind."""
        await asyncio.gather(*map(_dispose, (self._reader, self._writer)))


def _engine(
    url: str,
    answer_s: float,
    connections: int,
    settings: Mapping[str, str],
    **more: Any,  # noqa: ANN401 (the engine's own)
) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": settings, "timeout": min(answer_s, ANSWER_S), "command_timeout": answer_s},
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        **more,
    )


async def _dispose(engine: AsyncEngine) -> None:
    disposing = asyncio.create_task(engine.dispose())
    await asyncio.wait((disposing,), timeout=CLOSE_S)
    disposing.cancel()


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with contract():
        async with engine.begin() as connection:
            yield connection
