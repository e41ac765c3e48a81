"""What the first page tells an operator."""

import gzip

import pytest

from console_place import NOTHING, ConsolePlace
from hifadhi.hub.console import query, tables
from hifadhi.hub.console.query import DEADLINES_PAGE, NEWEST
from ledger_maker import LedgerMaker

HOUR = 3_600_000
TILES = ("Oldest unsealed", "Oldest unfetched", "Overdue answers", "Dead letters")


def requests(ledger: LedgerMaker, count: int) -> list[str]:
    """Referrals with open deadlines, the next to lapse first."""
    made = []
    for _ in range(count):
        made.append(ledger.request(ledger.open_case()))
        ledger.tick(1000)
    return made


async def fetched(place: ConsolePlace, address: str) -> tuple[str, bytes]:
    async with place.client.get(address) as response:
        assert response.status == 200 and "immutable" in response.headers["Cache-Control"]
        return response.content_type, await response.read()


async def test_the_root_leads_to_the_console(place: ConsolePlace) -> None:
    async with place.client.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/console")


async def test_an_empty_exchange_has_nothing_that_waits(place: ConsolePlace) -> None:
    await place.caught_up()
    page = await place.page("/console")
    assert "exchange.example" in page.text
    assert "Working." in page.text
    assert [page.tiles[name].split()[0] for name in TILES] == ["none"] * 4
    assert "No clock runs." in page.text


async def test_the_oldest_submission_beyond_the_registrys_progress_is_the_oldest_unsealed(place: ConsolePlace) -> None:
    await place.submitted(2, ruled=3)
    await place.caught_up()
    place.ledger.now_ms += 42_000
    assert (await place.page("/console")).tiles["Oldest unsealed"].startswith("42 s Submission 3, stored 2026-11-23")


async def test_a_registry_later_than_its_promise_is_told_as_trouble(place: ConsolePlace) -> None:
    await place.submitted(1)
    await place.caught_up()
    place.ledger.now_ms += 60_000
    assert "Working." in (await place.page("/console")).text
    place.ledger.now_ms += 1
    assert "The registry is late: it promises a leaf within 60 s" in (await place.page("/console")).text


async def test_the_oldest_unfetched_entry_names_the_agency_until_it_has_fetched_it(place: ConsolePlace) -> None:
    case = place.ledger.open_case()
    place.ledger.request(case)
    opened, asked = (leaf.index for leaf in place.ledger.leaves[-2:])
    await place.fetched(opened, "INT-STATS", "INT-WATCH")
    await place.fetched(asked, "INT-STATS", waiting=["ZA-DHA"])
    await place.caught_up()
    place.ledger.now_ms += 3 * HOUR
    tile = (await place.page("/console")).tiles["Oldest unfetched"]
    assert tile.startswith(f"3 h ZA-DHA has not fetched entry {asked} (referral.requested)")
    await place.fetched(asked, "INT-STATS", "ZA-DHA")
    await place.caught_up()
    assert (await place.page("/console")).tiles["Oldest unfetched"].startswith("none")


async def test_a_sender_is_not_waited_for_and_a_refused_message_is_for_nobody(place: ConsolePlace) -> None:
    case = place.ledger.open_case("MZ-INAR")
    place.ledger.request(case, seen=99)
    opened = place.ledger.leaves[-2].index
    await place.fetched(opened, "INT-STATS", "INT-WATCH")
    await place.caught_up()
    assert (await place.page("/console")).tiles["Oldest unfetched"].startswith("none")


async def test_an_answer_is_overdue_from_its_lapse_until_it_comes(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case, urgency="emergency")
    ledger.tick(24 * HOUR)  # nobody took it: the reply clock starts by itself
    await place.caught_up()
    assert (await place.page("/console")).tiles["Overdue answers"].startswith("none")
    ledger.tick(72 * HOUR)
    await place.caught_up()
    page = await place.page("/console")
    assert page.tiles["Overdue answers"].startswith("1 The longest overdue: ZA-DHA, due 2026-11-27 10:00:00 UTC")
    [row] = page.tables["overdue"]
    assert (row["Referral"], row["State"], row["Owed by"]) == (referral, "ESCALATED", "ZA-DHA to reply")
    assert row["Responsible"] == "MZ-INAR"
    ledger.send(
        "referral.accepted",
        "ZA-DHA",
        ["MZ-INAR"],
        case=case,
        referral=referral,
        seen=ledger.fold.cases[case].referrals[referral].version,
    )
    await place.caught_up()
    assert (await place.page("/console")).tiles["Overdue answers"].startswith("none")


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_answer_stays_overdue_whatever_else_happens(place: ConsolePlace, *, at_once: bool) -> None:
    """Its asker's successor speaks on the case: in the batch of the lapse, or in a later one."""
    ledger = place.ledger
    ledger.admit("MZ-NEW")
    case = ledger.open_case()
    referral = ledger.request(case, urgency="emergency")
    for step in (
        lambda: ledger.tick(24 * HOUR),
        lambda: ledger.tick(72 * HOUR),
        lambda: ledger.remove("MZ-INAR", "MZ-NEW"),
        lambda: ledger.send("encounter.reported", "MZ-NEW", case=case),
        lambda: ledger.send("encounter.reported", "MZ-NEW", case=case),
    ):
        step()
        if not at_once:
            await place.caught_up()
    await place.caught_up()
    page = await place.page("/console")
    [row] = page.tables["overdue"]
    assert (row["Referral"], row["State"], row["Owed by"]) == (referral, "ESCALATED", "ZA-DHA to reply")
    assert page.tiles["Overdue answers"].startswith("1 The longest overdue: ZA-DHA, due 2026-11-27 10:00:00 UTC")


