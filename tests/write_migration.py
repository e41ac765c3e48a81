"""Writes the migration that brings a database of the newest revision to the tables as they are declared now.

`python tests/write_migration.py 0002 what_changes`, from the project's root; read what it wrote before you commit it.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Connection

from hifadhi.store.migrations.env import declared
from hifadhi.store.revision import VERSIONS
from hifadhi.store.sqlite import SqliteStore

TEMPLATE = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    {body}
'''


def _upgrade(connection: Connection) -> str:
    metadata = declared()
    produced = produce_migrations(MigrationContext.configure(connection), metadata).upgrade_ops
    assert isinstance(produced, UpgradeOps)
    return render_python_code(produced)


async def main(number: str, name: str) -> None:
    before = f"{int(number) - 1:04d}" if int(number) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite")
        await store.migrate()
        async with store.read() as db:
            body = await db.run_sync(_upgrade)
        await store.close()
    text = TEMPLATE.format(title=name.replace("_", " ").capitalize(), number=number, before=repr(before), body=body)
    (VERSIONS / f"{number}_{name}.py").write_text(text.replace("'", '"'), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
