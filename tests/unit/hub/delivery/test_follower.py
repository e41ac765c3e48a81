"""Leaf by leaf into inboxes: who gets what, in which order, and what a crash or a false topic does."""

import json

import pytest

from delivery_place import Place
from hifadhi.errors import Tampered, Unavailable
from hifadhi.evidence import b64u
from hifadhi.evidence.leaf import parse
from hifadhi.hub.delivery import progress
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PARTS, RECORD
from ledger_maker import LedgerMaker, part_entry, record

AGENCIES = ("MZ-INAR", "ZA-DHA", "KE-DRS", "INT-WATCH", "INT-STATS", "INT-OBS")


def story(ledger: LedgerMaker) -> tuple[str, str]:
    case = ledger.open_case()
    referral = ledger.request(case)
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    return case, referral


async def roles_of(place: Place, index: int) -> dict[str, str]:
    return {a: item["role"] for a, items in (await place.inboxes()).items() for item in items if item["index"] == index}


async def test_a_recorded_message_goes_to_sender_addressees_and_readers_in_their_strongest_role(place: Place) -> None:
    case = place.ledger.open_case()
    place.ledger.request(case)
    await place.follow()

    assert await roles_of(place, len(place.ledger.leaves) - 1) == {
        "MZ-INAR": "sender",
        "ZA-DHA": "addressee",
        "INT-STATS": "reader",
    }


async def test_the_responsible_agency_hears_as_a_party_of_an_encounter_elsewhere(place: Place) -> None:
    case = place.ledger.open_case()
    place.ledger.send("encounter.reported", "KE-DRS", case=case)
    await place.follow()

    assert (await roles_of(place, len(place.ledger.leaves) - 1))["MZ-INAR"] == "party"
    assert (await place.inbox("MZ-INAR"))[-1]["parts"] == {}


async def test_a_refused_message_goes_to_its_sender_only(place: Place) -> None:
    case = place.ledger.open_case()
    place.ledger.request(case, seen=99)
    await place.follow()

    index = len(place.ledger.leaves) - 1
    assert place.ledger.leaves[-1].leaf.ruling.code == "STALE_STATE"
    assert await roles_of(place, index) == {"MZ-INAR": "sender"}


async def test_a_refused_payload_that_breaks_its_schema_goes_to_whose_key_signed(place: Place) -> None:
    broken = {"format": 1, "id": place.ledger.next_id(), "type": "unheard.of", "from": "KE-DRS"}
    place.ledger.submit(broken, place.ledger.keys["ZA-DHA"])
    await place.follow()

    assert await roles_of(place, len(place.ledger.leaves) - 1) == {"ZA-DHA": "sender"}


async def test_a_lapse_goes_to_the_parties(place: Place) -> None:
    story(place.ledger)
    place.ledger.tick(40 * 86_400_000)
    await place.follow()

    assert place.ledger.leaves[-1].leaf.ruling.ruling == "lapsed"
    assert await roles_of(place, len(place.ledger.leaves) - 1) == {"MZ-INAR": "party", "ZA-DHA": "party"}


async def test_an_agency_hears_of_its_own_keys_and_nobody_else_does(place: Place) -> None:
    await place.follow()

    assert await roles_of(place, 1) == {"MZ-INAR": "sender"}
    assert await roles_of(place, 0) == {}


async def test_a_part_goes_to_its_readers_only(place: Place) -> None:
    case = place.ledger.open_case()
    place.ledger.request(case, sensitive=[])
    await place.follow()

    last = {agency: items[-1]["parts"] for agency, items in (await place.inboxes()).items() if items}
    assert set(last["MZ-INAR"]) == {"content", "sensitive", "statistics"}
    assert set(last["ZA-DHA"]) == {"content"}
    assert set(last["INT-STATS"]) == {"statistics"}
    assert set(last["INT-WATCH"]) == {"movement"}
    named = json.loads(last["ZA-DHA"]["content"])["sealed"]
    assert named.startswith("content of ")


