from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console_place import ConsolePlace, console_on
from ledger_maker import LedgerMaker


@pytest.fixture
def ledger() -> LedgerMaker:
    return LedgerMaker.with_agencies()


@pytest.fixture
async def place(tmp_path: Path, ledger: LedgerMaker) -> AsyncIterator[ConsolePlace]:
    async with console_on(tmp_path, ledger) as opened:
        yield opened
