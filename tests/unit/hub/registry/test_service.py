"""One sequencer at a time, whichever it is; what it could not finish, it or the next one finishes."""

import asyncio

import pytest

from cast import payload_of
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.registry import sealer
from hifadhi.hub.registry.rows import read_state
from hifadhi.stream.topics import DEAD_LETTERS, DIRECTORY, RECORD, SUBMISSIONS
from hub_ledger import digest_of
from registry_place import DEADLINE_S, Place, opened
from topic_order import in_order

MZ, ZA = "MZ-INAR", "ZA-DHA"


async def check(place: Place) -> None:
    """The ledger verifies, and the topics hold it."""
    ledger = await place.audited()
    ledger.index_of()
    assert in_order(await place.records(RECORD)) == dict(enumerate(ledger.raw))
    assert in_order(await place.records(DIRECTORY)).items() <= dict(enumerate(ledger.raw)).items()


async def test_of_two_registries_one_wins_every_swap_and_no_leaf_is_lost_or_doubled(place: Place) -> None:
    people = [place.cast.encounter(MZ) for _ in range(120)]
    async with opened(place.cast) as other, place.running(), other.running():
        await place.admit()
        for first in range(0, len(people), 8):
            await place.submit(*people[first : first + 8])
        await place.submit(*people[:20])
        await place.ruled()
    ledger = await place.audited()
    assert ledger.index_of().keys() >= {digest_of(body) for body in people}
    assert len(ledger.raw) == 15 + len(people)
    await check(place)


async def test_who_stands_by_publishes_what_a_dead_registry_had_only_sealed(place: Place) -> None:
    await place.admit()
    async with opened(place.cast) as other, other.running():
        await other.ruled()
        other.store.free.clear()
        place.stream.broken = RECORD
        async with place.running():
            await place.submit(place.cast.encounter(MZ))
            await place.stream.reached.wait()
        other.store.free.set()  # `place` is gone; nothing is submitted any more
        await published(other, 16)
    await check(place)


async def test_who_stands_by_ticks_for_the_deadlines_that_a_dead_registry_saw(place: Place) -> None:
    await place.admit()
    case = place.cast.encounter(MZ)
    async with opened(place.cast) as other, other.running():
        await other.ruled()
        other.store.free.clear()
        async with place.running():
            await place.submit(case, place.cast.request(MZ, ZA, payload_of(case)["id"], 1))
            await published(place, 17)
        other.store.free.set()
        place.cast.clock.wait(hours=25)
        await published(other, 18)
    assert (await place.audited()).leaves[-1].ruling.clock == "receipt"


