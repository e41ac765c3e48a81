"""What this agency has sent and received about a case, opened again when a rule of the edge asks for it.

Only indexes are kept, of the leaves whose parts say who a person is and what protects them: the sealed parts stay at
the exchange, and the keys here. So nothing readable lies on a disk, and what was erased is not remembered.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from hifadhi.agency.exchange import MAX_ITEMS, Exchange, InboxRow
from hifadhi.agency.opening import Item, read_leaf
from hifadhi.errors import Refused
from hifadhi.evidence.leaf import RECORDED
from hifadhi.referral import message
from hifadhi.referral.closed import Closed
from hifadhi.referral.header import Header

# The rules that look back hold for these; and these are what they look at.
LOOK_BACK: Final = frozenset({"transfer.proposed", "departure.confirmed"})
TELLING: Final = frozenset(
    {"encounter.reported", "referral.requested", "reexamination.requested", "consent.changed", "transfer.proposed"}
)
MOST: Final = 50
"""The newest so many of a case are opened again."""

Look: TypeAlias = Callable[[int], Awaitable[Item]]
"""The item of the inbox at an index, proved and opened."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS seen (one INTEGER PRIMARY KEY CHECK (one = 1), after INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS telling (
    case_id TEXT NOT NULL, leaf_index INTEGER NOT NULL, PRIMARY KEY (case_id, leaf_index)
);
INSERT OR IGNORE INTO seen VALUES (1, -1);
"""


class CaseHistory:
    """The index of an agency's inbox by case, in a file that can be made again at any time."""

    def __init__(self, path: Path, exchange: Exchange, look: Look) -> None:
        self._path, self._exchange, self._look = path, exchange, look

    async def bodies(self, case: str | None, message_type: str, *, always: bool = False) -> tuple[Closed, ...]:
        """What is known of the case before a message of this type, the newest last.

        Nothing where no rule asks; `always`: one does, whatever the type.
        """
        if case is None or not (always or message_type in LOOK_BACK):
            return ()
        await self._catch_up()
        return tuple([body async for body in self._opened(self._indexes(case))])

    async def _opened(self, indexes: Iterable[int]) -> AsyncIterator[Closed]:
        for index in indexes:
            for body in (await self._look(index)).bodies.values():
                yield body

    async def _catch_up(self) -> None:
        """Notes what the inbox has behind the last look. Crash anywhere: the page is read again."""
        done = False
        while not done:
            page = await self._exchange.inbox(after=self._after(), limit=MAX_ITEMS)
            self._note(page.after, [(case, row.index) for row in page.rows if (case := _tells(row))])
            done = page.done or not page.rows

    def _after(self) -> int:
        with closing(self._open()) as file:
            (after,) = file.execute("SELECT after FROM seen").fetchone()
            return int(after)

    def _indexes(self, case: str) -> list[int]:
        newest = "SELECT leaf_index FROM telling WHERE case_id = ? ORDER BY leaf_index DESC LIMIT ?"
        with closing(self._open()) as file:
            return sorted(index for (index,) in file.execute(newest, (case, MOST)))

    def _note(self, after: int, telling: list[tuple[str, int]]) -> None:
        with closing(self._open()) as file, file:
            file.executemany("INSERT OR IGNORE INTO telling VALUES (?, ?)", telling)
            file.execute("UPDATE seen SET after = max(after, ?)", (after,))

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path)
        file.executescript(_TABLES)
        return file


def _tells(row: InboxRow) -> str | None:
    """The case that a row says something about, if it does."""
    header = _header(row)
    return header.about if header and header.type in TELLING else None


def _header(row: InboxRow) -> Header | None:
    sealed, envelope = read_leaf(row)
    if envelope is None or sealed.ruling.ruling != RECORDED:
        return None
    try:
        return message.parse(envelope.payload)
    except Refused:
        return None
