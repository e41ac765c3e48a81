"""The timeline of a referral."""

from typing import Any

from console_place import NOTHING, ConsolePlace
from hifadhi.hub.console.query import TIMELINE_PAGE
from hifadhi.hub.problem_codes import CODES
from ledger_maker import LedgerMaker

HOUR = 3_600_000


def answer(ledger: LedgerMaker, kind: str, case: str, referral: str, sender: str = "ZA-DHA", **facts: Any) -> str:
    version = ledger.fold.cases[case].referrals[referral].version
    return ledger.send(kind, sender, ["MZ-INAR"], case=case, referral=referral, **{"seen": version, **facts})


async def timeline(place: ConsolePlace, referral: str) -> list[dict[str, str]]:
    await place.caught_up()
    return (await place.page(f"/console/referrals/{referral}")).tables["timeline"]


async def test_every_step_of_a_referral_shows_its_ruling_its_state_and_who_is_responsible(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case, urgency="urgent")
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    answer(ledger, "referral.accepted", case, referral, seen=99)
    met = ledger.send("encounter.reported", "ZA-DHA", case=case)
    answer(ledger, "referral.accepted", case, referral, encounter=met)
    rows = await timeline(place, referral)
    assert [(row["State after"], row["Responsible"]) for row in rows] == [
        (NOTHING, "MZ-INAR"),
        ("SENT", "MZ-INAR"),
        ("RECEIVED", "MZ-INAR"),
        ("RECEIVED", "MZ-INAR"),
        ("ARRIVED", "ZA-DHA"),
    ]
    assert [row["Running clock"].split()[0] for row in rows] == [NOTHING, "receipt", "reply", "reply", NOTHING]
    assert rows[2]["Running clock"] == "reply until 2026-11-30 22:00:00 UTC"  # seven days, to the end of the day there
    assert rows[3]["Ruling"] == f"refused STALE_STATE {CODES['STALE_STATE'][0]}"
    assert "MZ-INAR asked ZA-DHA to take responsibility" in rows[1]["What happened"]
    facts = (await place.page(f"/console/referrals/{referral}")).facts
    assert facts == {
        "Asked": "MZ-INAR → ZA-DHA",
        "For": "responsibility",
        "Urgency": "urgent",
        "State": "ARRIVED",
        "Responsible now": "ZA-DHA",
        "Running clock": "none",
        "Case": case,
    }


async def test_a_lapse_is_a_step(place: ConsolePlace) -> None:
    ledger = place.ledger
    referral = ledger.request(ledger.open_case(), urgency="emergency")
    ledger.tick(24 * HOUR + 72 * HOUR)
    rows = await timeline(place, referral)
    assert [(row["Ruling"], row["State after"]) for row in rows[-2:]] == [("lapsed", "SENT"), ("lapsed", "ESCALATED")]


async def test_what_is_out_of_place_is_shown_as_irregular(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    answer(ledger, "referral.accepted", case, referral)
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    assert (await timeline(place, referral))[-1]["Ruling"] == "recorded, irregular"


async def test_another_referral_of_the_case_shows_only_where_it_moves_responsibility(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    service = ledger.request(case, to="KE-DRS", kind="service")
    asked = ledger.request(case)
    met = ledger.send("encounter.reported", "ZA-DHA", case=case)
    answer(ledger, "referral.accepted", case, asked, encounter=met)
    moved = ledger.leaves[-1].index
    rows = await timeline(place, service)
    assert [row["Index"] for row in rows] == [str(moved - 4), str(moved - 3), str(moved)]
    assert (rows[-1]["State after"], rows[-1]["Responsible"]) == (NOTHING, "ZA-DHA")


async def test_a_bounce_of_a_message_within_the_referral_belongs_to_it(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    accepted = answer(ledger, "referral.accepted", case, referral)
    await place.caught_up()  # so that the rows, and not the batch, must know it
    ledger.send("message.bounced", "MZ-INAR", ["ZA-DHA"], case=case, in_reply_to=accepted, reason="UNOPENABLE")
    last = (await timeline(place, referral))[-1]
    assert "could not use a message of ZA-DHA" in last["What happened"]
    assert last["State after"] == "ACCEPTED"


async def test_a_message_that_names_it_from_another_case_stays_out(place: ConsolePlace) -> None:
    ledger = place.ledger
    case, other = ledger.open_case(), ledger.open_case()
    referral = ledger.request(case)
    own = ledger.request(other)
    ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=other, referral=referral, seen=1)
    assert len(await timeline(place, referral)) == 2
    assert len(await timeline(place, own)) == 2


async def test_a_long_timeline_stands_in_pages_without_gap_or_double(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    for _ in range(TIMELINE_PAGE):
        answer(ledger, "referral.accepted", case, referral, seen=99)
    await place.caught_up()
    page = await place.page(f"/console/referrals/{referral}")
    [further] = [link for link in page.links if "?after=" in link and not link.endswith(("csv", "json"))][:1]
    rows = page.tables["timeline"] + (await place.page(further)).tables["timeline"]
    first = ledger.leaves[-1].index - TIMELINE_PAGE - 1
    assert [int(row["Index"]) for row in rows] == [*range(first, first + TIMELINE_PAGE + 2)]
    assert len(page.tables["timeline"]) == TIMELINE_PAGE


async def test_an_end_of_page_that_is_none_is_refused_calmly(place: ConsolePlace) -> None:
    referral = place.ledger.request(place.ledger.open_case())
    await place.caught_up()
    for after in ("", "-2", "x", "1.0", "9" * 16, "%00"):
        page = await place.page(f"/console/referrals/{referral}?after={after}", status=400)
        assert "begin at the first page" in page.text


async def test_an_id_that_nothing_has_gives_a_calm_page_that_does_not_repeat_it(place: ConsolePlace) -> None:
    case = place.ledger.open_case()
    await place.caught_up()
    for unknown in (case, "01920000-0000-7000-8000-ffffffffffff", "<b>", "%3Cscript%3E", "x" * 3000, "'"):
        page = await place.page(f"/console/referrals/{unknown}", status=404)
        assert "The ledger knows no referral of this id." in page.text
        assert unknown not in page.html or unknown == "'"
    assert "There is no such page." in (await place.page("/console/nothing/here", status=404)).text
    async with place.client.get(f"/console/referrals/{case}.json") as response:
        assert response.status == 404