@pytest.mark.slow
async def test_what_could_not_be_published_is_published_without_a_further_submission(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
        place.stream.broken = RECORD
        await place.submit(place.cast.encounter(MZ))
        await place.stream.reached.wait()
        place.stream.broken = ""
        await published(place, 16)
    await check(place)


@pytest.mark.slow
async def test_a_commit_in_doubt_that_did_happen_is_not_made_again(place: Place) -> None:
    """Read again from the old position, the reused id would be refused twice, the dead letter be two."""
    await place.admit()
    first, other = place.cast.encounter(MZ), place.cast.encounter(MZ)
    reused = {**payload_of(other), "id": payload_of(first)["id"]}
    again = place.cast.signed(reused, [place.cast.players[MZ].sign], other["parts"])
    await place.seal_only()
    async with place.running() as registry:
        place.store.doubts = 1
        await place.submit(first, b"no envelope", again)
        await place.ruled()
        assert place.store.doubts == 0
        assert "stopped" not in (registry.trouble or "")
    assert [leaf.ruling.code for leaf in (await place.audited()).leaves[15:]] == [None, "ID_REUSED"]
    assert len(await place.records(DEAD_LETTERS)) == 1
    await check(place)


async def test_dead_letters_are_published_with_their_cause_and_hold_nobody_up(place: Place) -> None:
    await place.admit()
    good, other, stranger = (place.cast.encounter(MZ) for _ in range(3))
    forged = {**good, "header": {**good["header"], "payload": other["header"]["payload"]}}
    unknown = place.cast.signed(payload_of(stranger), [PrivateJwk.generate("Ed25519")], stranger["parts"])
    async with place.running():
        await place.ruled()
        positions = await place.submit(b"\xff\x00", forged, unknown, b"{}", good)
        await place.ruled()
    dead = await place.records(DEAD_LETTERS)
    assert [one.key.decode() for one in dead] == [f"submissions:{position}" for position in positions[:4]]
    assert [dict(one.headers)["cause"] for one in dead] == [b"BAD_ENCODING", b"SIGNATURE", b"KEY_UNKNOWN", b"SCHEMA"]
    assert dead[0].value == b"\xff\x00"
    ledger = await place.audited()
    assert ledger.leaves[-1].ruling.position == positions[-1]
    assert len(ledger.raw) == 16


async def test_more_lapses_at_once_than_one_transaction_takes_are_all_sealed_in_order(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "MOST_LAPSES", 7)
    await place.admit()
    cases = [place.cast.encounter(MZ) for _ in range(40)]
    await place.submit(*cases)
    await place.submit(*(place.cast.request(MZ, ZA, payload_of(case)["id"], 1) for case in cases))
    async with place.running():
        await place.ruled()
        place.cast.clock.wait(days=30)  # both the receipt clock and the reply clock of each
        await place.submit(*(place.cast.encounter(ZA) for _ in range(3)))
        await place.ruled()
    rulings = [leaf.ruling for leaf in (await place.audited()).leaves[95:]]
    assert [ruling.clock for ruling in rulings] == ["receipt"] * 40 + ["reply"] * 40 + [None] * 3
    await check(place)


async def test_while_a_batch_is_being_published_the_next_one_is_sealed(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
        place.stream.paused = RECORD
        await place.submit(place.cast.encounter(MZ))
        await place.stream.reached.wait()
        await place.submit(place.cast.encounter(MZ))
        await reached(place, "size", 17)
        assert await place.stream.end(RECORD) == 15
        place.stream.paused = ""
        place.stream.go.set()
        await place.ruled()
    await check(place)


async def test_a_registry_that_is_stopped_while_it_starts_leaves_nothing_behind(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    place.stream.paused = RECORD
    registry = place.registry()
    starting = asyncio.create_task(registry.start())
    await place.stream.reached.wait()
    starting.cancel()
    await asyncio.wait([starting])
    await registry.stop()
    assert "registry-publishing" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_deadline_that_was_met_brings_no_time_into_the_stream(place: Place) -> None:
    await place.admit()
    case = place.cast.encounter(MZ)
    request = place.cast.request(MZ, ZA, payload_of(case)["id"], 1)
    facts = {"case": payload_of(case)["id"], "referral": payload_of(request)["id"], "to": [MZ]}
    async with place.running() as registry:
        await place.submit(case, request)
        await place.ruled()
        receipt_due = registry._sealer.next_due or 0  # noqa: SLF001 (what it waits for)
        await place.submit(place.cast.message("referral.received", ZA, **facts))
        await place.ruled()
        end = await place.stream.end(SUBMISSIONS)
        place.cast.clock.wait(hours=25)
        async with asyncio.timeout(DEADLINE_S):
            while (registry._sealer.next_due or 0) <= receipt_due:  # noqa: SLF001 (it has looked)
                await asyncio.sleep(0.01)
    assert await place.stream.end(SUBMISSIONS) == end


async def published(place: Place, size: int) -> None:
    await reached(place, "published", size)


async def reached(place: Place, column: str, size: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with place.store.read() as db:
                if getattr(await read_state(db), column) >= size:
                    return
            await asyncio.sleep(0.01)


async def test_a_clock_that_steps_back_does_not_keep_the_registry_from_ticking(place: Place) -> None:
    await place.admit()
    case = place.cast.encounter(MZ)
    async with place.running() as registry:
        await place.submit(case, place.cast.request(MZ, ZA, payload_of(case)["id"], 1))
        await published(place, 17)
        registry._ticked = place.cast.clock() + 10 * 24 * 3_600_000  # noqa: SLF001 (as if it had ticked before the step)
        place.cast.clock.wait(hours=25)
        await published(place, 18)
