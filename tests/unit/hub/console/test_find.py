"""From an id to its page."""

import json

from console_place import ConsolePlace
from hifadhi.evidence import b64u


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


async def test_a_message_that_concerns_no_referral_leads_to_its_case(place: ConsolePlace) -> None:
    case = place.ledger.open_case()
    await place.caught_up()
    entry = len(place.ledger.leaves) - 1
    async with place.client.get("/console/find", params={"id": case}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, f"/console/cases/{case}#entry-{entry}")
    assert f'id="entry-{entry}"' in (await place.page(f"/console/cases/{case}")).html


async def test_a_statement_that_concerns_no_case_is_said_to_be_there(place: ConsolePlace) -> None:
    place.ledger.revoke("KE-DRS")
    await place.caught_up()
    entry = len(place.ledger.leaves) - 1
    said = json.loads(place.ledger.leaves[-1].leaf.envelope)["payload"]
    page = await place.page(f"/console/find?id={json.loads(b64u.decode(said))['id']}", status=404)
    assert f"entry {entry} of the ledger, key.revoked: it concerns no case" in page.text


async def test_an_id_that_nothing_has_is_not_found_and_not_repeated(place: ConsolePlace) -> None:
    for unknown in ("", "x", "01920000-0000-7000-8000-ffffffffffff", "%3Cscript%3E", "x" * 3000):
        page = await place.page(f"/console/find?id={unknown}", status=404)
        assert "knows no referral and no message of this id" in page.text
        assert len(unknown) < 2 or unknown not in page.html
    await place.page("/console/find", status=404)
