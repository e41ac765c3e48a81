"""After an erasure, who reads a topic from its beginning gets the inbox as it is, whatever compaction has taken."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from delivery_place import Place, eventually
from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.hub.delivery import erasures, inbox_topics, naming, progress, reissue, tables
from hifadhi.hub.delivery.follower import Follower
from hifadhi.hub.delivery.inbox_topics import InboxTopics
from hifadhi.hub.delivery.reissue import Reissues
from hifadhi.stream.port import Appended, Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PARTS, inbox
from inbox_reader import InboxReader
from ledger_maker import LedgerMaker, part_entry
from unit.hub.delivery.test_erasures import bounced, erase, followed_again, shown

ZA, KE = "ZA-DHA", "KE-DRS"
BEFORE, LANDED, NOTED = "before it lands", "before its answer", "before it is noted"


async def nothing() -> None:
    """What happens where nothing does."""


@dataclass
class Turn:
    """What happens, once: at this moment of append or note number `at`. `dies`: whoever waited then hears no answer."""

    moment: str = ""
    at: int = 0
    happens: Callable[[], Awaitable[None]] = nothing
    dies: bool = False
    happened: bool = False

    async def reached(self, moment: str) -> bool:
        """Whether it was now."""
        if self.moment != moment or self.happened:
            return False
        self.at -= 1
        self.happened = self.at < 0
        if self.happened:
            await self.happens()
        return self.happened

    def die(self) -> None:
        if self.dies:
            raise Unavailable("the process was killed")


class Watched(SqliteStream):
    """Remembers what landed in topics of agencies, compacted or not; `turn`: of appends to that of ZA-DHA."""

    landed: dict[str, list[Entry]]
    appended: list[Sequence[Entry]]
    turn: Turn

    async def append(self, topic: str, entries: Sequence[Entry], *, deadline_s: float = 10.0) -> list[Appended]:
        mine = topic == inbox(ZA).name
        crossed = mine and await self.turn.reached(BEFORE)
        said = await super().append(topic, entries, deadline_s=deadline_s)
        self.landed.setdefault(topic, []).extend(entries)
        self.appended += [entries] if mine and entries else []
        if crossed or (mine and await self.turn.reached(LANDED)):
            self.turn.die()
        return said


class Sender(InboxTopics):
    """Something may happen before it notes."""

    turn = Turn()

    async def _note(self, ends: dict[str, int]) -> None:
        if await self.turn.reached(NOTED):
            self.turn.die()
        await super()._note(ends)


class Scene:
    """Requests to ZA-DHA, of the first of which the content is erased: ZA-DHA has named it in a message of its own."""

    def __init__(self, place: Place, stream: Watched, follower: Follower) -> None:
        self.place, self.stream, self.follower = place, stream, follower
        self.sender = Sender(place.store, stream, lambda: follower.directory.agencies)
        self.case = place.ledger.open_case()
        self.request = place.ledger.request(self.case)
        self.digest = part_of(place.ledger, self.request, "content")
        self.text = place.ledger.parts[self.digest]
        bounced(place.ledger, self.case, self.request, self.text)
        for _ in range(2):
            place.ledger.request(place.ledger.open_case())

    def crossing(self, turn: Turn) -> None:
        self.stream.turn = self.sender.turn = turn

    async def send(self) -> None:
        self.sender.ring_all()
        await self.sender.run_once()

    async def erase(self, *digests: str) -> None:
        await self.order(*digests)
        await self.tell()

    async def order(self, *digests: str) -> None:
        erase(self.place.ledger, self.case, self.request, *(digests or [self.digest]))
        await self.place.follow(self.follower)

    async def tell(self) -> None:
        await Reissues(self.place.store, self.stream).run_once()

    async def reads_whole(self, agency: str = ZA) -> None:
        """However far the broker has come with compaction, and whether tombstones have had their time."""
        expected = await self.place.inbox(agency)
        landed = self.stream.landed[inbox(agency).name]
        for cleaned in range(len(landed) + 1):
            for aged in (False, True):
                reader = InboxReader()
                for entry in compacted(landed, cleaned, aged=aged):
                    reader.take(entry.key, entry.value, dict(entry.headers))
                assert reader.items == expected
                assert reader.waits == 0

    async def newest(self, agency: str, digest: str) -> bytes | None:
        """What stands in an agency's topic under the digest."""
        records = await self.stream.read(inbox(agency).name, 0)
        return {record.key: record.value for record in records}[b64u.decode(digest)]


