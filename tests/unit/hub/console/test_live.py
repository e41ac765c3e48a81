"""Streams that tell an open page that it is old."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from console_place import ConsolePlace, console_on
from event_source import listening, until
from hifadhi.hub.console import listeners, progress, tables
from hifadhi.hub.console.event_stream import Pace
from ledger_maker import LedgerMaker

BEATS_S = 0.05


@pytest.fixture
async def place(tmp_path: Path, ledger: LedgerMaker) -> AsyncIterator[ConsolePlace]:
    """A console that only its followers' bell wakes: nobody looks by himself."""
    async with console_on(tmp_path, ledger, Pace(gap_s=0.0, look_s=30.0, beat_s=30.0)) as opened:
        await opened.caught_up()
        yield opened


@pytest.fixture
async def restless(tmp_path: Path, ledger: LedgerMaker) -> AsyncIterator[ConsolePlace]:
    """A console that beats all the time."""
    async with console_on(tmp_path, ledger, Pace(gap_s=0.0, look_s=BEATS_S, beat_s=BEATS_S)) as opened:
        await opened.caught_up()
        yield opened


async def revision(place: ConsolePlace, path: str = "/console") -> str:
    page = await place.page(path)
    return next(named["data-revision"] or "" for tag, named in page.tags if tag == "main")


def count(place: ConsolePlace) -> int:
    return place.console._listeners.count  # noqa: SLF001 (how many listen is for metrics)


async def test_a_page_is_told_of_every_kind_of_change_and_of_its_own_new_revision(place: ConsolePlace) -> None:
    ledger = place.ledger
    async with listening(place.client, f"/console/events?since={await revision(place)}") as source:
        case = ledger.open_case()
        ledger.request(case)
        await place.caught_up()
        assert await source.changed() == await revision(place)
        await place.fetched(len(ledger.leaves) - 1, "ZA-DHA")
        await place.followed()
        assert await source.changed() == await revision(place)
        await place.died(4, "NOT_JSON")
        await place.followed()
        assert await source.changed() == await revision(place)
    assert source.retry_ms == 1000


async def test_who_returns_is_told_at_once_what_it_missed_and_nothing_if_it_missed_nothing(
    restless: ConsolePlace,
) -> None:
    restless.ledger.open_case()
    known = await revision(restless)
    await restless.caught_up()
    async with listening(restless.client, "/console/events", known) as source:
        assert await source.next() == "changed"
        newest = source.last_id
    async with listening(restless.client, f"/console/events?since={known}", newest) as source:
        assert [await source.next(), await source.next()] == ["beat", "beat"]


async def test_a_revision_means_the_same_after_the_console_has_been_started_again(
    tmp_path: Path, ledger: LedgerMaker
) -> None:
    async with console_on(tmp_path, ledger) as place:
        referral = ledger.request(ledger.open_case())
        await place.caught_up()
        paths = ("/console", f"/console/referrals/{referral}")
        known = [await revision(place, path) for path in paths]
    async with console_on(tmp_path, ledger) as place:
        assert [await revision(place, path) for path in paths] == known


async def test_the_page_of_a_referral_is_told_what_concerns_it_and_nothing_else(restless: ConsolePlace) -> None:
    place, ledger = restless, restless.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    await place.caught_up()
    path = f"/console/referrals/{referral}"
    async with listening(place.client, f"{path}/events?since={await revision(place, path)}") as source:
        ledger.request(ledger.open_case())
        await place.caught_up()
        assert [await source.next(), await source.next()] == ["beat", "beat"]
        ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
        await place.caught_up()
        assert await source.changed() == await revision(place, path)


async def test_a_refused_message_is_a_line_of_its_page_although_nothing_else_changes(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    await place.caught_up()
    path = f"/console/referrals/{referral}"
    async with listening(place.client, f"{path}/events?since={await revision(place, path)}") as source:
        ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral, seen=99)
        await place.caught_up()
        assert await source.changed() == await revision(place, path)


async def test_where_a_referral_stands_is_part_of_its_page_whatever_the_lines_say(restless: ConsolePlace) -> None:
    referral = restless.ledger.request(restless.ledger.open_case())
    await restless.caught_up()
    path = f"/console/referrals/{referral}"
    async with listening(restless.client, f"{path}/events?since={await revision(restless, path)}") as source:
        async with restless.store.write() as db:
            await db.execute(tables.referrals.update().values(state="ESCALATED"))
        assert await source.changed() == await revision(restless, path)


