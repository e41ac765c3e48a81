"""The revision of a database's tables, and how it is brought to this release's."""

import asyncio
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
"""Where this release's revisions lie."""

_turns: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


async def bring_to_head(connection: AsyncConnection, versions: Path) -> None:
    """Run the missing revisions within the connection's transaction, which keeps other processes out.

    Does nothing to a database whose revision is not among `versions`: a later release made it.
    """
    if await connection.run_sync(_revisions) == [newest(versions)]:
        return
    from hifadhi.store.upgrade import upgrade  # noqa: PLC0415 (most starts find nothing to do, and need no alembic)

    # alembic keeps the migration under way in module globals: one at a time, whatever the database.
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with turn:
        await connection.run_sync(upgrade, versions)


def newest(versions: Path) -> str | None:
    """The last revision that lies there, by the files' names (`0001_what.py`, a promise of `versions/README.md`)."""
    return max((path.stem.partition("_")[0] for path in versions.glob("*.py")), default=None)


def _revisions(connection: Connection) -> list[str]:
    """What the database says of itself, where alembic notes it; nothing of a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