def compacted(landed: Sequence[Entry], cleaned: int, *, aged: bool) -> Iterator[Entry]:
    """What is left when the first `cleaned` records were compacted; `aged`: their tombstones went too."""
    newest = {entry.key: n for n, entry in enumerate(landed[:cleaned])}
    for n, entry in enumerate(landed):
        if n >= cleaned or (newest[entry.key] == n and not (aged and entry.value is None)):
            yield entry


@pytest.fixture
async def scene(place: Place, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(erasures, "GATHER_S", 0.0)
    monkeypatch.setattr(inbox_topics, "PAGE", 2)
    stream = place.stream
    stream.__class__ = Watched
    assert isinstance(stream, Watched)
    stream.landed, stream.appended, stream.turn = {}, [], Turn()
    follower = await place.follow()
    made = Scene(place, stream, follower)
    await place.follow(follower)
    return made


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("moment", [BEFORE, LANDED, NOTED])
@pytest.mark.parametrize("at", range(3))
async def test_what_compaction_leaves_reads_whole_whenever_a_part_was_erased(
    scene: Scene, at: int, moment: str, *, dies: bool
) -> None:
    turn = Turn(moment, at, scene.erase, dies)
    scene.crossing(turn)
    with suppress(Unavailable):
        await scene.send()
    assert turn.happened
    await scene.send()
    await scene.reads_whole()
    assert await scene.newest(ZA, scene.digest) is None


async def test_what_was_erased_before_there_were_topics_or_behind_all_pages_reads_whole(scene: Scene) -> None:
    await scene.erase()
    await scene.send()
    await scene.reads_whole()
    scene.case = scene.place.ledger.open_case()
    scene.request = scene.place.ledger.request(scene.case)
    await scene.place.follow(scene.follower)
    await scene.send()
    await scene.erase(part_of(scene.place.ledger, scene.request, "content"))
    await scene.send()
    await scene.reads_whole()


async def test_an_item_that_comes_out_of_turn_before_its_page_hurts_nobody(scene: Scene) -> None:
    await scene.sender._make()
    await scene.erase()
    [early] = scene.stream.appended
    assert len(early) == 3
    assert int(dict(early[0].headers)["previous"]) >= 0  # and that one is not there yet
    await scene.send()
    await scene.reads_whole()


async def test_an_item_stands_before_the_tombstone_with_all_who_named_the_part(scene: Scene) -> None:
    await scene.send()
    await scene.erase()
    told = scene.stream.appended[-1]
    assert [entry.value is None for entry in told] == [False, False, True]
    before = [item["index"] for item in await scene.place.inbox(ZA)]
    for entry in told[:2]:
        headers = dict(entry.headers)
        at = before.index(int(headers["index"]))
        assert (entry.key, int(headers["previous"])) == (headers["index"], before[at - 1])


async def test_a_crash_between_append_and_note_appends_the_same_again(scene: Scene) -> None:
    await scene.send()
    await scene.order()
    scene.place.store.crashes = 2
    for _ in range(2):
        with pytest.raises(Unavailable, match="killed"):
            await scene.tell()
    await scene.tell()
    first, second, third = scene.stream.appended[-3:]
    assert first == second == third
    await scene.send()
    await scene.reads_whole()


async def test_what_is_told_is_not_told_again(scene: Scene) -> None:
    await scene.send()
    await scene.erase()
    end = len(scene.stream.appended)
    await scene.tell()
    await scene.stream.append(PARTS, [part_entry(scene.text)])  # it comes again, and is not kept
    scene.place.ledger.parts.pop(scene.digest)
    scene.place.ledger.open_case()
    await scene.place.follow(scene.follower)
    await scene.tell()
    assert len(scene.stream.appended) == end


async def test_an_agency_that_has_the_part_by_another_message_only_is_told_too(scene: Scene) -> None:
    ledger = scene.place.ledger
    ledger.request(ledger.open_case(ZA), ZA, KE, content=scene.text)
    await scene.place.follow(scene.follower)
    await scene.send()
    assert await scene.newest(KE, scene.digest) == scene.text.encode()

    await scene.erase()
    assert await scene.newest(KE, scene.digest) is None
    await scene.send()
    await scene.reads_whole(KE)


async def test_an_agency_is_told_of_the_parts_that_it_may_read_and_of_no_other(scene: Scene) -> None:
    ledger = scene.place.ledger

    async def told_of(*names: str) -> list[bytes]:
        """The keys of what ZA-DHA is told when these parts are erased of a request that reaches it without one."""
        scene.case = ledger.open_case()
        scene.request = ledger.request(scene.case, sensitive=[])
        await scene.place.follow(scene.follower)
        await scene.send()
        before = len(scene.stream.appended)
        await scene.erase(*(part_of(ledger, scene.request, name) for name in names))
        return [entry.key for entries in scene.stream.appended[before:] for entry in entries]

    assert await told_of("sensitive") == []
    index, digest = await told_of("content", "sensitive")
    assert int(index) == ledger.fold.past[scene.request].index
    assert digest == b64u.decode(part_of(ledger, scene.request, "content"))


@pytest.mark.parametrize(("leaves", "piece_bytes", "most"), [(2, 1 << 20, 2), (200, 1, 1), (3, 1, 1)])
async def test_however_many_items_name_a_part_they_are_appended_in_pieces_with_the_tombstone_behind_all(
    scene: Scene, leaves: int, piece_bytes: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "LEAVES", leaves)
    monkeypatch.setattr(reissue, "PIECE_BYTES", piece_bytes)
    ledger = scene.place.ledger
    for _ in range(3):
        ledger.request(ledger.open_case(), content=scene.text)
    await scene.place.follow(scene.follower)
    await scene.send()
    pages = len(scene.stream.appended)
    await scene.erase()
    told = scene.stream.appended[pages:]
    assert max(len([entry for entry in entries if entry.value]) for entries in told) == most
    flat = [entry for entries in told for entry in entries]
    assert [entry.value is None for entry in flat] == [False] * 5 + [True]
    await scene.send()
    await scene.reads_whole()


def part_of(ledger: LedgerMaker, message: str, name: str) -> str:
    """The digest of a message's part."""
    return next(digest for digest, text in ledger.parts.items() if f"{name} of {message}" in text)


async def test_a_second_erasure_while_the_item_is_on_its_way_for_the_first_is_told_last(scene: Scene) -> None:
    """By another process, say, which is done before this one's append lands."""
    await scene.send()
    await scene.order()
    turn = Turn(BEFORE, 0, lambda: scene.erase(part_of(scene.place.ledger, scene.request, "sensitive")))
    scene.crossing(turn)
    await scene.tell()
    assert turn.happened
    await scene.send()
    await scene.reads_whole()
    assert (await shown(scene.place, ZA, scene.request))[1] == ["content", "sensitive"]


async def unreissued(place: Place) -> int:
    async with place.store.read() as db:
        found = await db.execute(select(tables.erased.c.digest).where(~tables.erased.c.reissued))
        return len(found.all())


async def test_while_the_inboxes_are_made_again_nothing_is_taken_for_told(scene: Scene) -> None:
    await scene.send()
    await scene.order()
    await progress.start_again(scene.place.store)
    pages = len(scene.stream.appended)
    await scene.tell()
    with pytest.raises(Unavailable, match="made again"):
        await reissue.reissue(scene.place.store, scene.stream, ZA, [scene.digest])
    assert await unreissued(scene.place) == 1
    assert len(scene.stream.appended) == pages

    await followed_again(scene.place)
    await scene.tell()
    assert await unreissued(scene.place) == 0
    await scene.send()
    await scene.reads_whole()


async def test_what_a_release_without_the_rows_has_followed_is_found_by_its_own_message(scene: Scene) -> None:
    await scene.send()
    await scene.order()
    async with scene.place.store.write() as db:
        await db.execute(tables.naming.delete())
    await scene.tell()
    item, tombstone = scene.stream.appended[-1]
    assert item.key == str(scene.place.ledger.fold.past[scene.request].index).encode()
    assert tombstone.value is None


async def test_an_exchange_that_runs_tells_of_an_erasure_by_itself(scene: Scene) -> None:
    async with scene.place.serving(inbox_topics=True) as served:
        erase(scene.place.ledger, scene.case, scene.request, scene.digest)
        await served.caught_up()

        async def told() -> bool:
            return await unreissued(scene.place) == 0

        await eventually(told)
        await scene.send()
    await scene.reads_whole()
