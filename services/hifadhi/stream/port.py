"""The stream port: durable, ordered records in topics, read from a position that the reader keeps.

Every adapter keeps these promises, proven by one contract suite:

* An append that returned is on disk (in production: on the minimum of replicas) and is never taken back.
* Positions of a partition rise strictly and are never given twice. In a `forever` topic they have no holes; in a
  `compact` topic a record may vanish once a newer one of its key is there, and leaves a hole.
* What a read returns is durable, in order of position, the same for every reader.
* `time_ms` is the stream's own clock at the append (milliseconds since 1970, UTC). It may step back from one record
  to the next: whoever needs it to rise makes it rise.

Errors: `Unavailable` try again; `Refused` an entry is too large, or a topic exists with other properties; `Tampered`
records that were promised are gone. Nothing else crosses this border.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.stream.topics import Topic

MAX_ENTRY_BYTES: Final = 1 << 20
"""Of one entry: key, value and headers together."""

MAX_APPEND_BYTES: Final = 16 << 20
"""Of all entries of one append."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is appended. A `value` of None is a tombstone; an empty one is a value like any other."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """Where and when an entry was stored: its position in its key's partition, milliseconds since 1970."""

    position: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it stands in a partition."""

    position: int
    time_ms: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Stream(Protocol):
    """Topics of records. One object serves one event loop; all its methods may be called concurrently."""

    async def create(self, topics: Sequence[Topic]) -> None:
        """Make the topics that do not exist yet, and know all of them from here on; call it before using a topic.

        `Refused` (TOPIC_DIFFERS) if one exists with other partitions or another cleanup: its keys would move.
        """

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        """Store the entries durably, each in its key's partition, in their order; answers are in the same order.

        `Unavailable`: the outcome is unknown or nothing was stored; after a failure some, all or none of the entries
        may be there. Append the same again: whoever reads knows a repeat. A cancelled call leaves the same doubt.
        Two calls under way at the same time have no order between them.
        """

    async def read(
        self,
        topic: str,
        position: int,
        *,
        partition: int = 0,
        limit: int = 500,
        max_bytes: int = 8 << 20,
        wait_s: float = 0.0,
    ) -> list[Record]:
        """The records from `position` on, at most `limit` and `max_bytes`, always one if there is one.

        At the end it waits up to `wait_s` for the next record, then returns []. A position below the oldest one is
        `Tampered` in a `forever` topic (records were lost: nothing is skipped in silence) and starts at the oldest in
        a `compact` one. A position above the end is `Tampered`: the reader has seen what the stream no longer knows.
        """

    async def end(self, topic: str, *, partition: int = 0) -> int:
        """The position that the next record will get; 0 in an empty partition."""

    async def ends(self, topic: str) -> list[int]:
        """`end` of every partition, asked at once."""

    async def oldest(self, topic: str, *, partition: int = 0) -> int:
        """A position below which there is no record; equal to `end` if there is none at all."""

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has, numbered from 0."""

    async def close(self) -> None:
        """Finish what is being written, fail what waits (`Unavailable`), and let go, within 5 seconds. Idempotent."""


def size_of(entry: Entry | Record) -> int:
    """Bytes of key, value and headers."""
    return len(entry.key) + len(entry.value or b"") + sum(len(name) + len(value) for name, value in entry.headers)


def refuse_oversized(entries: Iterable[Entry]) -> None:
    """`Refused` (TOO_LARGE) before anything is stored, by the same bounds whatever the adapter."""
    total = 0
    for index, entry in enumerate(entries):
        size = size_of(entry)
        total += size
        if size > MAX_ENTRY_BYTES:
            raise Refused(Fault("TOO_LARGE", f"/{index}", f"an entry has at most {MAX_ENTRY_BYTES} bytes"))
    if total > MAX_APPEND_BYTES:
        raise Refused(Fault("TOO_LARGE", "", f"one append has at most {MAX_APPEND_BYTES} bytes"))


def refuse_gap(topic: str, position: int, records: Sequence[Record]) -> None:
    """`Tampered` if what a `forever` topic answers from `position` on has a hole. `records` rise strictly."""
    last = position + len(records) - 1
    if records and (records[0].position != position or records[-1].position != last):
        raise Tampered(f"{topic}: records from position {position} on are missing")


def refuse_beyond(topic: str, position: int, end: int) -> None:
    """`Tampered` if a reader has come further than the stream's end."""
    if position > end:
        raise Tampered(f"{topic}: position {position} was read before, but the topic ends at {end}")
