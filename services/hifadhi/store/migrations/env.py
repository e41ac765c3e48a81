"""What alembic runs, on the connection and in the transaction that it is handed (`hifadhi.store.upgrade`)."""

from importlib import import_module
from typing import Final

from alembic import context
from sqlalchemy import MetaData

from hifadhi.store.metadata import METADATA

SERVICE_TABLES: Final[tuple[str, ...]] = (
    "hifadhi.hub.registry.tables",
    "hifadhi.hub.delivery.tables",
    "hifadhi.hub.console.tables",
)
"""The modules in which services declare their tables on METADATA."""


def declared() -> MetaData:
    """METADATA with the tables of all services: what the newest revision must have made."""
    for module in SERVICE_TABLES:
        import_module(module)
    return METADATA


def _run() -> None:
    # Batches: SQLite changes a table by making it anew.
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name that alembic loads it under; an import by another name only reads the list
    _run()
