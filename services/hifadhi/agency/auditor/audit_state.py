"""What an audit has come to, in a file: its memory stays flat however long the ledger, and it goes on where it stopped.

One SQLite file: cases and messages that the fold has let go of, what each key has signed, the directory's leaves, and
the progress, all written by one transaction. Crash anywhere: the audit goes on from the last of them, and verifies the
leaves behind it again. The file is the auditor's own word: whoever can write it can say that anything was verified.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence.fold import Fold, Names
from hifadhi.evidence.memory import InMind, Memory, Resumed
from hifadhi.referral.case import Case, Sealed

EVERY: Final = 32_768
"""Leaves from one commit to the next: so many cases and messages are held in memory, and verified again at most."""
_CHUNK: Final = 500
_SEALED: Final = attrgetter(*Sealed.__slots__)
_FORMAT: Final = "hifadhi/audit/1"

_TABLES: Final = """
CREATE TABLE audit (format TEXT NOT NULL, of TEXT NOT NULL, progress BLOB);
CREATE TABLE cases (id TEXT PRIMARY KEY, due INTEGER, head BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX due ON cases (due, id) WHERE due IS NOT NULL;
CREATE TABLE messages (name TEXT PRIMARY KEY, sealed TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE signed (kid INTEGER NOT NULL, leaf_index INTEGER NOT NULL, stored_at INTEGER NOT NULL);
CREATE TABLE kids (id INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE);
CREATE TABLE statements (leaf_index INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
"""


@contextmanager
def memory_of(leaves: int, path: Path | None, of: str) -> Iterator[Memory]:
    """Of the audit of so many leaves: in the file at `path`, which stays; else in one that goes with it, if need be.

    `of`: of which audits the file is; one of others is Refused: SCHEMA.
    """
    if path is None and leaves <= EVERY:
        yield InMind()
        return
    with TemporaryDirectory(prefix="hifadhi-verify-") as folder:
        file = path or Path(folder) / "state.sqlite"
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            yield AuditState(db, of, stays=path is not None)


class AuditState:
    """`Memory` in a SQLite database. `stays`: whether another audit will go on from it."""

    def __init__(self, db: sqlite3.Connection, of: str, *, stays: bool = True, every: int = EVERY) -> None:
        self._db, self._stays, self._every = db, stays, every
        self._kept_size = 0
        self._declared: list[tuple[int, bytes]] = []
        self._signed: list[tuple[str, int, int]] = []
        self._is_empty = True
        try:
            self._open(of)
        except sqlite3.DatabaseError:
            raise _another() from None

    def _open(self, of: str) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {'NORMAL' if self._stays else 'OFF'}")
        if not self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            self._db.executescript(f"BEGIN; {_TABLES} COMMIT;")
        self._db.execute("INSERT INTO audit SELECT ?, ?, NULL WHERE NOT EXISTS (SELECT 1 FROM audit)", (_FORMAT, of))
        if self._db.execute("SELECT format, of FROM audit").fetchone() != (_FORMAT, of):
            raise _another()

    def resumed(self) -> Resumed | None:
        """See `Memory`."""
        (progress,) = self._db.execute("SELECT progress FROM audit").fetchone()
        if progress is None:
            return None
        self._is_empty = False
        statements = self._db.execute("SELECT leaf_index, leaf FROM statements ORDER BY leaf_index").fetchall()
        return Resumed(progress, statements)

    def recall(self, fold: Fold, names: Callable[[], Names], until: int, leaves: int) -> None:
        """See `Memory`."""
        if self._is_empty:
            return
        named = names()
        fold.recall(self._cases(named.cases - fold.cases.keys()), self._messages(named.messages - fold.past.keys()))
        self._recall_due(fold, until, leaves + 1)

    def relieve(self, fold: Fold, progress: Callable[[], bytes], *, at_end: bool = False) -> None:
        """See `Memory`."""
        if fold.size - self._kept_size >= self._every or (at_end and self._stays):
            self._keep(fold, progress())

    def _keep(self, fold: Fold, progress: bytes) -> None:
        """All of it, in one transaction; the fold has nothing at hand then."""
        self._db.execute("BEGIN IMMEDIATE")
        cases = ((case.id, _due(case), case.to_bytes()) for case in fold.cases.values())
        self._db.executemany("INSERT OR REPLACE INTO cases VALUES (?, ?, ?)", cases)
        sealed = ((name, json.dumps(_SEALED(one))) for name, one in fold.past.items())
        self._db.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?)", sealed)
        self._db.executemany("INSERT INTO statements VALUES (?, ?)", self._declared)
        self._add_signed()
        self._db.execute("UPDATE audit SET progress = ?", (progress,))
        self._db.execute("COMMIT")
        self._declared.clear()
        self._is_empty, self._kept_size = False, fold.size
        fold.load({}, {})

    def declare(self, index: int, leaf: bytes) -> None:
        """See `Memory`."""
        self._declared.append((index, leaf))

    def note(self, kid: str, index: int, stored_at: int) -> None:
        """See `Memory`."""
        self._signed.append((kid, index, stored_at))

    def signed_since(self, kid: str, since: int) -> tuple[int, int]:
        """See `Memory`. It reads all that was kept: such a revocation is rare."""
        wanted = (
            "SELECT count(*), min(leaf_index) FROM signed JOIN kids ON kids.id = signed.kid"
            " WHERE kids.kid = ? AND stored_at >= ?"
        )
        kept, first = self._db.execute(wanted, (kid, since)).fetchone()
        newer = [index for one, index, stored_at in self._signed if one == kid and stored_at >= since]
        indexes = [*([first] if kept else []), *newer[:1]]
        return kept + len(newer), min(indexes, default=0)

    def _recall_due(self, fold: Fold, until: int, enough: int) -> None:
        """A row may be older than its case: what is at hand is passed over, and an heir's clock may run no more."""
        due, found = self._db.execute("SELECT id FROM cases WHERE due <= ? ORDER BY due, id", (until,)), 0
        while found < enough and (rows := due.fetchmany(_CHUNK)):
            names = {name for (name,) in rows} - fold.cases.keys()
            fold.recall(self._cases(names), {})
            found += sum((_due(fold.cases[name]) or until + 1) <= until for name in names)

    def _cases(self, names: Collection[str]) -> dict[str, Case]:
        return {name: Case.from_bytes(head) for name, head in self._rows("SELECT id, head FROM cases WHERE id", names)}

    def _messages(self, names: Collection[str]) -> dict[str, Sealed]:
        rows = self._rows("SELECT name, sealed FROM messages WHERE name", names)
        return {name: _sealed(text) for name, text in rows}

    def _rows(self, select: str, names: Collection[str]) -> Iterator[tuple[str, Any]]:
        wanted = sorted(names)
        for first in range(0, len(wanted), _CHUNK):
            some = wanted[first : first + _CHUNK]
            yield from self._db.execute(f"{select} IN ({', '.join('?' * len(some))})", some)

    def _add_signed(self) -> None:
        kids = {(kid,) for kid, _, _ in self._signed}
        self._db.executemany("INSERT OR IGNORE INTO kids (kid) VALUES (?)", kids)
        numbered = dict(self._db.execute("SELECT kid, id FROM kids").fetchall())
        rows = ((numbered[kid], index, stored_at) for kid, index, stored_at in self._signed)
        self._db.executemany("INSERT INTO signed VALUES (?, ?, ?)", rows)
        self._signed.clear()


def _another() -> Refused:
    says = "this file is no state of an audit by this root and this version; name another, or remove it"
    return Refused(Fault("SCHEMA", "", says))


def _due(case: Case) -> int | None:
    return min((clock.due for clock in case.clocks), default=None)


def _sealed(text: str) -> Sealed:
    index, digest, kind, sender, to, case, recorded = json.loads(text)
    return Sealed(index, digest, kind, sender, tuple(to), case, recorded)
