"""The published log of Tessera: sixteen checkpoints, signed and hashed by another program, with tiles and entries."""

from functools import cache, partial

import pytest

from hifadhi.evidence import tree
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint
from hifadhi.evidence.note import Verifier
from hifadhi.evidence.proof import Proof, parse
from hifadhi.evidence.tiles import ENTRIES, Tile, node_from_tiles, parse_bundle, parse_path
from vectors.published import published

ORIGIN = "example.com/log/testdata"
VERIFIER = Verifier.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
SIZES = range(16)
NEWEST = 15


def note(size: int) -> bytes:
    return published(f"tlog/checkpoint.{size}").read_bytes()


@cache
def checkpoint(size: int) -> Checkpoint:
    return open_checkpoint(note(size), ORIGIN, [VERIFIER])


@cache
def entries(size: int) -> list[bytes]:
    return parse_bundle(published(f"tlog/{Tile(ENTRIES, 0, size).path()}").read_bytes(), size)


@cache
def hash_tile(size: int) -> bytes:
    return published(f"tlog/{Tile(0, 0, size).path()}").read_bytes()


def node_reader(size: int) -> tree.NodeReader:
    return partial(node_from_tiles, read_tile=lambda _level, _index: hash_tile(size))


@pytest.mark.parametrize("size", SIZES)
def test_every_checkpoint_opens(size: int) -> None:
    assert checkpoint(size).size == size


def test_the_newest_checkpoint_is_the_largest() -> None:
    newest = open_checkpoint(published("tlog/checkpoint").read_bytes(), ORIGIN, [VERIFIER])
    assert newest == checkpoint(NEWEST)


@pytest.mark.parametrize("size", SIZES)
def test_every_root_is_recomputed_from_the_entries(size: int) -> None:
    leaves = map(tree.leaf_hash, entries(size)) if size else ()
    assert tree.Edge.empty().extend(leaves).root() == checkpoint(size).root


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_tile_is_recomputed_from_the_entries(size: int) -> None:
    assert b"".join(map(tree.leaf_hash, entries(size))) == hash_tile(size)
    assert tree.root_hash(size, node_reader(size)) == checkpoint(size).root
    assert parse_path(f"tile/entries/000.p/{size}") == Tile(ENTRIES, 0, size)


@pytest.mark.parametrize("new", SIZES)
def test_every_tree_begins_with_every_older_one(new: int) -> None:
    for old in range(new + 1):
        proof = tree.consistency_proof(old, new, node_reader(new))
        tree.verify_consistency(old, checkpoint(old).root, new, checkpoint(new).root, proof)


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_entry_has_a_proof_that_stands_alone(size: int) -> None:
    for index, entry in enumerate(entries(size)):
        path = tree.inclusion_proof(index, size, node_reader(size))
        text = Proof(index, tuple(path), note(size).decode()).format()
        assert parse(text).verify(entry, ORIGIN, [VERIFIER]) == checkpoint(size)
