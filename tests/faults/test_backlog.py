"""Reception goes on while what is old is worked off: a backlog that a dead registry has left."""

import asyncio
import json
import time
from itertools import pairwise
from pathlib import Path

import pytest

from cast import Body, payload_of
from faults.ordeal import Ordeal, embedded_ordeal
from faults.place import Place
from faults.remains import opened
from hifadhi.evidence import b64u
from hifadhi.hub.gateway import reception
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import PARTS, SUBMISSIONS

MZ = "MZ-INAR"
BACKLOG, AT_ONCE = 2000, 250
LONGEST_PAUSE_S = 1.0


async def store(place: Place, bodies: list[Body]) -> None:
    """As a gateway does, in an exchange of which nothing else runs."""
    posted = [reception.read(json.dumps(body).encode()) for body in bodies]
    parts = [
        Entry(b64u.decode(part.digest), one.parts[part.name].encode())
        for one in posted
        for part in one.header.part_entries
    ]
    submissions = [Entry(one.header.about.encode(), one.envelope.to_bytes()) for one in posted]
    async with opened(place) as (stream, _):
        for first in range(0, len(parts), AT_ONCE):
            await stream.append(PARTS, parts[first : first + AT_ONCE])
        for first in range(0, len(submissions), AT_ONCE):
            await stream.append(SUBMISSIONS, submissions[first : first + AT_ONCE])


async def accepted_until(made: Ordeal, sealed: Body) -> list[float]:
    """Post one message after the other until that one has its leaf; when each was accepted, seconds."""
    ruled = asyncio.create_task(made.client.ruling(payload_of(sealed)["id"], MZ))
    accepted_at = [time.monotonic()]
    try:
        while not ruled.done():
            answer = await made.client.post(made.client.cast.encounter(MZ))
            assert answer.status == 202, answer.body
            accepted_at.append(time.monotonic())
        await ruled
    finally:
        ruled.cancel()
    return accepted_at


@pytest.mark.timeout(240)
async def test_reception_does_not_pause_for_a_second_while_thousands_that_waited_are_sealed(tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, "backlog") as (made, place):
        await place.kill()
        bodies = [made.client.cast.encounter(MZ) for _ in range(BACKLOG)]
        await store(place, bodies)
        await place.start()
        await place.ready()
        accepted_at = await accepted_until(made, bodies[-1])
        longest = max(after - before for before, after in pairwise(accepted_at))
        print(f"{len(accepted_at)} accepted in {accepted_at[-1] - accepted_at[0]:.1f} s, longest pause {longest:.3f} s")  # noqa: T201 (what was measured)
        assert longest < LONGEST_PAUSE_S
