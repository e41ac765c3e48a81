"""The flow on one screen: every topic, what it holds, who writes it and who reads it (wire format: `wire.md` §4).

Names are without the prefix that a deployment sets for its broker: adapters add it.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

SUBMISSIONS: Final = "submissions"
PARTS: Final = "parts"
RECORD: Final = "record"
DIRECTORY: Final = "directory"
DELIVERIES: Final = "deliveries"
DEAD_LETTERS: Final = "dead-letters"
PROGRESS: Final = "progress"
INBOX: Final = "inbox.<agency>"

PROGRESS_KEY: Final = b"registry"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `forever` keeps every record; `compact` keeps at least the newest of each key (a tombstone erases)."""

    name: str
    partitions: int
    cleanup: Literal["forever", "compact"]
    key: str
    value: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]


# One partition of submissions is the order of the world; one of record makes a position the ledger's index.
# Parts need no order among themselves, so they alone are spread.
# Progress: a repeat, a tick or a dead letter makes no leaf, so the end of record cannot tell how far the registry is.
# fmt: off
FLOW: Final = (
    Topic(SUBMISSIONS, 1, "forever", "case; of an opening encounter its id", "envelope; empty = tick",
          ("gateway", "registry"), ("gateway", "registry", "console")),
    Topic(PARTS, 4, "compact", "the part's digest, 32 bytes", "JWE; tombstone = erased",
          ("gateway", "delivery"), ("delivery",)),
    Topic(RECORD, 1, "forever", "case", "leaf; header index",
          ("registry",), ("registry", "delivery", "console")),
    Topic(DIRECTORY, 1, "forever", "index", "leaf of a directory statement; header previous",
          ("registry",), ("gateway",)),
    Topic(DELIVERIES, 1, "compact", "message", "hand-over states: fetched, attempts, published",
          ("delivery",), ("console",)),
    Topic(DEAD_LETTERS, 1, "forever", "topic:position", "the bytes, cause",
          ("registry",), ("console",)),
    Topic(PROGRESS, 1, "compact", "registry", 'JSON {"position","size"}: how far the registry has ruled',
          ("registry",), ("gateway", "console")),
    Topic(INBOX, 1, "compact", "index; of a part its digest, 32 bytes", "item; before it its parts; header previous",
          ("delivery",), ("that agency, and nobody else",)),
)
# fmt: on
_PARTS: Final = next(topic for topic in FLOW if topic.name == PARTS)
_INBOX: Final = next(topic for topic in FLOW if topic.name == INBOX)


def topics(parts_partitions: int = _PARTS.partitions) -> tuple[Topic, ...]:
    """The topics that every deployment has, to be created at start."""
    parts = replace(_PARTS, partitions=parts_partitions)
    return tuple(parts if topic is _PARTS else topic for topic in FLOW if topic is not _INBOX)


def inbox(agency: str) -> Topic:
    """An agency's own topic, made when it is admitted."""
    return replace(_INBOX, name=f"inbox.{agency}")
