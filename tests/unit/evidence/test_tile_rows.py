from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import node_from_tiles, tiles_at
from hifadhi.evidence.tree import Edge, root_hash

HASHES = [sha256(number.to_bytes(4)).digest() for number in range(1100)]


def tiles_of(rows: TileRows, first: int, end: int) -> dict[tuple[int, int], bytes]:
    found = {(tile.level, tile.index): raw for h in HASHES[first:end] for tile, raw in rows.add(h)}
    return found | {(tile.level, tile.index): raw for tile, raw in rows.partial()}


@given(size=st.integers(0, 1100))
def test_the_rows_give_exactly_the_tiles_of_the_tree(size: int) -> None:
    found = tiles_of(TileRows(), 0, size)
    assert {key: len(raw) for key, raw in found.items()} == {
        (tile.level, tile.index): 32 * tile.width for tile in tiles_at(size)
    }
    root = root_hash(size, lambda level, index: node_from_tiles(level, index, lambda row, tile: found[row, tile]))
    assert root == Edge.empty().extend(HASHES[:size]).root()


@given(old=st.integers(0, 1100), more=st.integers(0, 1100))
def test_rows_that_go_on_from_stored_tiles_end_as_those_in_one_go(old: int, more: int) -> None:
    size = min(1100, old + more)
    stored = tiles_of(TileRows(), 0, old)
    resumed = tiles_of(TileRows(old, lambda level, index: stored[level, index]), old, size)
    assert stored | resumed == stored | tiles_of(TileRows(), 0, size)
