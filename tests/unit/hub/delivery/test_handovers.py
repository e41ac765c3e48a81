"""What agencies have fetched is told, all of it, however many processes note it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from delivery_place import Place
from hifadhi.hub.delivery import handovers, tables
from hifadhi.hub.delivery.handovers import PAGE, Outbox
from hifadhi.store.port import Store
from hifadhi.stream.port import Appended, Entry
from hifadhi.stream.sqlite import SqliteStream

READERS = ("MZ-INAR", "ZA-DHA")


async def fetched(place: Place, count: int, *agencies: str) -> None:
    """So many messages, which all the agencies have fetched and nobody was told of."""
    numbers = range(count)
    messages = [{"id": str(n), "leaf_index": n, "digest": "", "ruling": "recorded"} for n in numbers]
    notes = [{"agency": one, "leaf_index": n, "at": "then", "published": False} for n in numbers for one in agencies]
    async with place.store.write() as db:
        await db.execute(insert(tables.messages), messages)
        if notes:
            await db.execute(insert(tables.handovers), notes)


async def untold(place: Place) -> Any:
    async with place.store.read() as db:
        return (await db.execute(select(func.count()).where(~tables.handovers.c.published))).scalar()


async def test_one_run_tells_everything_although_several_agencies_have_the_same_messages(place: Place) -> None:
    await fetched(place, PAGE - 50, *READERS)
    await Outbox(place.store, place.stream).run_once()
    assert await untold(place) == 0


async def in_both_inboxes(place: Place) -> None:
    """A message that nobody has fetched yet."""
    await fetched(place, 1)
    rows = [{"agency": one, "leaf_index": 0, "role": "addressee", "parts": {}, "size": 1} for one in READERS]
    async with place.store.write() as db:
        await db.execute(insert(tables.inbox), rows)


class Overtaken(SqliteStream):
    """Another agency fetches, and another process tells of it, just before the first append."""

    store: Store | None = None

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        store, self.store = self.store, None
        if store:
            await handovers.note(store, READERS[1], 0, "later")
            await Outbox(store, self).run_once()
        return await super().append(topic, entries, deadline_s=deadline_s)


async def test_what_another_process_told_meanwhile_is_not_taken_back(place: Place) -> None:
    await in_both_inboxes(place)
    await handovers.note(place.store, READERS[0], 0, "first")
    place.stream.__class__ = Overtaken
    assert isinstance(place.stream, Overtaken)
    place.stream.store = place.store
    await Outbox(place.store, place.stream).run_once()
    assert await untold(place) == 0
    assert [one["at"] for one in (await place.deliveries())["0"]["delivered"]] == ["first", "later"]
