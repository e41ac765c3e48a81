"""Debian's Chromium, and what it had to complain about."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium on PATH: install the package 'chromium' to run the tests in a browser"


def executable() -> str:
    """Where it is. Without it the test is skipped, but fails where CI runs."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    return found


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser without a window."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Complaints:
    """Errors and warnings of pages: of scripts, of the content security policy, of files that are not there."""

    said: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    """Words of those that a test brings about."""

    @property
    def left(self) -> list[str]:
        return [one for one in self.said if not any(word in one for word in self.forgiven)]

    def hear(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)
