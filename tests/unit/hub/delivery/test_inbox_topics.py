"""Each agency's inbox in a topic of its own: the same items, in the same order, whatever dies in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from delivery_place import Place, eventually
from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.hub.delivery import inbox_topics, progress
from hifadhi.hub.delivery.follower import Follower
from hifadhi.hub.delivery.inbox_topics import InboxTopics
from hifadhi.stream.port import Appended, Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import RECORD, Topic, inbox
from inbox_reader import InboxReader


class Sender(InboxTopics):
    """Of the inboxes that `follower` fills."""

    def __init__(self, place: Place, follower: Follower) -> None:
        super().__init__(place.store, place.stream, lambda: follower.directory.agencies)


def stories(place: Place, count: int = 1) -> None:
    for _ in range(count):
        case = place.ledger.open_case()
        place.ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=place.ledger.request(case))


async def read(place: Place, agency: str) -> InboxReader:
    reader = InboxReader()
    for record in await place.stream.read(inbox(agency).name, 0):
        assert record.value is not None
        reader.take(record.key, record.value, dict(record.headers))
    return reader


async def stands_in_the_topics(place: Place) -> bool:
    for agency, items in (await place.inboxes()).items():
        reader = await read(place, agency)
        if reader.items != items or reader.waits:
            return False
    return True


@pytest.fixture
async def sender(place: Place) -> Sender:
    stories(place, 3)
    return Sender(place, await place.follow())


async def test_a_topic_holds_its_agencys_inbox_each_item_once_in_the_order_of_the_ledger(
    place: Place, sender: Sender
) -> None:
    await sender.run_once()

    assert await stands_in_the_topics(place)
    assert len((await read(place, "ZA-DHA")).items) == 7  # its key; of each story two
    first, *_ = await place.stream.read(inbox("ZA-DHA").name, 0)
    assert first.position == 0  # or it was appended twice


async def test_an_item_stands_right_behind_its_parts_and_names_the_item_before_it(place: Place, sender: Sender) -> None:
    await sender.run_once()

    before: set[str] = set()
    last = -1
    for record in await place.stream.read(inbox("ZA-DHA").name, 0):
        headers = dict(record.headers)
        if "index" not in headers:
            before.add(b64u.encode(record.key))
            continue
        item = json.loads(record.value or b"")
        assert set(item["parts"].values()) == before
        assert int(headers["previous"]) == last
        last, before = item["index"], set()
    assert before == set()
    assert last > 0


async def test_no_part_stands_in_the_topic_of_an_agency_that_is_not_its_reader(place: Place) -> None:
    case = place.ledger.open_case()
    place.ledger.request(case, sensitive=[])
    await Sender(place, await place.follow()).run_once()

    values = [record.value or b"" for record in await place.stream.read(inbox("ZA-DHA").name, 0)]
    assert any(b"content of" in value for value in values)
    assert not any(b"sensitive of" in value or b"movement of" in value for value in values)


@pytest.mark.parametrize("crashes", [1, 2, 5])
async def test_a_crash_between_append_and_note_appends_the_same_page_again(
    place: Place, sender: Sender, crashes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_topics, "PAGE", 2)
    await sender._make()
    place.store.crashes = crashes
    for _ in range(crashes):
        with pytest.raises(Unavailable):
            await sender.run_once()
    await sender.run_once()

    assert await stands_in_the_topics(place)
    first, *_ = await place.stream.read(inbox("ZA-DHA").name, 0)
    assert first.position == 4 * crashes  # a page is two items with two parts; here compaction does not tarry


async def test_what_compaction_leaves_of_repeats_still_reads_whole_and_in_order(place: Place, sender: Sender) -> None:
    await sender.run_once()
    records = await place.stream.read(inbox("ZA-DHA").name, 0)
    ends = [n for n, record in enumerate(records) if dict(record.headers)]
    crashed = records[: ends[4] + 1] + records[ends[1] + 1 :]  # items 2 to 4 stand there twice
    for cleaned in range(len(crashed) + 1):  # as far as the broker has come
        newest = {record.key: n for n, record in enumerate(crashed[:cleaned])}
        reader = InboxReader()
        for n, record in enumerate(crashed):
            if n >= cleaned or newest[record.key] == n:
                reader.take(record.key, record.value or b"", dict(record.headers))
        assert reader.items == await place.inbox("ZA-DHA")
        assert reader.waits == 0


async def test_after_a_rebuild_nothing_is_appended_twice_and_what_is_new_comes_behind(
    place: Place, sender: Sender
) -> None:
    await sender.run_once()
    end = await place.stream.end(inbox("ZA-DHA").name)

    await progress.start_again(place.store)
    follower = await place.follow()
    again = Sender(place, follower)
    await again.run_once()
    assert await place.stream.end(inbox("ZA-DHA").name) == end

    stories(place)
    await place.follow(follower)
    again.ring(["MZ-INAR", "ZA-DHA", "KE-DRS", "INT-WATCH", "INT-STATS"])
    await again.run_once()
    assert await stands_in_the_topics(place)
    first, *_ = await place.stream.read(inbox("ZA-DHA").name, 0)
    assert first.position == 0


async def test_an_agency_has_a_topic_as_soon_as_it_is_admitted_and_not_before(place: Place) -> None:
    follower = await place.follower()
    sender = Sender(place, follower)
    await sender.run_once()
    with pytest.raises(Unavailable, match=r"inbox\.MZ-INAR"):
        await place.stream.end(inbox("MZ-INAR").name)

    await place.stream.append(RECORD, place.ledger.records()[:1])
    await follower.step(0)
    sender.ring([])
    await sender.run_once()
    assert await place.stream.end(inbox("MZ-INAR").name) == 0
    with pytest.raises(Unavailable, match=r"inbox\.ZA-DHA"):
        await place.stream.end(inbox("ZA-DHA").name)


async def test_no_agency_is_left_out_however_few_are_served_at_once(
    place: Place, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_topics, "AT_ONCE", 1)
    monkeypatch.setattr(inbox_topics, "PAGE_BYTES", 1)
    await sender.run_once()
    assert await stands_in_the_topics(place)


class Failing(SqliteStream):
    broken = ""

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        if topic == self.broken:
            raise Unavailable("no leader")
        return await super().append(topic, entries, deadline_s=deadline_s)


async def test_a_topic_that_cannot_be_written_to_holds_up_no_other(place: Place, sender: Sender) -> None:
    assert isinstance(place.stream, SqliteStream)
    place.stream.__class__ = Failing
    assert isinstance(place.stream, Failing)
    place.stream.broken = inbox("ZA-DHA").name
    with pytest.raises(Unavailable, match="no leader"):
        await sender.run_once()
    assert (await read(place, "MZ-INAR")).items == await place.inbox("MZ-INAR")
    assert (await read(place, "ZA-DHA")).items == []

    place.stream.broken = ""
    async with asyncio.timeout(5):
        await sender.run_once()
    assert await stands_in_the_topics(place)


class Unhurried(SqliteStream):
    """Somebody else is admitted, followed and due before the first topics are made."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def create(self, topics: Sequence[Topic]) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        await super().create(topics)


