"""The page of a case: its whole story, who owes protection, and what lies over it."""

from typing import Any

from console_place import ConsolePlace
from hifadhi.hub.console.query import TIMELINE_PAGE


async def test_every_entry_of_the_case_is_a_line_once_in_order(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    first = len(ledger.leaves) - 1
    referral = ledger.request(case)
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    met = ledger.send("encounter.reported", "ZA-DHA", case=case)
    ledger.send("removal.recorded", "MZ-INAR", case=case)
    facts: dict[str, Any] = {"case": case, "referral": referral, "seen": 1, "encounter": met}
    ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], **facts)
    ledger.open_case("KE-DRS")
    await place.caught_up()
    rows = (await place.page(f"/console/cases/{case}")).tables["timeline"]
    assert [int(row["Index"]) for row in rows] == [*range(first, len(ledger.leaves) - 1)]
    assert "removed this person" in rows[4]["What happened"]
    assert [row["Responsible"] for row in rows[-2:]] == ["MZ-INAR", "ZA-DHA"]
    assert (rows[1]["State after"], rows[-1]["State after"]) == ("SENT", "ARRIVED")


async def test_it_shows_what_lies_over_the_case_and_which_clocks_run(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    ledger.request(case)
    ledger.send("consent.changed", "MZ-INAR", ["ZA-DHA"], case=case)
    await place.caught_up()
    page = await place.page(f"/console/cases/{case}")
    assert page.facts["Responsible now"] == "MZ-INAR"
    assert page.facts["Changed consent not confirmed by"] == "ZA-DHA"
    assert page.facts["Contested"] == "no"
    for words in ("ZA-DHA to take the request by", "MZ-INAR to act on the case by", "to confirm that it follows the"):
        assert words in " ".join(page.text.split())


async def test_a_closed_case_is_said_to_be_nobodys(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    ledger.send("case.closed", "MZ-INAR", case=case, seen=1)
    await place.caught_up()
    page = await place.page(f"/console/cases/{case}")
    assert page.facts["Responsible now"] == "nobody: closed"
    assert "None." in page.text


async def test_a_long_story_comes_in_pages_and_as_a_table(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    for _ in range(TIMELINE_PAGE):
        ledger.send("removal.recorded", "MZ-INAR", case=case)
    await place.caught_up()
    first = await place.page(f"/console/cases/{case}")
    assert len(first.tables["timeline"]) == TIMELINE_PAGE
    last = int(first.tables["timeline"][-1]["Index"])
    rest = await place.page(f"/console/cases/{case}?after={last}")
    assert [int(row["Index"]) for row in rest.tables["timeline"]] == [last + 1]
    async with place.client.get(f"/console/cases/{case}.csv") as response:
        assert response.status == 200
        assert len((await response.text()).splitlines()) == TIMELINE_PAGE + 1


async def test_what_is_no_case_is_not_found(place: ConsolePlace) -> None:
    referral = place.ledger.request(place.ledger.open_case())
    await place.caught_up()
    for unknown in (referral, "x", "01920000-0000-7000-8000-ffffffffffff"):
        await place.page(f"/console/cases/{unknown}", status=404)


async def test_a_successor_is_shown_before_anything_was_said_of_the_case(place: ConsolePlace) -> None:
    ledger = place.ledger
    case, referral = ledger.open_case(), ""
    referral = ledger.request(case)
    ledger.admit("MZ-NEW")
    ledger.remove("MZ-INAR", "MZ-NEW")
    await place.caught_up()
    assert (await place.page(f"/console/cases/{case}")).facts["Responsible now"] == "MZ-NEW"
    assert (await place.page(f"/console/referrals/{referral}")).facts["Asked"] == "MZ-NEW → ZA-DHA"
