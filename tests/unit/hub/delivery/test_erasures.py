"""Erasure: by an order in the ledger, for ever, and the proof stays."""

import json
from typing import Any

import pytest

from delivery_place import Place
from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.hub.delivery import tables
from hifadhi.hub.delivery.erasures import Tombstones
from hifadhi.hub.delivery.follower import Follower
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PARTS, RECORD
from ledger_maker import LedgerMaker, part_entry, part_text

LATER = "01920000-0000-7000-8000-00000000ffff"


def content_of(ledger: LedgerMaker, message: str) -> str:
    """The digest of a message's content."""
    index = ledger.fold.past[message].index
    envelope = ledger.leaves[index].leaf.envelope
    header = json.loads(b64u.decode(json.loads(envelope)["payload"]))
    return str(next(part["digest"] for part in header["parts"] if part["name"] == "content"))


def erase(ledger: LedgerMaker, case: str, message: str, *digests: str, sender: str = "MZ-INAR") -> str:
    said: dict[str, Any] = {"case": case, "in_reply_to": message, "digests": sorted(digests)}
    return ledger.send("erasure.ordered", sender, ["ZA-DHA"], **said)


async def shown(place: Place, agency: str, message: str) -> tuple[set[str], list[str]]:
    """What an agency is handed of a message: the parts, and the names of those erased."""
    index = place.ledger.fold.past[message].index
    (item,) = (item for item in await place.inbox(agency) if item["index"] == index)
    return set(item["parts"]), item["erased"]


async def tombstones(place: Place) -> list[str]:
    found = []
    for partition in range(place.stream.partitions(PARTS)):
        records = await place.stream.read(PARTS, 0, partition=partition, limit=1000)
        found += [b64u.encode(record.key) for record in records if record.value is None]
    return sorted(found)


async def tell(place: Place) -> None:
    await Tombstones(place.store, place.stream).run_once()


@pytest.fixture
def asked(place: Place) -> tuple[str, str]:
    case = place.ledger.open_case()
    return case, place.ledger.request(case)


