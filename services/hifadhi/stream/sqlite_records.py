"""The records in the file of the embedded stream: what is done with them on one connection, on whatever thread.

Many rows go in with one statement, and a transaction has few statements: after each one the thread waits for the
interpreter's lock, beside a busy event loop milliseconds every time.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

from hifadhi.errors import Fault, Refused
from hifadhi.stream.port import Appended, Entry, Record, refuse_beyond, refuse_gap, size_of
from hifadhi.stream.sqlite_file import transaction
from hifadhi.stream.topics import Topic

_ROWS_A_STATEMENT: Final = 500

_PARTITIONS: Final = "SELECT id, topic, compact FROM topic_partition WHERE topic = ? ORDER BY number"
_ADD_PARTITION: Final = "INSERT INTO topic_partition (topic, number, compact) VALUES (?, ?, ?)"
_INSERT: Final = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)"
_REPLACE: Final = "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)"
_ONE_MORE: Final = "(?, ?, ?, ?, ?, ?, ?)"
_READ: Final = """
SELECT position, time_ms, key, value, headers FROM record
WHERE partition_id = ? AND position >= ? ORDER BY position LIMIT ?
"""
_END: Final = "SELECT coalesce(max(position) + 1, 0) FROM record WHERE partition_id = ?"
_OLDEST: Final = "SELECT coalesce(min(position), 0) FROM record WHERE partition_id = ?"
_ENDS: Final = """
SELECT id, coalesce((SELECT max(position) + 1 FROM record WHERE partition_id = topic_partition.id), 0)
FROM topic_partition
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of a topic; `id` stands for it in the file."""

    id: int
    topic: str
    compact: bool


Addressed: TypeAlias = Sequence[tuple[Partition, Entry]]
"""The entries of one append, each with its key's partition."""

_Row: TypeAlias = tuple[int, int, int, bytes, bytes | None, str | None, bool]


@dataclass(frozen=True, slots=True)
class Stored:
    """What one transaction stored: the answers of each append, and the new end of each partition it touched (by id)."""

    answers: list[list[Appended]]
    ends: dict[int, int]


def declare(connection: sqlite3.Connection, topics: Sequence[Topic]) -> dict[str, tuple[Partition, ...]]:
    """The partitions of each topic, made where they do not exist. `Refused` where they exist with other properties."""
    with transaction(connection):
        return {topic.name: _declare_one(connection, topic) for topic in topics}


def append(connection: sqlite3.Connection, calls: Sequence[Addressed], clock_ms: Callable[[], int]) -> Stored:
    """Store all the calls in one transaction, at one time."""
    with transaction(connection):
        time_ms, ends = clock_ms(), _Ends(connection)
        rows = [[_row(partition, ends, time_ms, entry) for partition, entry in call] for call in calls]
        flat = list(chain.from_iterable(rows))
        _insert(connection, _INSERT, [row for row in flat if not row[-1]])
        _insert(connection, _REPLACE, [row for row in flat if row[-1]])
    return Stored([[Appended(row[1], time_ms) for row in call] for call in rows], dict(ends))


def read(
    connection: sqlite3.Connection, partition: Partition, position: int, limit: int, max_bytes: int
) -> list[Record]:
    """The records from `position` on, under the port's rules."""
    records = list(_within(connection, partition, position, limit, max_bytes))
    if not records:
        refuse_beyond(partition.topic, position, end(connection, partition.id))
    if not partition.compact:
        refuse_gap(partition.topic, position, records)
    return records


def end(connection: sqlite3.Connection, partition_id: int) -> int:
    """The next position."""
    return int(connection.execute(_END, (partition_id,)).fetchone()[0])


def oldest(connection: sqlite3.Connection, partition_id: int) -> int:
    """The lowest position that is there, 0 if there is none."""
    return int(connection.execute(_OLDEST, (partition_id,)).fetchone()[0])


def all_ends(connection: sqlite3.Connection) -> dict[int, int]:
    """The next position of each partition, by id."""
    return dict(connection.execute(_ENDS).fetchall())


class _Ends(dict[int, int]):
    """Next positions by partition id, looked up once inside the transaction: another process may have moved them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, partition_id: int) -> int:
        return end(self._connection, partition_id)

    def take(self, partition_id: int) -> int:
        """The next position, which is now taken."""
        position = self[partition_id]
        self[partition_id] = position + 1
        return position


def _row(partition: Partition, ends: _Ends, time_ms: int, entry: Entry) -> _Row:
    headers = json.dumps([(name, value.decode("latin-1")) for name, value in entry.headers]) if entry.headers else None
    return (partition.id, ends.take(partition.id), time_ms, entry.key, entry.value, headers, partition.compact)


def _insert(connection: sqlite3.Connection, statement: str, rows: Sequence[_Row]) -> None:
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        some = rows[start : start + _ROWS_A_STATEMENT]
        sql = ", ".join((statement, *[_ONE_MORE] * (len(some) - 1)))
        connection.execute(sql, list(chain.from_iterable(some)))


def _within(
    connection: sqlite3.Connection, partition: Partition, position: int, limit: int, max_bytes: int
) -> Iterator[Record]:
    size = 0
    # Closed at once: an open cursor would hold its snapshot, and the log behind it could not be emptied.
    with closing(connection.execute(_READ, (partition.id, position, max(limit, 1)))) as rows:
        for count, (at, time_ms, key, value, headers) in enumerate(rows):
            record = Record(at, time_ms, key, value, _headers(headers))
            size += size_of(record)
            if count and size > max_bytes:
                return
            yield record


def _headers(stored: str | None) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(stored)) if stored else ()


def _declare_one(connection: sqlite3.Connection, topic: Topic) -> tuple[Partition, ...]:
    compact = topic.cleanup == "compact"
    there = connection.execute(_PARTITIONS, (topic.name,)).fetchall()
    if not there:
        connection.executemany(_ADD_PARTITION, [(topic.name, number, compact) for number in range(topic.partitions)])
        there = connection.execute(_PARTITIONS, (topic.name,)).fetchall()
    if len(there) != topic.partitions or any(row[2] != compact for row in there):
        message = f"the topic {topic.name} exists with other partitions or another cleanup"
        raise Refused(Fault("TOPIC_DIFFERS", "", message))
    return tuple(Partition(row[0], row[1], bool(row[2])) for row in there)
