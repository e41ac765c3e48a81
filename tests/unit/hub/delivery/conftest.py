from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_place import Place, opened
from ledger_maker import LedgerMaker


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path, LedgerMaker.with_agencies()) as there:
        yield there
