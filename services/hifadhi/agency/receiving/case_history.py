"""What this agency has sent and received about a case, opened again when a rule of the edge or a reader asks for it.

Only indexes are kept, and which message corrects which: the sealed parts stay at the exchange, and the keys here. So
nothing readable lies on a disk, and what was erased is not remembered. Whatever is opened is as it stands by now.

It reads ahead of what the agency's own software has taken, for a rule is to hold for what was sent or came a moment ago
too; so it only looks, and the hub does not take anything for fetched by it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from hifadhi.agency.receiving.opening import Item, read_leaf
from hifadhi.agency.receiving.standing import Standing, standing
from hifadhi.agency.wire.exchange import MAX_ITEMS, Exchange, InboxRow
from hifadhi.errors import Refused, Unavailable
from hifadhi.evidence.leaf import RECORDED
from hifadhi.referral import message
from hifadhi.referral.closed import Closed
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.headers import DataCorrected
from hifadhi.referral.statements import STATEMENTS

# The rules that look back hold for these; and these are what they look at.
LOOK_BACK: Final = frozenset({"transfer.proposed", "departure.confirmed"})
TELLING: Final = frozenset(
    {"encounter.reported", "referral.requested", "reexamination.requested", "consent.changed", "transfer.proposed"}
)
MOST: Final = 50
"""The newest so many of a case are opened again."""

Look: TypeAlias = Callable[[int], Awaitable[Item]]
"""The item of the inbox at an index, proved and opened."""
Taken: TypeAlias = Callable[[], int]
Noted: TypeAlias = tuple[str, str, int, str, str | None]
"""A message's id, case, index and type, and the id of the one that it corrects."""

_FORMAT: Final = 2
_TABLES: Final = """
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS seen;
DROP TABLE IF EXISTS telling;
DROP TABLE IF EXISTS messages;
CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), after INTEGER NOT NULL);
CREATE TABLE messages (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, leaf_index INTEGER NOT NULL, type TEXT NOT NULL, corrects TEXT
);
CREATE INDEX messages_of_case ON messages (case_id, leaf_index);
CREATE INDEX messages_that_correct ON messages (corrects, leaf_index);
INSERT INTO seen VALUES (1, -1);
PRAGMA user_version = 2;
COMMIT;
"""
_BY_TYPES: Final = f"""
SELECT id FROM (
    SELECT id, leaf_index FROM messages WHERE case_id = ? AND type IN ({",".join("?" * len(TELLING))})
    ORDER BY leaf_index DESC LIMIT ?
) ORDER BY leaf_index
"""  # noqa: S608 (question marks)


class CaseHistory:
    """The index of an agency's inbox by case and message, in a file that can be made again at any time.

    `taken` gives the index of the last item that the agency has taken.
    """

    def __init__(
        self, path: Path, exchange: Exchange, look: Look, directory: Callable[[], Directory], *, taken: Taken
    ) -> None:
        self._path, self._exchange, self._look = path, exchange, look
        self._directory, self._taken = directory, taken

    async def bodies(self, case: str | None, message_type: str, *, always: bool = False) -> tuple[Closed, ...]:
        """What is known of the case before a message of this type, as it stands, the newest last.

        Nothing where no rule asks; `always`: one does, whatever the type.
        """
        if case is None or not (always or message_type in LOOK_BACK):
            return ()
        await self._catch_up()
        telling = self._rows(_BY_TYPES, case, *sorted(TELLING), MOST)
        stands = [await self._standing(str(message_id)) for (message_id,) in telling]
        return tuple(body for one in stands if one for body in one.bodies.values())

    async def standing(self, message_id: str, *, until: int | None = None) -> Standing | None:
        """A message as it stands, by the corrections up to index `until`; None, if it never came to this agency."""
        await self._catch_up()
        return await self._standing(message_id, until)

    async def case(self, case: str) -> list[Standing]:
        """The newest messages of a case as they stand, corrections among them, the newest last."""
        await self._catch_up()
        newest = "SELECT id FROM messages WHERE case_id = ? ORDER BY leaf_index DESC LIMIT ?"
        stands = [await self._standing(str(message_id)) for (message_id,) in reversed(self._rows(newest, case, MOST))]
        return [one for one in stands if one]

    async def _standing(self, message_id: str, until: int | None = None) -> Standing | None:
        found = self._rows("SELECT leaf_index FROM messages WHERE id = ?", message_id)
        if not found:
            return None
        corrects = "SELECT leaf_index FROM messages WHERE corrects = ? ORDER BY leaf_index"
        indexes = [int(index) for (index,) in self._rows(corrects, message_id) if until is None or int(index) <= until]
        item = await self._look(int(found[0][0]))
        return standing(item, [await self._look(index) for index in indexes], self._directory())

    async def _catch_up(self) -> None:
        """Notes what the inbox has behind the last look. Crash anywhere: the page is read again.

        Unavailable, if that is less than was taken from it: nothing is judged by half of what is known.
        """
        done = False
        while not done:
            ((after,),) = self._rows("SELECT after FROM seen")
            page = await self._exchange.inbox(after=int(after), limit=MAX_ITEMS, looks=True)
            self._note(page.after, [noted for row in page.rows if (noted := _noted(row))])
            done = page.done or not page.rows
        if page.after < self._taken():
            raise Unavailable("the inbox does not show yet what was taken from it; is it being made again?")

    def _rows(self, query: str, *values: object) -> Sequence[tuple[str | int, ...]]:
        with closing(self._open()) as file:
            return file.execute(query, values).fetchall()

    def _note(self, after: int, noted: Iterable[Noted]) -> None:
        with closing(self._open()) as file, file:
            file.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?)", noted)
            file.execute("UPDATE seen SET after = max(after, ?)", (after,))

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path)
        if file.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
            file.executescript(_TABLES)
        return file


def _noted(row: InboxRow) -> Noted | None:
    """What is noted of a recorded message about a case."""
    header = _header(row)
    if header is None or header.type in STATEMENTS:
        return None
    corrects = header.in_reply_to if isinstance(header, DataCorrected) else None
    return header.id, header.about, row.index, header.type, corrects


def _header(row: InboxRow) -> Header | None:
    sealed, envelope = read_leaf(row)
    if envelope is None or sealed.ruling.ruling != RECORDED:
        return None
    try:
        return message.parse(envelope.payload)
    except Refused:
        return None
