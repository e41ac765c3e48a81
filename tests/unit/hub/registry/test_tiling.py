"""Tiles and checkpoints are those of the tree, at every size, however they were come to."""

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import delete, update

from hifadhi.evidence import tree
from hifadhi.evidence.audit import CHECKPOINT, claimed_checkpoint
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.evidence.note import Verifier
from hifadhi.evidence.proof import parse as parse_proof
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.hub.registry import tables, tiling
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.hub.server import application
from hifadhi.stream.topics import SUBMISSIONS
from registry_place import Place

pytestmark = pytest.mark.slow

SIZES = (15, 255, 256, 257, 600)


async def sealed_to(place: Place, sealer: Sealer, size: int) -> None:
    await place.submit(*(place.cast.encounter("MZ-INAR") for _ in range(size - sealer.size)))
    while records := await place.stream.read(SUBMISSIONS, sealer.position):
        await sealer.seal(records)
    assert sealer.size == size


async def test_at_every_size_the_files_are_those_of_the_tree_and_every_leaf_is_proven(place: Place) -> None:
    await place.admit()
    sealer = Sealer(place.store, place.cast.root)
    await sealer.load()
    publisher = place.publisher()
    for size in SIZES:
        if size > 15:
            await sealed_to(place, sealer, size)
        else:
            await place.seal_only()
            await sealer.load()
        await publisher.catch_up()
        ledger = await place.audited()
        assert len(ledger.raw) == size
        edge = Edge.empty().extend([leaf_hash(raw) for raw in ledger.raw])
        assert claimed_checkpoint(await place.files(), place.cast.root).root == edge.root()
        await check_proofs(place, ledger.raw)


async def check_proofs(place: Place, leaves: list[bytes]) -> None:
    verifiers: list[Verifier] = ledger_verifiers(place.cast.root)
    async with TestClient(TestServer(application({"registry": place.registry()}))) as client:
        for index in {0, 14, len(leaves) // 2, len(leaves) - 1, 254, 255, 256} & set(range(len(leaves))):
            proof = parse_proof(await (await client.get(f"/v1/proofs/{index}")).text())
            assert proof.index == index
            assert proof.verify(leaves[index], place.cast.root.origin, verifiers).size == len(leaves)
        for wrong in (len(leaves), 10**15, "x", "-1", "1e3", "٣"):
            assert (await client.get(f"/v1/proofs/{wrong}")).status in {400, 404}


async def test_tiles_made_again_in_steps_are_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.admit()
    await place.seal_only()
    sealer = Sealer(place.store, place.cast.root)
    await sealer.load()
    await sealed_to(place, sealer, 600)
    await place.publisher().catch_up()
    files = await place.files()
    signed = claimed_checkpoint(files, place.cast.root)
    async with place.store.write() as db:
        await db.execute(delete(tables.tiles))
        await db.execute(update(tables.state).values(checkpoint_size=-1, checkpoint=""))
    monkeypatch.setattr(tiling, "STEP", 100)
    await place.publisher().catch_up()
    again = await place.files()
    assert (
        claimed_checkpoint(again, place.cast.root) == signed
    )  # whose signatures are other bytes: ML-DSA is randomised
    assert {name: again[name] for name in again.keys() - {CHECKPOINT}} == {
        name: files[name] for name in files.keys() - {CHECKPOINT}
    }


async def test_an_empty_ledger_has_a_checkpoint(place: Place) -> None:
    async with place.running():
        assert claimed_checkpoint(await place.files(), place.cast.root).root == tree.EMPTY_ROOT
