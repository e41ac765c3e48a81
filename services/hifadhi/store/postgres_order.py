"""Texts are in the order of their bytes, as Python's, SQLite's and the ledger's are.

A database in a language's order sorts `a-b` beside `ab` and `B` before `a`: lapses of one moment would be sealed in an
order that no auditor gets, and an update of the system's library could silently break the indexes.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Fault, Refused

_SAMPLE: Final = ("B", "a", "a-c", "ab", "a_b", "ä", "z", "\ufffd", "\U0001f40b")
_MEND: Final = "make it with createdb --template=template0 --encoding=UTF8 --locale=C"


async def refuse_another_order(connection: AsyncConnection) -> None:
    """`Refused` DATABASE_DIFFERS if this database was made with another order or encoding."""
    encoding = (await connection.execute(text("SHOW server_encoding"))).scalar_one()
    if encoding != "UTF8":
        raise Refused(Fault("DATABASE_DIFFERS", "/store", f"its encoding is {encoding}; {_MEND}"))
    asked = text("SELECT word FROM unnest(CAST(:words AS text[])) AS word ORDER BY word")
    found = (await connection.execute(asked, {"words": list(_SAMPLE)})).scalars().all()
    if list(found) != sorted(_SAMPLE):
        raise Refused(Fault("DATABASE_DIFFERS", "/store", f"its texts are not in the order of their bytes; {_MEND}"))
