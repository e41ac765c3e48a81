"""The projection: the same ledger, the same rows, or a loud stop."""

from pathlib import Path
from typing import Any

import pytest

from console_place import ConsolePlace, console_on
from hifadhi.hub.console import progress, tables
from hifadhi.hub.console.dead_letters import DeadLetters
from hifadhi.hub.console.handovers import Handovers
from hifadhi.hub.console.ledger import BATCH, Ledger
from hifadhi.hub.console.progress import SwapLost
from hifadhi.hub.console.service import Console
from hifadhi.referral.case import Case
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import DEAD_LETTERS, DELIVERIES, RECORD
from ledger_maker import LedgerMaker

OTHERS = (Handovers, DeadLetters)


def story(ledger: LedgerMaker) -> str:
    case = ledger.open_case()
    referral = ledger.request(case)
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    met = ledger.send("encounter.reported", "ZA-DHA", case=case)
    ledger.tick(60 * 24 * 3_600_000)
    version = ledger.fold.cases[case].referrals[referral].version
    ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral, seen=version, encounter=met)
    ledger.revoke("KE-DRS")
    ledger.open_case("KE-DRS")  # refused: its key was revoked
    ledger.submit({"id": ledger.next_id(), "case": case, "type": "no.such"}, ledger.keys["ZA-DHA"])
    return referral


async def held(place: ConsolePlace) -> dict[str, list[Any]]:
    return {table.name: sorted(map(tuple, await place.rows(table)), key=repr) for table in tables.ALL}


async def test_the_rows_hold_the_heads_that_the_fold_has(place: ConsolePlace) -> None:
    story(place.ledger)
    await place.caught_up()
    heads = {row.id: Case.from_bytes(row.head) for row in await place.rows(tables.cases)}
    assert heads == place.ledger.fold.cases
    entries = await place.rows(tables.entries)
    assert [row.leaf_index for row in entries] == [*range(len(place.ledger.leaves))]
    assert entries[-1].type == "unreadable"
    assert entries[-1].sender == "ZA-DHA"


async def test_leaf_by_leaf_or_in_one_batch_gives_the_same_rows(tmp_path: Path) -> None:
    ledger = LedgerMaker.with_agencies()
    story(ledger)
    (tmp_path / "one").mkdir()
    (tmp_path / "all").mkdir()
    async with console_on(tmp_path / "one", ledger) as place:
        for entry in ledger.records():
            await place.stream.append(RECORD, [entry])
            await place.followed()
        single = await held(place)
    async with console_on(tmp_path / "all", ledger) as place:
        await place.caught_up()
        assert await held(place) == single


async def test_everything_can_be_made_again_from_index_0(place: ConsolePlace) -> None:
    story(place.ledger)
    await place.fetched(12, "INT-STATS", waiting=["INT-WATCH"])
    await place.died(4, "NOT_JSON")
    await place.caught_up()
    before = await held(place)
    await place.console.stop()
    await progress.start_again(place.store)
    assert not any((await held(place)).values())
    await place.console.start()
    await place.caught_up()
    assert await held(place) == before


@pytest.mark.slow
async def test_a_console_that_has_nothing_to_do_sees_that_its_rows_were_emptied(place: ConsolePlace) -> None:
    story(place.ledger)
    await place.fetched(12, "INT-STATS", waiting=["INT-WATCH"])
    await place.died(4, "NOT_JSON")
    await place.caught_up()
    before = await held(place)
    await progress.start_again(place.store)
    await place.followed()
    assert await held(place) == before


@pytest.mark.parametrize("topic", [RECORD, DELIVERIES, DEAD_LETTERS])
async def test_a_follower_at_the_end_of_its_topic_loses_the_swap_to_a_rebuild(place: ConsolePlace, topic: str) -> None:
    await place.console.stop()
    made = (Ledger(place.store, place.stream, place.ledger.root), *(f(place.store, place.stream) for f in OTHERS))
    [follower] = [one for one in made if one.topic == topic]
    await follower.load()
    assert not await follower.step(0)
    await progress.start_again(place.store)
    with pytest.raises(SwapLost):
        await follower.step(0)


