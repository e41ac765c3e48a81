"""What agencies rely on when an answer does not come, and what peers get wrong: each by its name."""

import asyncio
import secrets
import sqlite3
import time
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from cast import Body, payload_of
from faults.ordeal import Ordeal, embedded_ordeal
from faults.place import Place
from faults.remains import opened
from hifadhi.crash_point import CRASH_AT
from hifadhi.evidence import submission
from hifadhi.stream.port import Entry, Record
from hifadhi.stream.topics import PARTS, SUBMISSIONS
from hub_client import Answer
from hub_ledger import audit, digest_of

MZ = "MZ-INAR"
LONGEST_PAUSE_S = 1.0


async def dies_posting(made: Ordeal, body: Body, point: str) -> None:
    """The gateway dies at this point of the one post of this message, whose sender gets no answer; it runs again."""
    service = made.place.service_of(point)
    await made.place.start(service, **{CRASH_AT: point})
    await made.place.ready()
    with pytest.raises(aiohttp.ClientError):
        await made.client.post(body)
    await made.place.gone(service)
    await made.runs_again(service)


async def stored(place: Place, body: Body) -> list[Record]:
    """The records of `submissions` that hold this message."""
    async with opened(place) as (stream, _):
        found: list[Record] = []
        while page := await stream.read(SUBMISSIONS, found[-1].position + 1 if found else 0):
            found += page
    return [one for one in found if submission.read(one.value or b"").digest == digest_of(body)]


async def leaves(made: Ordeal, body: Body) -> list[int]:
    """The indexes at which this message is sealed."""
    ledger = await audit(made.client)
    return [index for index, envelope in ledger.envelopes.items() if envelope.digest == digest_of(body)]


async def accepted(made: Ordeal, body: Body) -> None:
    """Its sender posts it and gets a receipt; both are in the journal for the checker."""
    made.desk.journal.add([body])
    answer = await made.client.post(body)
    assert answer.status == 202, answer.body
    made.desk.journal.keep(answer.body["receipt"])


@pytest.mark.parametrize("point", ["gateway: before parts", "gateway: after parts", "gateway: before submissions"])
async def test_a_retry_after_a_failed_write_is_accepted_and_stored_once(point: str, tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, point) as (made, place):
        body = made.client.cast.encounter(MZ)
        await dies_posting(made, body, point)
        assert await stored(place, body) == []
        await accepted(made, body)
        assert (await made.client.ruling(payload_of(body)["id"], MZ))["index"] >= 0
        assert len(await stored(place, body)) == len(await leaves(made, body)) == 1
        assert await made.violations() == []


async def test_a_retry_after_a_write_that_the_storage_refused_is_accepted_and_sealed_once(tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, "refused") as (made, place):
        body = made.client.cast.encounter(MZ)
        with closing(sqlite3.connect(place.folder / "stream.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # somebody else writes, and does not end
            answer = await made.client.post(body)
            other.execute("ROLLBACK")
        assert (answer.status, answer.body["code"]) == (503, "OUTCOME_UNKNOWN")
        assert "receipt" not in answer.body
        await accepted(made, body)
        await made.client.ruling(payload_of(body)["id"], MZ)
        assert len(await leaves(made, body)) == 1
        assert await made.violations() == []


async def test_a_resend_after_a_lost_receipt_gets_a_receipt(tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, "lost") as (made, place):
        body = made.client.cast.encounter(MZ)
        await dies_posting(made, body, "gateway: after submissions")
        [first] = await stored(place, body)
        await accepted(made, body)
        [receipt] = made.desk.journal.receipts[digest_of(body)]
        assert receipt["position"] > first.position  # of the resend; the ruling is of the first
        assert (await made.client.ruling(payload_of(body)["id"], MZ))["index"] >= 0
        ledger = await audit(made.client)
        assert [ledger.leaves[index].ruling.position for index in await leaves(made, body)] == [first.position]
        assert await made.violations() == []


async def test_a_duplicate_after_a_restart_is_a_repeat(tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, "duplicate") as (made, place):
        body = made.client.cast.encounter(MZ)
        await accepted(made, body)
        before = await made.client.ruling(payload_of(body)["id"], MZ)
        await place.kill()
        await made.runs_again("up")
        await accepted(made, body)
        assert await made.violations() == []  # it is at rest: the duplicate has been ruled
        assert await made.client.ruling(payload_of(body)["id"], MZ) == before
        assert (len(await stored(place, body)), len(await leaves(made, body))) == (2, 1)


async def test_no_receipt_ever_names_what_nobody_stored(tmp_path: Path) -> None:
    async with embedded_ordeal(tmp_path, "nobody") as (made, place):
        point, bodies = "gateway: before submissions", [made.client.cast.encounter(MZ) for _ in range(24)]
        await place.start(**{CRASH_AT: point, "HIFADHI_CRASH_AT_VISIT": "6"})
        await place.ready()
        answers: list[Answer | BaseException] = [await made.client.post(body) for body in bodies[:5]]
        answers += await asyncio.gather(*map(made.client.post, bodies[5:]), return_exceptions=True)
        await place.gone()
        await made.runs_again("up")
        received = {digest_of(body) for body, said in zip(bodies, answers, strict=True) if isinstance(said, Answer)}
        found = {digest_of(body): await stored(place, body) for body in bodies}
        assert [answer.status for answer in answers if isinstance(answer, Answer)] == [202] * len(received)
        assert len(bodies) > len(received) >= 5
        assert all(found[digest] for digest in received)
        lost = [body for body in bodies if not found[digest_of(body)]]
        for body in lost:
            asked = await made.client.get(f"/v1/messages/{payload_of(body)['id']}", MZ)
            assert asked.body["code"] == "NOT_SEALED_YET"
        for body in bodies:
            await accepted(made, body)
        assert await made.violations() == []


async def test_reception_does_not_pause_for_a_second_while_erased_parts_and_dead_letters_are_cleared(
    tmp_path: Path,
) -> None:
    async with embedded_ordeal(tmp_path, "pause") as (made, place):
        bodies = made.desk.journal.add([made.client.cast.encounter(MZ) for _ in range(400)])
        async with opened(place) as (stream, _):
            parts = [secrets.token_bytes(40_000) for _ in range(200)]
            keys = [sha256(part).digest() for part in parts]
            await stream.append(PARTS, [Entry(key, part) for key, part in zip(keys, parts, strict=True)])

            async def clear() -> None:
                for first in range(0, len(keys), 20):
                    await stream.append(PARTS, [Entry(key, None) for key in keys[first : first + 20]])
                    strange = [b"nobody signed %d" % number for number in range(first, first + 20)]
                    made.desk.journal.strange += strange
                    await stream.append(SUBMISSIONS, [Entry(b"anything", one) for one in strange])

            clearing = asyncio.create_task(clear())
            accepted_at = [time.monotonic()]
            for body in bodies:
                await accepted(made, body)
                accepted_at.append(time.monotonic())
            await clearing
        longest = max(after - before for before, after in pairwise(accepted_at))
        assert longest < LONGEST_PAUSE_S
        await made.client.ruling(payload_of(bodies[-1])["id"], MZ)
        assert (await audit(made.client)).report.findings == ()
