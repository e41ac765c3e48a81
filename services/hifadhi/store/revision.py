"""The revision of a database's tables, and how it is brought to this release's (alembic)."""

import asyncio
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

VERSIONS: Final = _MIGRATIONS / "versions"
"""Where this release's revisions lie."""

_turns: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


async def bring_to_head(connection: AsyncConnection, versions: Path) -> None:
    """Run the missing revisions within the connection's transaction, which keeps other processes out.

    Does nothing to a database whose revision is not among `versions`: a later release made it.
    """
    # alembic keeps the migration under way in module globals: one at a time, whatever the database.
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with turn:
        await connection.run_sync(_upgrade, versions)


def _upgrade(connection: Connection, versions: Path) -> None:
    config = _config(versions)
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if known.issuperset(MigrationContext.configure(connection).get_current_heads()):
        command.upgrade(config, "head")


def _config(versions: Path) -> Config:
    config = Config()
    options = {"script_location": _MIGRATIONS, "version_locations": versions, "path_separator": "newline"}
    for name, value in options.items():
        config.set_main_option(name, str(value).replace("%", "%%"))  # the parser's own character
    return config