async def test_items_are_the_sealed_bytes_in_the_order_of_the_ledger(place: Place) -> None:
    for _ in range(5):
        story(place.ledger)
    await place.follow()

    for items in (await place.inboxes()).values():
        indexes = [item["index"] for item in items]
        assert indexes == sorted(set(indexes))
        for item in items:
            assert b64u.decode(item["leaf"]) == place.ledger.leaves[item["index"]].leaf.to_bytes()


async def test_an_entry_waits_for_its_parts_and_everything_behind_it_waits_too(place: Place) -> None:
    first = place.ledger.open_case()
    late = dict(place.ledger.parts)
    await place.stream.append(PARTS, [part_entry(text) for text in list(late.values())[1:]])
    place.ledger.open_case("KE-DRS")
    await place.stream.append(PARTS, [part_entry(t) for d, t in place.ledger.parts.items() if d not in late])
    await place.stream.append(RECORD, place.ledger.records())
    follower = await place.follower()

    await follower.step(0)
    with pytest.raises(Unavailable, match="parts"):
        await follower.step(0)
    assert len(await place.inbox("MZ-INAR")) == 1  # its key
    assert await roles_of(place, len(place.ledger.leaves) - 1) == {}

    await place.stream.append(PARTS, [part_entry(text) for text in list(late.values())[:1]])
    await follower.step(0)
    assert len(await place.inbox("MZ-INAR")) == 2
    assert parse(b64u.decode((await place.inbox("MZ-INAR"))[-1]["leaf"])).ruling.case_version == 1
    assert first in place.ledger.fold.cases


async def test_a_refused_message_whose_parts_never_came_holds_nobody_up(place: Place) -> None:
    case = place.ledger.open_case()
    there = set(place.ledger.parts)
    place.ledger.request(case, seen=99)
    withheld = set(place.ledger.parts) - there
    place.ledger.open_case()
    await place.stream.append(PARTS, [part_entry(t) for d, t in place.ledger.parts.items() if d not in withheld])
    await place.stream.append(RECORD, place.ledger.records())
    await (await place.follower()).step(0)
    last, refused = len(place.ledger.leaves) - 1, len(place.ledger.leaves) - 2
    assert place.ledger.leaves[refused].leaf.ruling.code == "STALE_STATE"
    parts = {item["index"]: set(item["parts"]) for item in await place.inbox("MZ-INAR")}
    assert parts[refused] == set()
    assert parts[last] >= {"content"}


async def test_what_is_no_part_or_a_tombstone_without_an_order_is_not_believed(place: Place) -> None:
    place.ledger.open_case()
    await place.ledger.publish_parts(place.stream)
    real = next(iter(place.ledger.parts.values()))
    follower = await place.follow()
    await place.stream.append(PARTS, [Entry(part_entry(real).key, None), Entry(part_entry(real).key, b"another")])
    story(place.ledger)
    await place.stream.append(PARTS, [part_entry(text) for text in list(place.ledger.parts.values())[4:]])
    await place.stream.append(RECORD, place.ledger.records()[-3:])
    await follower.step(0)

    assert real in [part for item in await place.inbox("MZ-INAR") for part in item["parts"].values()]


async def test_a_part_under_another_key_than_its_digest_is_not_there(place: Place) -> None:
    place.ledger.open_case()
    first, *others = place.ledger.parts.values()
    await place.stream.append(PARTS, [Entry(b"another", first.encode()), *map(part_entry, others)])
    await place.stream.append(RECORD, place.ledger.records())
    follower = await place.follower()
    await follower.step(0)
    with pytest.raises(Unavailable, match="parts"):
        await follower.step(0)


async def test_a_crash_before_the_commit_leaves_nothing_and_the_batch_is_followed_again(place: Place) -> None:
    story(place.ledger)
    await place.publish()
    follower = await place.follower()
    place.store.crashes = 2  # the parts' transaction, then the record's
    for _ in range(2):
        with pytest.raises(Unavailable):
            await follower.step(0)
        assert await place.inbox("MZ-INAR") == []

    await (await place.follower()).step(0)
    assert [item["index"] for item in await place.inbox("ZA-DHA")][1:] == [13, 14]