async def test_a_reply_clock_that_has_passed_counts_before_its_lapse_is_sealed(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case, urgency="emergency")
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    await place.caught_up()
    ledger.now_ms += 72 * HOUR
    page = await place.page("/console")
    assert [row["State"] for row in page.tables["overdue"]] == ["RECEIVED"]
    assert page.tables["deadlines"][0]["Due"].endswith("UTC 0 s ago")


async def test_dead_letters_are_counted_once_with_the_newest_cause(place: ConsolePlace) -> None:
    for position, cause in ((5, "NOT_JSON"), (9, "SIGNATURE"), (9, "SIGNATURE")):
        await place.died(position, cause)
    await place.caught_up()
    assert (
        (await place.page("/console"))
        .tiles["Dead letters"]
        .startswith("2 The newest at position 9 of the submissions: SIGNATURE")
    )


async def test_open_deadlines_stand_in_pages_of_one_order_without_gap_or_double(place: ConsolePlace) -> None:
    made = requests(place.ledger, 2 * DEADLINES_PAGE + 3)
    await place.caught_up()
    seen, path, sizes = [], "/console", []
    while path:
        page = await place.page(path)
        rows = page.tables["deadlines"]
        sizes.append(len(rows))
        seen += [row["Referral"] for row in rows]
        path = next((link for link in page.links if "?after=" in link and link.endswith("#deadlines")), "")
    assert seen == made
    assert sizes == [DEADLINES_PAGE, DEADLINES_PAGE, 3]


async def test_clocks_due_at_the_same_moment_are_all_shown_over_the_page_border(place: ConsolePlace) -> None:
    ledger = place.ledger
    cases = [ledger.open_case() for _ in range(DEADLINES_PAGE + 5)]
    made = [ledger.request(case) for case in cases]
    await place.caught_up()
    async with place.store.write() as db:  # as if all were stored in one millisecond
        await db.execute(tables.referrals.update().values(due=ledger.now_ms + HOUR))
    first = await place.json("/console/deadlines.json")
    second = await place.json(f"/console/deadlines.json?after={first['after']}")
    assert [row["referral"] for row in first["data"] + second["data"]] == sorted(made)
    assert (first["done"], second["done"]) == (False, True)


async def test_the_order_is_that_of_the_deadlines_whatever_the_ids(place: ConsolePlace) -> None:
    made = requests(place.ledger, DEADLINES_PAGE + 5)
    await place.caught_up()
    async with place.store.write() as db:
        for number, referral in enumerate(reversed(made)):
            here = tables.referrals.update().where(tables.referrals.c.id == referral)
            await db.execute(here.values(due=place.ledger.now_ms + number))
    first = await place.json("/console/deadlines.json")
    second = await place.json(f"/console/deadlines.json?after={first['after']}")
    assert [row["referral"] for row in first["data"] + second["data"]] == made[::-1]


async def test_a_page_that_ends_with_the_last_clock_has_no_next_page(place: ConsolePlace) -> None:
    requests(place.ledger, DEADLINES_PAGE)
    await place.caught_up()
    assert (await place.json("/console/deadlines.json"))["done"]


async def test_an_end_of_page_that_is_none_is_refused_calmly(place: ConsolePlace) -> None:
    for after in ("", "1", "x~y", "1~01920000-0000-7000-8000-00000000000e~", "9" * 16 + "~" + "0" * 36, "%3Cb%3E"):
        page = await place.page(f"/console?after={after}", status=400)
        assert "begin at the first one" in page.text
        assert "<b>" not in page.html


async def test_the_newest_entries_come_first_with_their_rulings(place: ConsolePlace) -> None:
    ledger = place.ledger
    requests(ledger, NEWEST)
    case = ledger.open_case()
    ledger.request(case, seen=99)
    await place.caught_up()
    rows = (await place.page("/console")).tables["entries"]
    assert [int(row["Index"]) for row in rows] == [*range(len(ledger.leaves) - 1, len(ledger.leaves) - 1 - NEWEST, -1)]
    assert rows[0] == {
        "Index": str(len(ledger.leaves) - 1),
        "Sealed": rows[0]["Sealed"],
        "Type": "referral.requested",
        "From → to": "MZ-INAR → ZA-DHA",
        "Ruling": "refused STALE_STATE",
        "Referral": NOTHING,
    }
    assert rows[0]["Sealed"].endswith(" UTC")


async def test_a_page_that_is_full_of_rows_is_small(place: ConsolePlace) -> None:
    requests(place.ledger, DEADLINES_PAGE + NEWEST)
    place.ledger.tick(24 * HOUR)
    requests(place.ledger, DEADLINES_PAGE)
    await place.caught_up()
    place.ledger.now_ms += 60 * 24 * HOUR
    page = await place.page("/console")
    addresses = [named.get("href") or named.get("src") for tag, named in page.tags if tag in {"link", "script"}]
    files = [await fetched(place, address or "") for address in addresses]
    assert [kind for kind, _ in files] == ["text/css", "image/svg+xml", "text/javascript"]
    assert len(page.tables["deadlines"]) == DEADLINES_PAGE
    assert len(page.tables["overdue"]) == query.OVERDUE
    whole = [page.html.encode(), *(content for _, content in files)]
    assert sum(len(gzip.compress(content)) for content in whole) <= 15_000  # two seconds at 64 kbit/s
    assert sum(map(len, whole)) <= 72_000


async def test_what_is_wrong_with_the_other_services_is_said_on_the_first_page(place: ConsolePlace) -> None:
    await place.caught_up()
    trouble = "Delivery stands still: PART_MISSING."
    place.console._faces._elsewhere = lambda: [trouble]  # noqa: SLF001 (wiring gives it at the start)
    async with place.client.get("/console") as response:
        assert trouble in await response.text()
