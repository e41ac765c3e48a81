"""The follower of topic `deliveries`: what an agency has fetched no longer waits for it."""

from itertools import takewhile
from typing import Any, Final

from sqlalchemy import bindparam, delete

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import strict_json
from hifadhi.hub.console import progress, tables
from hifadhi.hub.console.progress import Place
from hifadhi.store.port import Store
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import DELIVERIES, RECORD

BATCH: Final = 200


class Handovers:
    """One step at a time. A hand-over waits until its entry is there: else the entry would wait for ever after it."""

    topic: Final = DELIVERIES

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream, self._place = store, stream, Place(0)

    async def load(self) -> None:
        """Where the row is."""
        self._place = await progress.prepare(self._store, DELIVERIES)

    async def step(self, wait_s: float) -> bool:
        """Follow the next records, or wait for one; whether there was any to follow."""
        records = await self._stream.read(DELIVERIES, self._place.position, limit=BATCH, wait_s=wait_s)
        async with self._store.read() as db:
            size = (await progress.place(db, RECORD)).size
            await progress.check(db, DELIVERIES, self._place)
        told = [(record, _told(record)) for record in records]
        ready = [*takewhile(lambda one: one[1].get("index", -1) < size, told)]
        if not ready:
            return False
        await self._forget([pair for _, state in ready for pair in _fetched(state)], ready[-1][0].position + 1)
        return True

    async def _forget(self, fetched: list[dict[str, Any]], position: int) -> None:
        there = (tables.unfetched.c.leaf_index == bindparam("index"), tables.unfetched.c.agency == bindparam("by"))
        async with self._store.write() as db:
            await progress.swap(db, DELIVERIES, self._place, Place(position))
            if fetched:
                await db.execute(delete(tables.unfetched).where(*there), fetched)
        self._place = Place(position)


def _told(record: Record) -> dict[str, Any]:
    """The hand-over states of a message; empty for a tombstone."""
    if not record.value:
        return {}
    try:
        state = strict_json.members(strict_json.parse(record.value), ("index", "delivered"))
        return {"index": int(state["index"]), "fetched": [one["agency"] for one in state["delivered"] if "at" in one]}
    except (Refused, TypeError, ValueError, KeyError):
        raise Tampered(f"the hand-over at position {record.position} cannot be read") from None


def _fetched(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"index": state["index"], "by": agency} for agency in state.get("fetched", ())]
