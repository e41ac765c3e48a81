"""`growth_up`: the memory of a whole exchange in one process must not depend on how many messages it has stored.

Its databases' caches fill in the first thousands; from then on it is flat. It fails, if it is not.
"""

from pathlib import Path
from typing import Final

from benchmarks.figure import Figure
from cast import Cast, payload_of
from faults.up_place import UpPlace
from hub_client import HubClient

SMALL: Final = 8_000
"""Messages, at which every cache is full."""
LARGE: Final = 32_000
LINES: Final = 20
SENDER: Final = "MZ-INAR"
LOOKS: Final = 20
MOST_GROWN: Final = 1.1
"""Megabytes at the large number, to those at the small one. A hundred bytes that each message left are 2 %."""


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """Megabytes in memory, and their ratio; or AssertionError."""
    cast = Cast(folder / "data")
    async with UpPlace(cast.folder) as place:
        await place.start()
        await place.ready()
        async with HubClient(cast, place.base_url) as client:
            await client.admit_everybody()
            small, large = [await _after(place, client, count) for count in (SMALL, LARGE - SMALL)]
    grown = large / small
    assert grown <= MOST_GROWN, f"the memory of an exchange has grown to {grown:.2f} times"
    return [Figure("up_memory", large, f"MB, {LARGE} messages", grown, f"at {SMALL}")]


async def _after(place: UpPlace, client: HubClient, count: int) -> float:
    """So many more messages, each batch ruled before the next; then the most megabytes seen in some looks."""
    looks = []
    for number in range(count // LINES):
        bodies = [client.cast.encounter(SENDER) for _ in range(LINES)]
        lines = (await client.post_lines(bodies))[:-1]
        assert [line["status"] for line in lines] == [202] * LINES, lines
        await client.ruling(payload_of(bodies[-1])["id"], SENDER)
        if number >= count // LINES - LOOKS:
            looks.append(place.process.resident_mb())
    return max(looks)
