"""A stream that costs nothing: what it is given it forgets, and a registry seems to have ruled on it at once.

For measuring a gateway and nothing beneath it; one that saw no registry would soon take nothing more.
"""

import asyncio
import json
import time
from collections.abc import Sequence

from hifadhi.stream.port import Appended, Entry, Record
from hifadhi.stream.topics import DIRECTORY, PROGRESS, PROGRESS_KEY, SUBMISSIONS, Topic


class InstantStream:
    """The port `Stream`. Only the directory can be read, as it was given, and the progress; other topics seem empty."""

    def __init__(self, directory: Sequence[Entry]) -> None:
        entries = enumerate(directory)
        self._directory = [Record(at, 0, entry.key, entry.value, entry.headers) for at, entry in entries]
        self._positions = 0

    async def create(self, topics: Sequence[Topic]) -> None:
        """Nothing to make."""

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:  # noqa: ARG002 (the port's)
        """A position each."""
        now_ms, first = time.time_ns() // 1_000_000, self._positions
        self._positions += len(entries)
        return [Appended(first + number, now_ms) for number in range(len(entries))]

    async def read(
        self,
        topic: str,
        position: int,
        *,
        partition: int = 0,  # noqa: ARG002 (the port's)
        limit: int = 500,
        max_bytes: int = 8 << 20,  # noqa: ARG002 (the port's)
        wait_s: float = 0.0,
    ) -> list[Record]:
        """The directory, the progress; else nothing, after the wait."""
        found = self._directory[position : position + limit] if topic == DIRECTORY else []
        if topic == PROGRESS:
            value = json.dumps({"position": self._positions}).encode()
            return [Record(0, 0, PROGRESS_KEY, value, ())]
        if not found and wait_s:
            await asyncio.sleep(wait_s)
        return found

    async def ends(self, topic: str) -> list[int]:
        """Of its one partition."""
        return [await self.end(topic)]

    async def end(self, topic: str, *, partition: int = 0) -> int:  # noqa: ARG002 (the port's)
        """Of the directory, and as far as it has been written to; no other topic has a record to wait for."""
        return {DIRECTORY: len(self._directory), SUBMISSIONS: self._positions, PROGRESS: 1}.get(topic, 0)

    async def oldest(self, topic: str, *, partition: int = 0) -> int:  # noqa: ARG002 (the port's)
        """Always the first."""
        return 0

    def partitions(self, topic: str) -> int:  # noqa: ARG002 (the port's)
        """One."""
        return 1

    async def close(self) -> None:
        """Nothing to let go of."""
