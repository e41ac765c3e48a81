"""Many rows with one statement, however many they are.

Executing an insert once for each row has PostgreSQL plan and run it as often; here each column travels as one array.
SQLite runs in our process, where a row costs next to nothing, and has no arrays.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_all(db: AsyncConnection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run this insert of a table for all the rows, which name the same columns; nothing, if there are none.

    Of an upsert no two rows may have the same key.
    """
    if not rows:
        return
    if db.dialect.name != "postgresql":
        await db.execute(statement, rows)
        return
    names = tuple(rows[0])
    await db.execute(_of_arrays(statement, names), {name: [row[name] for row in rows] for name in names})


@cache  # as `among`: a statement that is made once is worked out once
def _of_arrays(statement: Insert, names: tuple[str, ...]) -> Insert:
    columns = statement.table.columns
    # One dimension, said: a column of JSON lists would be taken for two.
    arrays = [func.unnest(bindparam(name, type_=ARRAY(columns[name].type, dimensions=1))).label(name) for name in names]
    return statement.from_select(names, select(*arrays), include_defaults=False)