async def test_an_erased_part_is_shown_as_such_to_all_and_its_leaf_stays(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    follower = await place.follow()
    erase(place.ledger, case, request, content_of(place.ledger, request))
    await place.follow(follower)
    for agency in ("MZ-INAR", "ZA-DHA"):
        parts, erased = await shown(place, agency, request)
        assert ("content" in parts, erased) == (False, ["content"])
        assert "sensitive" in parts
    await tell(place)
    assert await tombstones(place) == [content_of(place.ledger, request)]
    await tell_again_says_nothing(place)


async def tell_again_says_nothing(place: Place) -> None:
    before = await tombstones(place)
    await tell(place)
    assert await tombstones(place) == before


async def test_a_message_and_its_erasure_in_one_batch(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    erase(place.ledger, case, request, content_of(place.ledger, request))
    await place.follow()
    assert (await shown(place, "ZA-DHA", request))[1] == ["content"]


async def test_a_digest_of_another_message_is_not_erased_by_it(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    erase(place.ledger, case, request, content_of(place.ledger, case))
    await place.follow()
    assert (await shown(place, "MZ-INAR", case))[1] == []


async def test_who_did_not_seal_it_erases_nothing(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    said: dict[str, Any] = {"case": case, "in_reply_to": request, "digests": [content_of(place.ledger, request)]}
    place.ledger.send("erasure.ordered", "ZA-DHA", ["MZ-INAR"], **said)
    assert place.ledger.leaves[-1].leaf.ruling.code == "NOT_PARTY"
    await place.follow()
    assert (await shown(place, "ZA-DHA", request))[1] == []


def bounced(ledger: LedgerMaker, case: str, request: str, content: str) -> str:
    """ZA-DHA sends a request back, with this text as a part of its own."""
    said = {"case": case, "in_reply_to": request, "reason": "SCHEMA"}
    return ledger.send("message.bounced", "ZA-DHA", ["MZ-INAR"], content=content, **said)


def erase_bounce(ledger: LedgerMaker, case: str, bounce: str, digest: str) -> None:
    ledger.send("erasure.ordered", "ZA-DHA", ["MZ-INAR"], case=case, in_reply_to=bounce, digests=[digest])
    assert ledger.leaves[-1].leaf.ruling.code is None


async def test_a_reader_that_names_a_part_as_its_own_does_not_destroy_it(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    digest = content_of(place.ledger, request)
    follower = await place.follow()
    erase_bounce(place.ledger, case, bounced(place.ledger, case, request, place.ledger.parts[digest]), digest)
    await place.follow(follower)
    await tell(place)
    assert await tombstones(place) == []
    for agency in ("MZ-INAR", "ZA-DHA"):
        assert "content" in (await shown(place, agency, request))[0]

    erase(place.ledger, case, request, digest)
    await place.follow(follower)
    await tell(place)
    assert await tombstones(place) == [digest]
    assert (await shown(place, "ZA-DHA", request))[1] == ["content"]


@pytest.fixture
def named_before(place: Place, asked: tuple[str, str]) -> str:
    """The digest of what ZA-DHA names as its own, and orders destroyed, before `LATER` comes, whose part it is."""
    ledger, (case, request) = place.ledger, asked
    text = part_text(LATER, "content", "MZ-INAR")
    digest = ledger.seal(text)
    erase_bounce(ledger, case, bounced(ledger, case, request, text), digest)
    ledger.open_case(id=LATER, content=text)
    return digest


async def test_who_names_a_part_before_its_message_does_not_destroy_it_and_its_sender_can(
    place: Place, named_before: str
) -> None:
    follower = await place.follow()
    assert "content" in (await shown(place, "MZ-INAR", LATER))[0]
    erase(place.ledger, LATER, LATER, named_before)
    await place.follow(follower)
    assert (await shown(place, "MZ-INAR", LATER))[1] == ["content"]


async def test_a_new_database_does_not_wait_where_another_message_was_the_first_to_name_what_was_erased(
    place: Place, asked: tuple[str, str]
) -> None:
    ledger, (case, request) = place.ledger, asked
    text = part_text(LATER, "content", "MZ-INAR")
    digest = ledger.seal(text)
    bounce = bounced(ledger, case, request, text)
    ledger.open_case(id=LATER, content=text)
    erase(ledger, LATER, LATER, digest)
    await without(place, digest)
    await place.stream.append(RECORD, ledger.records())
    await followed_again(place)
    assert (await shown(place, "MZ-INAR", bounce))[1] == ["content"]
    assert (await shown(place, "MZ-INAR", LATER))[1] == ["content"]


@pytest.mark.parametrize("text", ["a name, in clear", '{"protected":"e30"}', '{"protected":1}', "[]"])
async def test_what_is_no_sealed_part_is_erased_too(place: Place, text: str) -> None:
    case = place.ledger.open_case(content=text)
    erase(place.ledger, case, case, place.ledger.seal(text))
    await place.follow()
    assert (await shown(place, "MZ-INAR", case))[1] == ["content"]


async def test_a_part_that_comes_again_is_not_kept_and_its_tombstone_follows(
    place: Place, asked: tuple[str, str]
) -> None:
    case, request = asked
    digest = content_of(place.ledger, request)
    erase(place.ledger, case, request, digest)
    follower = await place.follow()
    await tell(place)
    again = next(text for text in place.ledger.parts.values() if part_entry(text).key == b64u.decode(digest))
    await place.stream.append(PARTS, [part_entry(again)])
    place.ledger.open_case()
    await place.follow(follower)
    assert (await shown(place, "ZA-DHA", request))[1] == ["content"]
    await tell(place)
    assert await tombstones(place) == [digest]  # compacted: the newest word under this key is that it is gone


async def test_rows_made_again_from_index_0_do_not_wait_for_what_was_erased(
    place: Place, asked: tuple[str, str]
) -> None:
    case, request = asked
    erase(place.ledger, case, request, content_of(place.ledger, request))
    await place.follow()
    await tell(place)
    async with place.store.write() as db:
        for table in tables.REBUILT:
            await db.execute(table.delete())
    await followed_again(place)
    assert (await shown(place, "ZA-DHA", request))[1] == ["content"]


async def followed_again(place: Place) -> Follower:
    follower = await place.follower()
    while await place.behind():
        await follower.step(0)
    return follower


async def without(place: Place, digest: str) -> None:
    """The parts as they stand in the topic when this one's tombstone has done its work."""
    await place.stream.append(PARTS, [part_entry(text) for one, text in place.ledger.parts.items() if one != digest])


async def test_a_new_database_finds_the_order_further_on(place: Place, asked: tuple[str, str]) -> None:
    case, request = asked
    digest = content_of(place.ledger, request)
    erase(place.ledger, case, request, digest)
    await without(place, digest)
    await place.stream.append(PARTS, [Entry(b64u.decode(digest), None)])
    await place.stream.append(RECORD, place.ledger.records())
    await followed_again(place)
    assert (await shown(place, "ZA-DHA", request))[1] == ["content"]


async def test_a_part_that_is_missing_without_an_order_is_waited_for(place: Place, asked: tuple[str, str]) -> None:
    _, request = asked
    digest = content_of(place.ledger, request)
    await without(place, digest)
    await place.stream.append(RECORD, place.ledger.records())
    follower = await place.follower()
    await follower.step(0)
    for _ in range(2):
        with pytest.raises(Unavailable, match="parts"):
            await follower.step(0)
    missing = next(text for text in place.ledger.parts.values() if part_entry(text).key == b64u.decode(digest))
    await place.stream.append(PARTS, [part_entry(missing)])
    await follower.step(0)
    assert (await shown(place, "ZA-DHA", request))[1] == []


async def test_what_is_erased_before_anybody_read_it_is_an_alarm(
    place: Place, asked: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    case, request = asked
    erase(place.ledger, case, request, content_of(place.ledger, request))
    await place.follow()
    assert "erased before its readers had it" in capsys.readouterr().out
