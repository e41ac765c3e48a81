"""An exchange in its own process, its agencies, and an operator's browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from browser.chromium import Complaints, launched
from cast import Body, Cast, payload_of
from faults.up_place import UpPlace
from hub_client import HubClient

SOON_MS = 2000
PATIENCE_MS = 20_000


@dataclass
class OperatorsPlace:
    up: UpPlace
    cast: Cast
    client: HubClient
    browser: Browser
    complaints: Complaints = field(default_factory=Complaints)

    async def asked(self, to: str = "ZA-DHA", **facts: Any) -> tuple[str, str]:
        """A sealed referral of MZ-INAR: its case and its id."""
        seen = self.cast.encounter("MZ-INAR")
        await self.client.sealed(seen)
        case = payload_of(seen)["id"]
        asking = self.cast.request("MZ-INAR", to, case, 1, **facts)
        await self.client.sealed(asking)
        return case, payload_of(asking)["id"]

    async def accept(self, case: str, referral: str) -> None:
        """ZA-DHA accepts: return at its 202."""
        answer = await self.client.post(self.acceptance(case, referral))
        assert answer.status == 202, answer.body

    def acceptance(self, case: str, referral: str) -> Body:
        facts = {"case": case, "to": ["MZ-INAR"], "referral": referral, "seen": 1}
        return self.cast.message("referral.accepted", "ZA-DHA", **facts)

    async def opened(self, path: str, context: BrowserContext | None = None, *, live: bool = True) -> Page:
        """A page, live unless said otherwise."""
        page = await (context or self.browser).new_page()
        self.complaints.hear(page)
        await page.goto(self.up.base_url + path)
        if live:
            await expect(sign(page)).to_have_text("Live", timeout=PATIENCE_MS)
        return page


def sign(page: Page) -> Locator:
    return page.locator("#live")


def news(page: Page) -> Locator:
    return page.locator("#news")


@asynccontextmanager
async def operators_place(folder: Path) -> AsyncIterator[OperatorsPlace]:
    cast = Cast(folder)
    async with launched() as browser, UpPlace(folder) as up, HubClient(cast, up.base_url) as client:
        await up.start()
        await up.ready()
        await client.admit_everybody()
        place = OperatorsPlace(up, cast, client, browser)
        yield place
        assert not place.complaints.left, place.complaints.left