async def test_two_followers_of_one_database_deliver_once(place: Place) -> None:
    story(place.ledger)
    await place.publish()
    one, other = await place.follower(), await place.follower()
    await one.step(0)
    before = await place.inboxes()
    with pytest.raises(progress.SwapLost):
        await other.step(0)
    await other.load()

    assert await other.step(0) == set()
    assert await place.inboxes() == before


async def test_a_repeated_record_is_dropped(place: Place) -> None:
    story(place.ledger)
    follower = await place.follow()
    before = await place.inboxes()
    await place.stream.append(RECORD, place.ledger.records()[-3:])
    story(place.ledger)
    await place.publish()
    await place.stream.append(RECORD, place.ledger.records()[-1:])
    await follower.step(0)
    await follower.step(0)

    after = await place.inboxes()
    assert [len(after[a]) - len(before[a]) for a in ("MZ-INAR", "ZA-DHA")] == [3, 2]


async def test_another_leaf_of_an_index_that_was_followed_is_tampered(place: Place) -> None:
    story(place.ledger)
    follower = await place.follow()
    genuine = place.ledger.records()
    await place.stream.append(RECORD, [Entry(b"", genuine[-2].value, genuine[-1].headers)])
    with pytest.raises(Tampered, match="two leaves of one index"):
        await follower.step(0)


async def test_a_gap_stops_the_follower_after_what_precedes_it(place: Place) -> None:
    story(place.ledger)
    await place.ledger.publish_parts(place.stream)
    whole = place.ledger.records()
    await place.stream.append(RECORD, [*whole[:-2], whole[-1]])
    follower = await place.follower()

    assert "MZ-INAR" in await follower.step(0)
    with pytest.raises(Tampered, match=f"index {len(whole) - 2}: .*skips a leaf"):
        await follower.step(0)
    assert len(await place.inbox("MZ-INAR")) == 2


@pytest.mark.parametrize("headers", [(), (("index", b"x"),), (("index", b"-1"),)])
async def test_a_record_without_an_index_is_tampered(place: Place, headers: tuple[tuple[str, bytes], ...]) -> None:
    await place.stream.append(RECORD, [Entry(b"", place.ledger.records()[0].value, headers)])
    with pytest.raises(Tampered, match="no index"):
        await (await place.follower()).step(0)


async def test_a_leaf_that_contradicts_the_case_is_tampered_and_what_precedes_it_is_delivered(place: Place) -> None:
    story(place.ledger)
    await place.ledger.publish_parts(place.stream)
    *sound, last = place.ledger.records()
    false = (last.value or b"").replace(b'"responsible":"MZ-INAR"', b'"responsible":"ZA-DHA"')
    await place.stream.append(RECORD, [*sound, Entry(last.key, false, last.headers)])
    follower = await place.follower()
    await follower.step(0)

    with pytest.raises(Tampered, match="disagree"):
        await follower.step(0)
    assert len(await place.inbox("ZA-DHA")) == 2  # its key, the request


async def test_a_restart_knows_directory_cases_and_place(place: Place) -> None:
    case, referral = story(place.ledger)
    before = await place.follow()
    place.ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral, seen=1)
    after = await place.follow()  # another follower, on the same rows

    assert after.directory.keys.keys() == before.directory.keys.keys() == place.ledger.fold.directory.keys.keys()
    assert len(await place.inbox("MZ-INAR")) == 5


async def test_a_rebuild_from_index_0_gives_the_same_inboxes(place: Place) -> None:
    for _ in range(3):
        story(place.ledger)
    await place.follow()
    before = await place.inboxes()
    await progress.start_again(place.store)
    assert await place.inbox("MZ-INAR") == []
    await place.follow()

    assert await place.inboxes() == before


async def test_a_bounce_is_projected_onto_the_request_that_it_names(place: Place) -> None:
    case = place.ledger.open_case()
    referral = place.ledger.request(case)
    await place.follow()
    place.ledger.send("message.bounced", "ZA-DHA", ["MZ-INAR"], case=case, in_reply_to=referral, reason="UNOPENABLE")
    place.ledger.request(case)
    await place.follow()

    assert record(place.ledger.leaves[-1]).value == b64u.decode((await place.inbox("ZA-DHA"))[-1]["leaf"])
