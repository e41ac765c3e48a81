"""What was refused is forgotten: thousands of refusals more take no more memory than the first ones did.

No honest agency sends meanwhile: what it stores fills the databases' caches, which are full after some thousand
messages (`benchmarks/growth_up.py`), and would hide what a refusal leaves behind.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import Final

import pytest

from cast import Cast
from faults.up_place import UpPlace
from hub_client import HubClient
from live.raw_http import request, statuses
from live.test_attacks import two_readings
from live.test_attacks_with_good_messages import refused, unfinished
from live.withheld import Withheld

BULKY: Final = 1 << 18
"""Requests that are larger take too long to be sent a hundred times; what they hold is bounded in `test_attacks`."""
FIRST: Final = 120
MORE: Final = 160
LEFT_MB: Final = 2.0
"""0.3 MB was measured: what grows by 300 bytes with each of 7,680 refusals is found."""


def shapes(withheld: Withheld) -> list[bytes]:
    """One round: requests that are refused, some of which end before they are whole."""
    good = withheld.one
    said = [raw for _, raw in refused(good)] + unfinished(good) + list(two_readings(request(good())).values())
    return [raw for raw in said if len(raw) < BULKY]


async def refused_once(place: UpPlace, raw: bytes) -> None:
    """It is said, the answer is read to its end, and the connection is left."""
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(raw)
        writer.write_eof()
        assert 202 not in statuses(await reader.read())
        writer.transport.abort()


async def attack(place: UpPlace, said: list[bytes], rounds: int) -> float:
    """So often; then the megabytes that the process has."""
    for _ in range(rounds):
        await asyncio.gather(*(refused_once(place, raw) for raw in said))
    return place.process.resident_mb()


@pytest.mark.timeout(300)
async def test_thousands_of_refusals_leave_nothing_in_memory(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "exchange")
    async with UpPlace(cast.folder) as place:
        await place.start()
        await place.ready()
        async with HubClient(cast, place.base_url) as client:
            await client.admit_everybody()
            said = shapes(Withheld(cast))
            before_mb = await attack(place, said, FIRST)
            left_mb = await attack(place, said, MORE) - before_mb
            assert left_mb < LEFT_MB, f"{MORE * len(said)} refusals left {left_mb:.1f} MB"
            assert (await client.post(cast.encounter("MZ-INAR"))).status == 202
