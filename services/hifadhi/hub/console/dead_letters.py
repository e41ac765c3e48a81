"""The follower of topic `dead-letters`: where each lay and why, and not a byte of it."""

import re
from typing import Any, Final

from hifadhi.errors import Tampered
from hifadhi.hub.console import progress, tables
from hifadhi.hub.console.progress import Place
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import DEAD_LETTERS

BATCH: Final = 100
_ADD: Final = insert_ignoring(tables.dead_letters)
_KEY: Final = re.compile(rb"submissions:([0-9]{1,16})")
_CAUSE: Final = re.compile(rb"[A-Z][A-Z0-9_]{0,47}")


class DeadLetters:
    """One step at a time. The same letter published twice is one row."""

    topic: Final = DEAD_LETTERS

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream, self._place = store, stream, Place(0)

    async def load(self) -> None:
        """Where the row is."""
        self._place = await progress.prepare(self._store, DEAD_LETTERS)

    async def step(self, wait_s: float) -> bool:
        """Follow the next records, or wait for one; whether there was any."""
        records = await self._stream.read(DEAD_LETTERS, self._place.position, limit=BATCH, wait_s=wait_s)
        if not records:
            async with self._store.read() as db:
                await progress.check(db, DEAD_LETTERS, self._place)
            return False
        after = Place(records[-1].position + 1)
        rows = [_row(record) for record in records]
        async with self._store.write() as db:
            await progress.swap(db, DEAD_LETTERS, self._place, after)
            await insert_all(db, _ADD, rows)
        self._place = after
        return True


def _row(record: Record) -> dict[str, Any]:
    key, cause = _KEY.fullmatch(record.key), dict(record.headers).get("cause", b"")
    if not key or not _CAUSE.fullmatch(cause):
        raise Tampered(f"the dead letter at position {record.position} does not say where it lay, or why")
    return {"position": int(key[1]), "cause": cause.decode(), "found_at": record.time_ms}
