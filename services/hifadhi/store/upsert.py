"""Inserts that meet a row which is there already, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Insert, Table, case
from sqlalchemy.dialects import postgresql

# PostgreSQL's construct, under either dialect: SQLite took the clause over word for word, and its compiler knows it.


def insert_ignoring(table: Table) -> Insert:
    """An insert that leaves alone what is there under any of the table's keys."""
    return postgresql.insert(table).on_conflict_do_nothing()


Holds = Callable[[Any], ColumnElement[bool]]
"""A condition on the columns of the new row."""


def upsert(
    table: Table, *, keys: Sequence[str], set_: Sequence[str], kept: Mapping[str, Holds] | None = None
) -> Insert:
    """An insert that, where a row with these unique `keys` is there, sets these columns of it to the new values.

    `kept`: columns among them that stay as they are there, if that holds.
    """
    insert = postgresql.insert(table)
    new = insert.excluded
    values = {name: new[name] for name in set_}
    stay = {name: case((holds(new), table.c[name]), else_=new[name]) for name, holds in (kept or {}).items()}
    return insert.on_conflict_do_update(index_elements=keys, set_={**values, **stay})
