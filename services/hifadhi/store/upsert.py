"""Inserts that meet a row which is there already, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql

# PostgreSQL's construct, under either dialect: SQLite took the clause over word for word, and its compiler knows it.


def insert_ignoring(table: Table) -> Insert:
    """An insert that leaves alone what is there under any of the table's keys."""
    return postgresql.insert(table).on_conflict_do_nothing()


def upsert(table: Table, *, keys: Sequence[str], set_: Sequence[str]) -> Insert:
    """An insert that, where a row with these unique `keys` is there, sets these columns of it to the new values."""
    insert = postgresql.insert(table)
    return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in set_})
