from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from browser.operators_place import OperatorsPlace, operators_place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[OperatorsPlace]:
    async with operators_place(tmp_path / "exchange") as opened:
        yield opened
