"""No barrier that axe finds, in both themes, wide and narrow (WCAG 2.2 AA), and nothing that scrolls sideways."""

from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from browser.operators_place import SOON_MS, OperatorsPlace, sign

pytestmark = pytest.mark.slow

AXE = Path(__file__).parent / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "tags => axe.run(document, {runOnly: tags})"
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5 && !one.closest(".scroll, .skip"))
    .map(one => one.outerHTML.slice(0, 200))"""
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (
    ("light", 1200),
    ("dark", 1200),
    ("light", 320),
    ("dark", 320),
)


def test_axe_is_the_file_that_was_published() -> None:
    assert sha256(AXE.read_bytes()).hexdigest() in (AXE.parent / "README.md").read_text()


async def story(place: OperatorsPlace) -> tuple[str, str]:
    """A referral that waits, one that was accepted, and a refusal; the case and the id of the one that was accepted."""
    case, referral = await place.asked(urgency="emergency")
    await place.client.sealed(place.acceptance(case, referral))
    await place.client.sealed(place.acceptance(case, referral))
    await place.asked(to="TZ-RSD")
    return case, referral


async def test_axe_finds_no_barrier_in_either_theme_and_no_page_is_wider_than_its_window(place: OperatorsPlace) -> None:
    case, referral = await story(place)
    place.complaints.forgiven.append("404")  # the page that there is not
    live = ("/console", f"/console/referrals/{referral}", f"/console/cases/{case}")
    for theme, width in LOOKS:
        context = await place.browser.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
        await context.add_init_script(path=AXE)
        for path in (*live, "/console/nothing", "/v1/reference", "/problems/SCHEMA"):
            page = await place.opened(path, context, live=path in live)
            found: dict[str, Any] = await page.evaluate(RUN, TAGS)
            barriers = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
            assert barriers == [], (theme, width, path)
            assert len(found["passes"]) > 10
            assert await page.evaluate(TOO_WIDE) == [], (theme, width, path)
        await context.close()


async def test_axe_finds_no_barrier_when_the_link_is_lost(place: OperatorsPlace) -> None:
    context = await place.browser.new_context(color_scheme="light")
    await context.add_init_script(path=AXE)
    page = await place.opened("/console", context)
    place.complaints.forgiven.append("net::ERR_")
    await place.up.kill()
    await expect(sign(page)).to_have_text("Link lost, trying again", timeout=SOON_MS)
    found = await page.evaluate(RUN, TAGS)
    assert [one["id"] for one in found["violations"]] == []
