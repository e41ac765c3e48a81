from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Tampered
from hifadhi.evidence import tile_proof
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tile_proof import TileProof
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import WIDTH, Tile
from hifadhi.evidence.tree import HASH_BYTES, Edge, leaf_hash

# Over 256 tiles of level 0, so that level 1 has a full one.
MOST = WIDTH * WIDTH + 700
HASHES = [leaf_hash(str(index).encode()) for index in range(MOST)]
sizes = st.one_of(st.integers(1, 1200), st.sampled_from([WIDTH, WIDTH + 1, WIDTH * WIDTH, WIDTH * WIDTH + 1, MOST]))


@cache
def ledger(size: int) -> tuple[Checkpoint, dict[Tile, bytes]]:
    rows = TileRows()
    tiles = dict(filled for hashed in HASHES[:size] for filled in rows.add(hashed))
    tree = Checkpoint("ledger.example.org", size, Edge.empty().extend(HASHES[:size]).root())
    return tree, tiles | dict(rows.partial())


def shown(size: int, indexes: list[int]) -> tuple[Checkpoint, dict[Tile, bytes]]:
    tree, tiles = ledger(size)
    return tree, {tile: tiles[tile] for tile in tile_proof.needed(indexes, size)}


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@given(data=st.data(), size=sizes)
def test_the_needed_tiles_prove_each_leaf_and_no_other_hash(data: st.DataObject, size: int) -> None:
    indexes = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5))
    proof = TileProof(*shown(size, indexes))
    for index in indexes:
        proof.check(index, HASHES[index])
        with pytest.raises(Tampered) as caught:
            proof.check(index, leaf_hash(b"another"))
        assert caught.value.index == index


@given(data=st.data(), size=sizes)
def test_a_bit_changed_in_any_needed_tile_is_caught(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree, tiles = shown(size, [index])
    tile = data.draw(st.sampled_from(sorted(tiles, key=lambda one: (one.level, one.index))))
    at = data.draw(st.integers(0, len(tiles[tile]) - 1))
    with pytest.raises(Tampered):
        TileProof(tree, tiles | {tile: flipped(tiles[tile], at)})


@given(data=st.data(), size=sizes)
def test_a_needed_tile_that_is_left_out_or_cut_proves_nothing(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree, tiles = shown(size, [index])
    tile = data.draw(st.sampled_from(sorted(tiles, key=lambda one: (one.level, one.index))))
    with pytest.raises(Tampered):
        TileProof(tree, tiles | {tile: tiles[tile][:-HASH_BYTES]})
    with pytest.raises(Tampered):
        TileProof(tree, {one: raw for one, raw in tiles.items() if one != tile}).check(index, HASHES[index])


def test_the_tiles_of_another_tree_are_caught() -> None:
    tree, tiles = shown(300, [7])
    with pytest.raises(Tampered, match="root"):
        TileProof(Checkpoint(tree.origin, tree.size, bytes(32)), tiles)


def test_many_leaves_of_one_tile_need_that_tile_once() -> None:
    assert len(tile_proof.needed(range(100), 1000)) == 3  # theirs, and the unfinished ones of levels 0 and 1
