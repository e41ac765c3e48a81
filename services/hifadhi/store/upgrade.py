"""The revisions that a database lacks, run by alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, versions: Path) -> None:
    """Run what is missing of `versions`; nothing if the database's revision is not among them."""
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
