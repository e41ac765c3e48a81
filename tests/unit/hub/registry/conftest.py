from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hifadhi.hub.registry import service
from registry_place import Place, opened
from time_machine import CastInTime, Clock


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(service, "STAND_BY_S", 0.05)
    async with opened(CastInTime(tmp_path / "exchange", Clock())) as one:
        yield one
