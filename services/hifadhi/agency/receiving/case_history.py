"""What this agency has sent and received about a case, opened again when a rule of the edge or a reader asks for it.

Only indexes are kept, and which message corrects which: the sealed parts stay at the exchange, and the keys here. So
nothing readable lies on a disk, and what was erased is not remembered. Whatever is opened is as it stands by now.

It reads ahead of what the agency's own software has taken, for a rule is to hold for what was sent or came a moment ago
too; so it only looks, and the hub does not take anything for fetched by it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeAlias

from hifadhi.agency.receiving.opening import Item, read_leaf
from hifadhi.agency.receiving.standing import Standing, standing
from hifadhi.agency.wire.exchange import MAX_ITEMS, Exchange, InboxRow
from hifadhi.errors import Refused, Unavailable
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.leaf import RECORDED, Leaf
from hifadhi.referral import edge, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.edge.opened import Past
from hifadhi.referral.header import Header
from hifadhi.referral.headers import DataCorrected
from hifadhi.referral.statements import STATEMENTS

# What the rules that look back look at.
TELLING: Final = frozenset(
    {"encounter.reported", "referral.requested", "reexamination.requested", "consent.changed", "transfer.proposed"}
)
ASSUMED: Final = "responsibility.assumed"
MOST: Final = 50
"""The newest so many of a case are opened again."""

Look: TypeAlias = Callable[[int], Awaitable[Item]]
"""The item of the inbox at an index, proved and opened."""
Taken: TypeAlias = Callable[[], int]
Noted: TypeAlias = tuple[str, str, int, str, str | None, str, str | None]
"""A message's id, case, index and type, the id of the one that it corrects; its sender, and whom its leaf named."""

_FORMAT: Final = 3
_NO_END: Final = 2**63 - 1
_TABLES: Final = """
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS seen;
DROP TABLE IF EXISTS telling;
DROP TABLE IF EXISTS messages;
CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), after INTEGER NOT NULL);
CREATE TABLE messages (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, leaf_index INTEGER NOT NULL, type TEXT NOT NULL, corrects TEXT,
    sender TEXT NOT NULL, responsible TEXT
);
CREATE INDEX messages_of_case ON messages (case_id, leaf_index);
CREATE INDEX messages_that_correct ON messages (corrects, leaf_index);
INSERT INTO seen VALUES (1, -1);
PRAGMA user_version = 3;
COMMIT;
"""
_BY_TYPES: Final = f"""
SELECT id FROM (
    SELECT id, leaf_index FROM messages
    WHERE case_id = ? AND leaf_index < ? AND type IN ({",".join("?" * len(TELLING))})
    ORDER BY leaf_index DESC LIMIT ?
) ORDER BY leaf_index
"""  # noqa: S608 (question marks)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said, or about to be, as far as it decides what has to be known of the past."""

    type: str
    case: str | None
    to: Sequence[str]
    referral: str | None = None

    @classmethod
    def of(cls, header: Header) -> Self:
        """What a header says of it."""
        return cls(header.type, getattr(header, "case", None), header.addressees, getattr(header, "referral", None))


class CaseHistory:
    """The index of an agency's inbox by case and message, in a file that can be made again at any time.

    `taken` gives the index of the last item that the agency has taken.
    """

    def __init__(
        self, path: Path, exchange: Exchange, look: Look, directory: Callable[[], Directory], *, taken: Taken
    ) -> None:
        self._path, self._exchange, self._look = path, exchange, look
        self._directory, self._taken = directory, taken

    async def past(self, said: Said, *, before: int | None = None) -> Past:
        """What is known of the case before this is said, as it stands; nothing where no rule asks.

        `before`: the index at which it was sealed. What came later could not be known, and condemns nothing.
        """
        if said.case is None or not said.to or said.type not in edge.LOOK_BACK:
            return Past()
        end = _NO_END if before is None else before
        await self._catch_up(end)
        telling = self._rows(_BY_TYPES, said.case, end, *sorted(TELLING), MOST)
        stands = [await self._standing(str(message_id), end - 1) for (message_id,) in telling]
        bodies = tuple(body for one in stands if one for body in one.bodies.values())
        return Past(bodies, self._bound(said, end))

    def _bound(self, said: Said, end: int) -> frozenset[str] | None:
        """Who is told whatever the person fears: who asked is answered, and who had the responsibility hears of it."""
        if said.referral is not None:
            asked = self._rows("SELECT sender FROM messages WHERE id = ?", said.referral)
            return frozenset(str(sender) for (sender,) in asked) or None
        if said.type != ASSUMED:
            return frozenset()
        newest = (
            "SELECT responsible FROM messages WHERE case_id = ? AND leaf_index < ? ORDER BY leaf_index DESC LIMIT 1"
        )
        return frozenset(str(owes) for (owes,) in self._rows(newest, said.case, end) if owes)

    async def standing(self, message_id: str, *, until: int | None = None) -> Standing | None:
        """A message as it stands, by the corrections up to index `until`; None, if it never came to this agency."""
        await self._catch_up(_NO_END)
        return await self._standing(message_id, until)

    async def case(self, case: str) -> list[Standing]:
        """The newest messages of a case as they stand, corrections among them, the newest last."""
        await self._catch_up(_NO_END)
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

    async def _catch_up(self, end: int) -> None:
        """Notes what the inbox has behind the last look, up to index `end`. Crash anywhere: the page is read again.

        Unavailable, if that is less than was taken from it: nothing is judged by half of what is known.
        """
        done = False
        while not done:
            ((after,),) = self._rows("SELECT after FROM seen")
            if int(after) >= end - 1:
                return
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
            file.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", noted)
            file.execute("UPDATE seen SET after = max(after, ?)", (after,))

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path)
        if file.execute("PRAGMA user_version").fetchone() != (_FORMAT,):
            file.executescript(_TABLES)
        return file


def _noted(row: InboxRow) -> Noted | None:
    """What is noted of a recorded message about a case."""
    sealed, envelope = read_leaf(row)
    header = _header(sealed, envelope)
    if header is None or header.type in STATEMENTS:
        return None
    corrects = header.in_reply_to if isinstance(header, DataCorrected) else None
    return header.id, header.about, row.index, header.type, corrects, header.sender, sealed.ruling.responsible


def _header(sealed: Leaf, envelope: Envelope | None) -> Header | None:
    if envelope is None or sealed.ruling.ruling != RECORDED:
        return None
    try:
        return message.parse(envelope.payload)
    except Refused:
        return None