async def test_a_console_that_comes_back_goes_on_where_it_was(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    await place.caught_up()
    await place.console.stop()
    await place.console.stop()
    ledger.request(case)
    await place.console.start()
    await place.caught_up()
    assert len(await place.rows(tables.entries)) == len(ledger.leaves)


async def test_two_consoles_on_one_store_hurt_nothing(place: ConsolePlace) -> None:
    other = Console(stream=place.stream, store=place.store, root=place.ledger.root, clock_ms=lambda: 0)
    await other.start()
    for _ in range(5):
        story_case = place.ledger.open_case()
        place.ledger.request(story_case)
        await place.caught_up()
    await other.stop()
    assert (place.console.stopped, other.stopped) == ({}, {})
    assert len(await place.rows(tables.entries)) == len(place.ledger.leaves)


async def test_who_lost_the_swap_has_written_nothing(place: ConsolePlace) -> None:
    await place.console.stop()
    slow = Ledger(place.store, place.stream, place.ledger.root)
    await slow.load()
    await place.console.start()
    await place.caught_up()
    before = await held(place)
    with pytest.raises(SwapLost):
        await slow.step(0)
    assert await held(place) == before


async def test_a_repeat_is_dropped(place: ConsolePlace) -> None:
    place.ledger.open_case()
    await place.caught_up()
    before = {table.name: await place.rows(table) for table in (tables.entries, tables.timeline)}
    repeated = place.ledger.records()[-3:]
    await place.stream.append(RECORD, [*repeated, *repeated])
    await place.caught_up()
    assert {table.name: await place.rows(table) for table in (tables.entries, tables.timeline)} == before
    assert place.console.stopped == {}


async def test_a_gap_stops_the_console_and_the_page_says_so(place: ConsolePlace) -> None:
    ledger = place.ledger
    ledger.open_case()
    ledger.open_case()
    entries = ledger.records()
    await place.stream.append(RECORD, [*entries[:-2], entries[-1]])
    stopped = await place.stopped()
    assert f"index {len(entries) - 2}: the topic 'record' skips a leaf" in stopped["record"]
    page = await place.page("/console")
    assert "no longer follow the topic 'record'" in page.text
    assert "Working." not in page.text
    assert page.tables["entries"][0]["Index"] == str(len(entries) - 3)  # all that came before the gap


@pytest.mark.parametrize("at_once", [True, False])
async def test_another_leaf_under_a_known_index_stops_the_console(place: ConsolePlace, *, at_once: bool) -> None:
    entries = place.ledger.records()
    other = Entry(entries[1].key, entries[1].value, entries[0].headers)
    if not at_once:
        await place.caught_up()
        await place.stream.append(RECORD, [other])
    else:
        await place.stream.append(RECORD, [*entries, other])
    assert "holds two leaves of one index" in (await place.stopped())["record"]


async def test_a_ruling_that_the_rules_do_not_give_stops_the_console(place: ConsolePlace) -> None:
    place.ledger.open_case()
    *entries, last = place.ledger.records()
    assert last.value
    forged = last.value.replace(b'"responsible":"MZ-INAR"', b'"responsible":"ZA-DHA"')
    await place.stream.append(RECORD, [*entries, Entry(last.key, forged, last.headers)])
    assert "disagree" in (await place.stopped())["record"]


async def test_more_leaves_than_a_batch_are_followed(place: ConsolePlace) -> None:
    for _ in range(BATCH + 10):
        place.ledger.open_case()
    await place.caught_up()
    assert len(await place.rows(tables.cases)) == BATCH + 10


async def test_a_hand_over_that_comes_before_its_entry_is_not_lost(place: ConsolePlace) -> None:
    ledger = place.ledger
    await place.caught_up()
    ledger.open_case()
    index = ledger.leaves[-1].index
    await place.fetched(index, "INT-STATS", waiting=["INT-WATCH"])
    handovers = Handovers(place.store, place.stream)
    await handovers.load()
    assert not await handovers.step(0)
    await place.caught_up()
    assert [(row.leaf_index, row.agency) for row in await place.rows(tables.unfetched)] == [(index, "INT-WATCH")]


@pytest.mark.parametrize(
    "value", [b"x", b"[]", b'{"index":1}', b'{"index":"x","delivered":[]}', b'{"index":1,"delivered":[1]}']
)
async def test_a_hand_over_that_cannot_be_read_stops_its_follower_alone(place: ConsolePlace, value: bytes) -> None:
    await place.stream.append(DELIVERIES, [Entry(b"message", value)])
    assert "cannot be read" in (await place.stopped())["deliveries"]
    place.ledger.open_case()
    await place.ledger.publish(place.stream)
    assert set(place.console.stopped) == {"deliveries"}


@pytest.mark.parametrize(("key", "cause"), [(b"elsewhere:1", b"NOT_JSON"), (b"submissions:1", b"<b>"), (b"", b"")])
async def test_a_dead_letter_without_place_or_cause_stops_its_follower(
    place: ConsolePlace, key: bytes, cause: bytes
) -> None:
    await place.stream.append(DEAD_LETTERS, [Entry(key, b"", (("cause", cause),))])
    assert "does not say where it lay" in (await place.stopped())["dead-letters"]


async def test_a_tombstone_of_a_hand_over_says_nothing(place: ConsolePlace) -> None:
    await place.stream.append(DELIVERIES, [Entry(b"message", None)])
    await place.caught_up()
    assert place.console.stopped == {}


async def test_nothing_new_is_nothing_to_follow(place: ConsolePlace) -> None:
    await place.caught_up()
    dead = DeadLetters(place.store, place.stream)
    await dead.load()
    assert not await dead.step(0)
