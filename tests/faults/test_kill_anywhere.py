"""`kill -9` at random instants while agencies work (S8): nothing promised is lost or doubled.

HIFADHI_KILLS: how many (12). HIFADHI_SEED: which instants; the one in use is printed.
"""

import asyncio
import os
import random
import secrets
from pathlib import Path

import pytest

from faults.ordeal import embedded_ordeal

KILLS = int(os.environ.get("HIFADHI_KILLS", "12"))
LONGEST_S = 0.6
"""A process is killed that much after its start was asked for, or after it was ready, at most."""


@pytest.mark.timeout(30 * KILLS)
async def test_killed_anywhere_nothing_promised_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = os.environ.get("HIFADHI_SEED") or str(secrets.randbits(32))
    print(f"HIFADHI_SEED={seed} HIFADHI_KILLS={KILLS}")  # noqa: T201 (with it, the same instants again)
    dice = random.Random(seed)  # noqa: S311 (no secret)
    async with embedded_ordeal(tmp_path, seed) as (made, place):
        for _ in range(KILLS):
            async with made.desk.working():
                await asyncio.sleep(dice.uniform(0, LONGEST_S))  # the instant itself: there is nothing to wait for
                await place.start()
                if dice.random() < 0.75:  # else the next kill comes while it recovers, or soon after
                    await place.ready()
        await place.ready()
        assert await made.violations() == []
        assert made.desk.journal.repeats > 0
