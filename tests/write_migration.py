"""Writes the migration that brings a database of the newest revision to the tables as they are declared now.

`python tests/write_migration.py 0004 what_changes`, from the project's root, or with a third word only for the tables
whose names start with it; read what it wrote before you commit it.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

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
    {calls}


{functions}
'''


def _by_table(connection: Connection) -> dict[str, str]:
    """The code that changes each table, by its name."""
    produced = produce_migrations(MigrationContext.configure(connection), declared()).upgrade_ops
    assert produced is not None
    grouped: dict[str, list[Any]] = {}
    for operation in produced.ops:
        grouped.setdefault(operation.table_name, []).append(operation)  # type: ignore[attr-defined]
    return {table: render_python_code(UpgradeOps(ops)) for table, ops in grouped.items()}


def _code(body: str) -> str:
    """Without alembic's own comments."""
    return "\n".join(line for line in body.splitlines() if not line.strip().startswith("# ###")).strip()


async def main(number: str, name: str, prefix: str = "") -> None:
    before = f"{int(number) - 1:04d}" if int(number) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite")
        await store.migrate()
        async with store.read() as db:
            found = await db.run_sync(_by_table)
        tables = {table: body for table, body in found.items() if table.startswith(prefix)}
        await store.close()
    text = TEMPLATE.format(
        title=name.replace("_", " ").capitalize(),
        number=number,
        before=repr(before),
        calls="\n    ".join(f"_{table}()" for table in tables),
        functions="\n\n".join(f"def _{table}() -> None:\n    {_code(body)}\n" for table, body in tables.items()),
    )
    (VERSIONS / f"{number}_{name}.py").write_text(text.replace("'", '"'), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
