"""From an id to its page."""

from console_place import ConsolePlace


async def test_a_referral_and_a_message_within_it_lead_to_the_entry_on_its_page(place: ConsolePlace) -> None:
    ledger = place.ledger
    case = ledger.open_case()
    referral = ledger.request(case)
    received = ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    await place.caught_up()
    asked = len(ledger.leaves) - 2
    for wanted, entry in ((referral, asked), (f" {referral.upper()} ", asked), (received, asked + 1)):
        async with place.client.get("/console/find", params={"id": wanted}, allow_redirects=False) as response:
            where = response.headers["Location"]
            assert (response.status, where) == (303, f"/console/referrals/{referral}#entry-{entry}")
    assert f'id="entry-{asked + 1}"' in (await place.page(f"/console/referrals/{referral}")).html


async def test_a_message_that_concerns_no_referral_is_said_to_be_there(place: ConsolePlace) -> None:
    case = place.ledger.open_case()
    await place.caught_up()
    page = await place.page(f"/console/find?id={case}", status=404)
    entry = len(place.ledger.leaves) - 1
    assert f"entry {entry} of the ledger, encounter.reported: it concerns no referral" in page.text


async def test_an_id_that_nothing_has_is_not_found_and_not_repeated(place: ConsolePlace) -> None:
    for unknown in ("", "x", "01920000-0000-7000-8000-ffffffffffff", "%3Cscript%3E", "x" * 3000):
        page = await place.page(f"/console/find?id={unknown}", status=404)
        assert "knows no referral and no message of this id" in page.text
        assert len(unknown) < 2 or unknown not in page.html
    await place.page("/console/find", status=404)
