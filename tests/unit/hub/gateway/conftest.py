from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry_place import Place, opened
from time_machine import CastInTime, Clock


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Everybody is admitted, and no registry runs."""
    async with opened(CastInTime(tmp_path / "exchange", Clock())) as one:
        await one.admit()
        async with one.running():
            await one.ruled()
        yield one
