"""The checkpoint and the tiles that go along with a batch are those that the rows would give."""

import pytest
from sqlalchemy import delete, update

from hifadhi.evidence.audit import CHECKPOINT, claimed_checkpoint
from hifadhi.hub.registry import tables
from hifadhi.hub.registry.head import Head
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.publisher import Publisher
from hifadhi.hub.registry.rows import read_state
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.stream.topics import RECORD, SUBMISSIONS
from registry_place import Place
from topic_order import in_order

pytestmark = pytest.mark.slow

MZ = "MZ-INAR"


async def test_a_batch_is_signed_by_the_commit_that_seals_it(place: Place) -> None:
    """Nothing of it is in `record` yet, and nothing was noted."""
    await place.admit()
    async with place.running():
        await place.ruled()
        place.stream.paused = RECORD
        await place.submit(*(place.cast.encounter(MZ) for _ in range(3)))
        await place.stream.reached.wait()
        async with place.store.read() as db:
            state = await read_state(db)
        assert (state.size, state.checkpoint_size, state.published) == (18, 18, 15)
        assert claimed_checkpoint(await place.files(), place.cast.root).size == 18
        place.stream.paused = ""
        place.stream.go.set()
        await place.ruled()
    async with place.store.read() as db:
        assert (await read_state(db)).published == 18, "who stops notes what is told"


async def test_each_batch_stands_on_the_head_of_the_one_before(place: Place) -> None:
    signer = LedgerSigner(place.cast.root, place.keys)
    head = Head(signer)
    sealer = Sealer(place.store, place.cast.root, head)
    await place.admit()
    statements = await sealer.seal(await place.stream.read(SUBMISSIONS, 0))
    assert statements.head is None, "they change keys"
    await Publisher(place.store, place.stream, signer, head).catch_up()
    for size in (16, 17, 18):
        await place.submit(place.cast.encounter(MZ))
        sealing = await sealer.seal(await place.stream.read(SUBMISSIONS, sealer.position))
        assert sealing.head
        assert sealing.head.size == head.size == size
        async with place.store.read() as db:
            assert (await read_state(db)).checkpoint_size == size


async def test_who_seals_takes_back_nothing_that_another_has_noted(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    await place.publisher().catch_up()
    await place.submit(place.cast.encounter(MZ))
    await place.seal_only()
    async with place.store.read() as db:
        state = await read_state(db)
    assert (state.size, state.published) == (16, 15)


async def test_tiles_that_went_along_are_those_made_of_the_rows(place: Place) -> None:
    """Through the end of a tile and the next level's first hash, in batches of any size, with a statement between."""
    await place.admit()
    async with place.running():
        for count in (1, 5, 230, 4, 1, 270, 2):
            await place.submit(*(place.cast.encounter(MZ) for _ in range(count)))
            await place.ruled()
        await place.submit(place.cast.statement("agency.suspended", agency="TZ-RSD"), b"nothing")
        await place.ruled()
        await place.submit(place.cast.encounter(MZ))
        await place.ruled()
    ledger = await place.audited()
    assert len(ledger.raw) == 15 + 513 + 2
    assert in_order(await place.records(RECORD)) == dict(enumerate(ledger.raw))
    files = await place.files()
    async with place.store.write() as db:
        await db.execute(delete(tables.tiles))
        await db.execute(update(tables.state).values(checkpoint_size=-1, checkpoint=""))
    await place.publisher().catch_up()
    again = await place.files()
    # The checkpoint's ML-DSA signature is randomised.
    assert claimed_checkpoint(again, place.cast.root) == claimed_checkpoint(files, place.cast.root)
    assert {**again, CHECKPOINT: b""} == {**files, CHECKPOINT: b""}
