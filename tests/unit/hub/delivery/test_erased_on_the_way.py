"""An erased part leaves every topic, whatever was on its way to one while it was erased."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from delivery_place import Place
from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.hub.delivery.erasures import Tombstones
from hifadhi.hub.delivery.follower import Follower
from hifadhi.hub.delivery.inbox_topics import InboxTopics
from hifadhi.hub.delivery.parts import Parts
from hifadhi.hub.delivery.progress import SwapLost
from hifadhi.hub.delivery.reissue import Reissues
from hifadhi.stream.port import Appended, Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PARTS, RECORD, inbox
from ledger_maker import part_entry
from unit.hub.delivery.test_erasures import content_of, erase

ZA = inbox("ZA-DHA").name


class Crossed(SqliteStream):
    """Once, as this part or its tombstone is appended to `topic`: what happens before it lands, and before the answer.

    `loses_answer`: that it has landed is then not known.
    """

    topic, key, is_tombstone = "", b"", False
    before: Callable[[], Awaitable[None]] | None = None
    after: Callable[[], Awaitable[None]] | None = None
    loses_answer = False

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        these = [entry for entry in entries if (entry.key, entry.value is None) == (self.key, self.is_tombstone)]
        if topic != self.topic or not these:
            return await super().append(topic, entries, deadline_s=deadline_s)
        self.topic = ""
        if self.before:
            await self.before()
        said = await super().append(topic, entries, deadline_s=deadline_s)
        if self.after:
            await self.after()
        if self.loses_answer:
            raise Unavailable("no answer in time")
        return said


@pytest.fixture
def crossed(place: Place) -> Crossed:
    place.stream.__class__ = Crossed
    assert isinstance(place.stream, Crossed)
    return place.stream


async def newest(place: Place, topic: str, digest: str) -> bytes | None:
    """The value that stands under a digest."""
    of = [
        record.value
        for partition in range(place.stream.partitions(topic))
        for record in await place.stream.read(topic, 0, partition=partition, limit=1000)
        if record.key == b64u.decode(digest)
    ]
    return of[-1]


class Erasing:
    """A request whose content is erased, and its tombstones told, when it is awaited."""

    def __init__(self, place: Place, follower: Follower) -> None:
        self._place, self._follower = place, follower
        self._case = place.ledger.open_case()
        self._request = place.ledger.request(self._case)
        self.digest = content_of(place.ledger, self._request)

    async def happens(self) -> None:
        erase(self._place.ledger, self._case, self._request, self.digest)
        await self._place.follow(self._follower)
        await Tombstones(self._place.store, self._place.stream).run_once()
        await Reissues(self._place.store, self._place.stream).run_once()


@pytest.mark.parametrize("loses_answer", [False, True])
async def test_a_page_that_lands_behind_the_tombstone_leaves_nothing_in_the_topic(
    place: Place, crossed: Crossed, *, loses_answer: bool
) -> None:
    follower = await place.follow()
    erasing = Erasing(place, follower)
    await place.follow(follower)
    sender = InboxTopics(place.store, place.stream, lambda: follower.directory.agencies)
    crossed.topic, crossed.key = ZA, b64u.decode(erasing.digest)
    crossed.before, crossed.loses_answer = erasing.happens, loses_answer
    if loses_answer:
        with pytest.raises(Unavailable, match="no answer"):
            await sender.run_once()
    await sender.run_once()
    assert await newest(place, ZA, erasing.digest) is None


async def test_a_part_that_comes_while_its_tombstone_is_on_its_way_gets_another(place: Place, crossed: Crossed) -> None:
    follower = await place.follow()
    erasing = Erasing(place, follower)
    await place.follow(follower)

    async def posted_again() -> None:
        text = place.ledger.parts.pop(erasing.digest)
        await place.stream.append(PARTS, [part_entry(text)])
        place.ledger.open_case()
        await place.follow(follower)

    crossed.topic, crossed.key, crossed.is_tombstone = PARTS, b64u.decode(erasing.digest), True
    crossed.after = posted_again
    await erasing.happens()
    assert await newest(place, PARTS, erasing.digest) is None


async def test_a_part_that_another_process_reads_again_which_has_not_heard_of_its_erasure_gets_a_tombstone(
    place: Place,
) -> None:
    ledger, case = place.ledger, place.ledger.open_case()
    digest = content_of(ledger, request := ledger.request(case))
    await place.follow()
    erase(ledger, case, request, digest)
    await ledger.publish_parts(place.stream)
    parts = Parts(place.store, place.stream)
    await parts.load()
    await parts.catch_up()  # of the order, so that none is new when its leaf comes
    behind, ahead = await place.follower(), await place.follower()
    await place.stream.append(RECORD, ledger.records()[-1:])
    await ahead.step(0)
    await Tombstones(place.store, place.stream).run_once()

    await place.stream.append(PARTS, [part_entry(ledger.parts[digest])])
    with pytest.raises(SwapLost):
        await behind.step(0)
    await Tombstones(place.store, place.stream).run_once()
    assert await newest(place, PARTS, digest) is None
