"""The file of the embedded stream: how it is opened, locked and emptied of what was erased."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hifadhi.errors import Tampered, Unavailable

PATIENCE_S: Final = 3.0
"""How long a writer waits for another process's transaction; below the 5 s within which `close` ends."""

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# A commit returns after its fsync, and is seen by readers only after it: what was read is durable too.
_OPEN: Final = ("PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON", "PRAGMA cache_size = -16000")
# Each position is there once (the primary key) and each key of a compact topic is (newest_of_key): an insert replaces
# the key's earlier record, in the same transaction. The newest record of all is never replaced away, so positions
# are never given twice.
_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS topic_partition (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL, compact INTEGER NOT NULL,
        UNIQUE (topic, number)
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS record (
        partition_id INTEGER NOT NULL, position INTEGER NOT NULL, time_ms INTEGER NOT NULL,
        key BLOB NOT NULL, value BLOB, headers TEXT, compact INTEGER NOT NULL,
        PRIMARY KEY (partition_id, position)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS newest_of_key ON record (partition_id, key) WHERE compact",
)


@contextmanager
def contract(path: Path) -> Iterator[None]:
    """The port's words for what SQLite raises."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _CORRUPT:
            raise Tampered(f"{path.name}: {error}") from error
        raise Unavailable(f"{path.name}: {error}") from error


def open_to_write(path: Path) -> sqlite3.Connection:
    """A connection that writes, to a file that has the schema from here on. Raises `sqlite3.Error`."""
    connection = _open(path, timeout_s=0)
    with _closed_on_error(connection):
        _patiently(connection, "PRAGMA journal_mode = WAL")
        with transaction(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises `sqlite3.Error`."""
    connection = _open(path, timeout_s=PATIENCE_S)
    with _closed_on_error(connection):
        connection.execute("PRAGMA query_only = ON")
    return connection


def forget_erased(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and empty it, so that no bytes of an erased record are left in it.

    False if somebody is in the way, who reads or writes at this moment: try again later.
    """
    blocked, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not blocked


def _open(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=timeout_s, isolation_level=None, check_same_thread=False, cached_statements=32
    )
    with _closed_on_error(connection):
        for statement in _OPEN:
            _patiently(connection, statement)
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, durable when the block is left; nothing of it is there after an exception."""
    _patiently(connection, "BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Run it as soon as other processes let us. SQLite's own waiting backs off to 100 ms and starves."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.001)
        else:
            return