async def test_another_referral_that_moves_responsibility_changes_the_page(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    service, asked = ledger.request(case, to="KE-DRS", kind="service"), ledger.request(case)
    await place.caught_up()
    path = f"/console/referrals/{service}"
    async with listening(place.client, f"{path}/events?since={await revision(place, path)}") as source:
        met = ledger.send("encounter.reported", "ZA-DHA", case=case)
        ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=case, referral=asked, seen=1, encounter=met)
        await place.caught_up()
        assert await source.changed() == await revision(place, path)


async def test_what_is_wrong_with_another_service_is_told_without_a_bell(restless: ConsolePlace) -> None:
    troubles: list[str] = []
    restless.console._faces._elsewhere = lambda: troubles  # noqa: SLF001 (wiring gives it at the start)
    async with listening(restless.client, f"/console/events?since={await revision(restless)}") as source:
        assert await source.next() == "beat"
        troubles.append("The registry has stopped; see the diagnostics.")
        assert await source.changed() == await revision(restless)


async def test_a_follower_that_stops_is_told(place: ConsolePlace) -> None:
    async with listening(place.client, f"/console/events?since={await revision(place)}") as source:
        await place.died(4, "not a cause")
        await place.stopped()
        assert await source.changed() == await revision(place)


async def test_rows_that_are_made_again_from_the_start_end_as_the_same_page(place: ConsolePlace) -> None:
    place.ledger.request(place.ledger.open_case())
    await place.caught_up()
    known = await revision(place)
    await place.console.stop()
    await progress.start_again(place.store)
    await place.console.start()
    await place.followed()
    assert await revision(place) == known


async def test_many_changes_while_a_page_is_busy_are_few_notices_and_the_last_one_is_true(
    tmp_path: Path, ledger: LedgerMaker
) -> None:
    async with console_on(tmp_path, ledger, Pace(gap_s=0.5)) as place:
        await place.caught_up()
        async with listening(place.client, f"/console/events?since={await revision(place)}") as source:
            for _ in range(20):
                ledger.open_case()
                await place.caught_up()
            newest = await revision(place)
            while await source.changed() != newest:
                pass
        assert len(source.heard) <= 4


async def test_more_pages_than_the_console_bears_are_told_when_to_return(place: ConsolePlace) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(listeners.MOST):
            await stack.enter_async_context(listening(place.client, "/console/events"))
        async with place.client.get("/console/events") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
            assert (await response.json())["code"] == "OVERLOADED"


async def test_a_page_that_is_closed_gives_its_place_back_before_the_next_beat(
    tmp_path: Path, ledger: LedgerMaker
) -> None:
    async with console_on(tmp_path, ledger, Pace(look_s=BEATS_S, beat_s=30.0)) as place:
        async with listening(place.client, "/console/events"):
            assert count(place) == 1
        await until(lambda: count(place) == 0)


@pytest.mark.slow
async def test_who_does_not_read_is_dropped(tmp_path: Path, ledger: LedgerMaker) -> None:
    async with console_on(tmp_path, ledger, Pace(gap_s=0.0, look_s=0.0001, beat_s=0.0)) as place:
        server = place.client.server
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.connect((server.host, server.port))
            deaf.sendall(f"GET /console/events HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
            await until(lambda: count(place) == 1)
            await until(lambda: count(place) == 0)


async def test_a_stream_does_not_live_for_ever(tmp_path: Path, ledger: LedgerMaker) -> None:
    short = Pace(look_s=0.01, whole_s=0.1)
    async with console_on(tmp_path, ledger, short) as place, listening(place.client, "/console/events") as source:
        assert await source.next() == "changed"
        assert await source.next() is None


async def test_streams_end_at_once_when_the_door_closes(place: ConsolePlace) -> None:
    async with listening(place.client, "/console/events") as source:
        await source.changed()
        began = time.monotonic()
        place.console.hush()
        assert await source.next() is None
        assert time.monotonic() - began < 1
    await asyncio.wait_for(place.console.stop(), 1)


async def test_a_referral_that_there_is_not_has_no_stream(place: ConsolePlace) -> None:
    for unknown in ("01920000-0000-7000-8000-ffffffffffff", "x"):
        async with place.client.get(f"/console/referrals/{unknown}/events") as response:
            assert response.status == 404


async def test_a_head_request_does_not_wait(place: ConsolePlace) -> None:
    async with place.client.head("/console/events") as response:
        assert response.status in {404, 405}