async def test_an_agency_that_is_admitted_while_topics_are_made_is_served_with_the_next(place: Place) -> None:
    follower = await place.follow()
    sender = Sender(place, follower)

    async def admitted() -> None:
        place.ledger.admit("MZ-NEW")
        await place.publish()
        sender.ring(await follower.step(0))

    place.stream.__class__ = Unhurried
    assert isinstance(place.stream, Unhurried)
    place.stream.meanwhile = admitted
    await sender.run_once()
    assert len((await read(place, "MZ-NEW")).items) == 1
    assert await stands_in_the_topics(place)


@pytest.fixture
async def served(place: Place) -> AsyncIterator[Place]:
    async with place.serving(inbox_topics=True):
        yield place


async def test_what_is_sealed_while_it_runs_comes_by_itself(served: Place) -> None:
    for _ in range(3):
        stories(served)
        await served.publish()
        index = len(served.ledger.leaves) - 1

        async def there(index: int = index) -> bool:
            try:
                return (await read(served, "MZ-INAR")).last == index
            except Unavailable:  # its topic is not made yet
                return False

        await eventually(there)
    assert await stands_in_the_topics(served)


async def test_without_the_setting_no_agency_has_a_topic(place: Place) -> None:
    async with place.serving() as served:
        stories(place)
        await served.caught_up()
        with pytest.raises(Unavailable, match=r"inbox\.ZA-DHA"):
            await place.stream.end(inbox("ZA-DHA").name)
