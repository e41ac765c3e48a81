"""Where the contract suites run: one line for each adapter, here and nowhere else.

A place is handed to other processes as two words, so an adapter's `where` is a string: a folder for the embedded ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hifadhi.store.port import Store
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Stream
from hifadhi.stream.sqlite import SqliteStream

STREAMS: Final[Mapping[str, Callable[[str], Stream]]] = {
    "sqlite": lambda where: SqliteStream(Path(where) / "stream.sqlite"),
}
STORES: Final[Mapping[str, Callable[[str, Path], Store]]] = {
    "sqlite": lambda where, versions: SqliteStore(Path(where) / "store.sqlite", versions=versions),
}


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """One stream, which this process and others may open any number of times."""

    adapter: str
    where: str

    def open(self) -> Stream:
        return STREAMS[self.adapter](self.where)


@dataclass(frozen=True, slots=True)
class StorePlace:
    """One database, likewise, and the folder of the revisions that it is migrated with."""

    adapter: str
    where: str
    versions: Path

    def open(self) -> Store:
        return STORES[self.adapter](self.where, self.versions)
