"""The console's two pages in a real browser, on an exchange in its own process."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from browser.operators_place import PATIENCE_MS, SOON_MS, OperatorsPlace, news, sign

pytestmark = pytest.mark.slow

LOST = "Link lost, trying again"


async def remember(page: Page) -> None:
    await page.evaluate("window.remembered = true")


async def is_remembered(page: Page) -> bool:
    """Whether it has not been loaded again since."""
    remembered: bool = await page.evaluate("window.remembered === true")
    return remembered


async def listening(place: OperatorsPlace) -> int:
    metrics = (await place.client.get("/metrics")).body.decode()
    return int(float(metrics.split("\nhifadhi_console_listening_pages ")[1].split("\n")[0]))


async def test_an_acceptance_is_on_both_pages_within_two_seconds_of_its_202(place: OperatorsPlace) -> None:
    case, referral = await place.asked(kind="service")
    overview, story = await place.opened("/console"), await place.opened(f"/console/referrals/{referral}")
    for page in (overview, story):
        await remember(page)
    await place.accept(case, referral)
    async with asyncio.timeout(SOON_MS / 1000):
        accepted = story.locator("dl.facts").get_by_text("ACCEPTED", exact=True)
        entry = overview.locator("#ledger tbody tr").first.get_by_text("referral.accepted")
        await asyncio.gather(expect(accepted).to_be_visible(), expect(entry).to_be_visible())
    await expect(story.locator("#story tbody tr")).to_have_count(3)
    await expect(overview.locator(f"#deadlines-{referral}")).to_have_count(0)
    await expect(news(story)).to_have_text("State ACCEPTED, responsible MZ-INAR, last entry 17.")
    await expect(news(overview)).to_contain_text("referral.accepted, recorded")
    assert await is_remembered(overview) and await is_remembered(story)


async def test_a_server_that_is_killed_is_said_to_be_away_and_what_happened_meanwhile_is_shown(
    place: OperatorsPlace,
) -> None:
    case, referral = await place.asked()
    overview, story = await place.opened("/console"), await place.opened(f"/console/referrals/{referral}")
    for page in (overview, story):
        await remember(page)
    place.complaints.forgiven.append("net::ERR_")
    await place.up.kill()
    for page in (overview, story):
        await expect(sign(page)).to_have_text(LOST, timeout=SOON_MS)
    await place.up.start()
    await place.up.ready()
    await place.accept(case, referral)
    for page in (overview, story):
        await expect(sign(page)).to_have_text("Live", timeout=PATIENCE_MS)
    await expect(story.locator("dl.facts").get_by_text("ACCEPTED", exact=True)).to_be_visible(timeout=SOON_MS)
    await expect(overview.locator("#ledger tbody tr").first).to_contain_text("referral.accepted", timeout=SOON_MS)
    assert await is_remembered(overview) and await is_remembered(story)


async def test_a_server_that_does_not_speak_any_more_is_noticed(place: OperatorsPlace) -> None:
    page = await place.browser.new_page()
    await page.clock.install()
    await page.goto(place.up.base_url + "/console")
    await expect(sign(page)).to_have_text("Live", timeout=PATIENCE_MS)
    await page.route("**/events*", lambda _route: None)  # a new stream would never begin
    await page.clock.fast_forward(41_000)
    await expect(sign(page)).to_have_text(LOST)


async def test_a_stream_that_is_refused_is_asked_for_again(place: OperatorsPlace) -> None:
    place.complaints.forgiven.append("503")
    context = await place.browser.new_context()
    await context.route("**/events*", lambda route: route.fulfill(status=503))
    page = await place.opened("/console", context, live=False)
    await expect(sign(page)).to_have_text(LOST, timeout=SOON_MS)
    await context.unroute_all()
    await expect(sign(page)).to_have_text("Live", timeout=PATIENCE_MS)


async def test_the_focus_stays_where_it_is_and_goes_to_the_table_when_its_row_goes(place: OperatorsPlace) -> None:
    case, referral = await place.asked(kind="service")
    page = await place.opened("/console")
    link = page.locator(f"#deadlines-{referral} a")
    await link.focus()
    await place.asked()
    await expect(page.locator("#clocks tbody tr")).to_have_count(2, timeout=SOON_MS)
    await expect(link).to_be_focused()
    await place.accept(case, referral)
    await expect(page.locator("#clocks tbody tr")).to_have_count(1, timeout=SOON_MS)
    await expect(page.locator("#clocks .scroll")).to_be_focused()


async def test_a_selection_and_the_place_in_a_long_page_stay(place: OperatorsPlace) -> None:
    _, referral = await place.asked()
    page = await place.opened("/console")
    await page.set_viewport_size({"width": 800, "height": 400})
    row = page.locator("#ledger tbody tr").nth(4)
    shown = page.locator("#" + str(await row.get_attribute("id")))
    await shown.scroll_into_view_if_needed()
    await shown.evaluate("node => getSelection().selectAllChildren(node)")
    selected = await page.evaluate("getSelection().toString()")
    before = await shown.bounding_box()
    await place.asked()
    await expect(page.locator("#clocks tbody tr")).to_have_count(2, timeout=SOON_MS)
    after = await shown.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    assert selected and selected == await page.evaluate("getSelection().toString()")
    assert referral in await page.locator("#clocks").inner_text()


async def test_what_an_operator_types_meanwhile_stays(place: OperatorsPlace) -> None:
    case, referral = await place.asked()
    page = await place.opened("/console")
    await page.get_by_label("Case, referral or message").type(referral)
    await place.accept(case, referral)
    await expect(page.locator("#ledger tbody tr").first).to_contain_text("referral.accepted", timeout=SOON_MS)
    await expect(page.get_by_label("Case, referral or message")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text(referral)


async def test_a_page_that_nobody_sees_holds_no_link_and_is_true_when_it_is_seen_again(place: OperatorsPlace) -> None:
    case, referral = await place.asked()
    page = await place.opened(f"/console/referrals/{referral}")
    assert await listening(place) == 1
    hide = "document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(f"Object.defineProperty(document, 'hidden', {{value: true, configurable: true}}); {hide}")
    async with asyncio.timeout(5):  # its place is free long before the next beat would fail
        while await listening(place):
            await asyncio.sleep(0.05)
    await place.client.sealed(place.acceptance(case, referral))
    await expect(page.locator("dl.facts")).to_contain_text("SENT")
    await page.evaluate(f"delete document.hidden; {hide}")
    await expect(page.locator("dl.facts")).to_contain_text("ACCEPTED", timeout=SOON_MS)
    await expect(sign(page)).to_have_text("Live")


async def test_ages_move_although_nothing_happens(place: OperatorsPlace) -> None:
    page = await place.browser.new_page()
    place.complaints.hear(page)
    await page.clock.install()
    await page.goto(place.up.base_url + "/console")
    await expect(sign(page)).to_have_text("Live", timeout=PATIENCE_MS)
    as_of = page.locator("#as-of time")
    before = str(await as_of.get_attribute("datetime"))
    await page.clock.fast_forward(61_000)
    await expect(as_of).not_to_have_attribute("datetime", before, timeout=PATIENCE_MS)


async def test_without_a_script_the_pages_work_and_say_what_to_do(place: OperatorsPlace) -> None:
    case, referral = await place.asked()
    context = await place.browser.new_context(java_script_enabled=False)
    page = await place.opened("/console", context, live=False)
    await expect(sign(page)).to_have_text("Reload to see changes")
    await page.get_by_label("Case, referral or message").fill(referral)
    await page.get_by_role("button", name="Find").click()
    await expect(page.locator("dl.facts")).to_contain_text("SENT")
    await place.client.sealed(place.acceptance(case, referral))
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while "ACCEPTED" not in await page.locator("dl.facts").inner_text():
            await page.reload()
    await expect(sign(page)).to_have_text("Reload to see changes")
