from functools import cache, partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.tiles import (
    ENTRIES,
    MAX_ENTRY,
    WIDTH,
    Tile,
    complete_hash,
    entry_bundle,
    grown,
    node_from_tiles,
    parse_bundle,
    parse_path,
    partial_tiles,
    tile_of,
    tiles_at,
    tiles_changed,
)
from hifadhi.evidence.tree import HASH_BYTES, MAX_SIZE, Edge, inclusion_proof, leaf_hash, root_hash, verify_inclusion

PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/0/000.p/1": Tile(0, 0, 1),
    "tile/0/x001/234.p/5": Tile(0, 1234, 5),
    "tile/1/x001/x234/067": Tile(1, 1234067),
    "tile/entries/x001/x234/067.p/255": Tile(ENTRIES, 1234067, 255),
    "tile/63/999": Tile(63, 999),
    "tile/0/x001/000": Tile(0, 1000),
    "tile/0/x036/x028/x797/x018/x963/967": Tile(0, MAX_SIZE >> 8),
}
NO_PATHS = [
    "tile",
    "tile/",
    "tile/0",
    "tile/0/",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/+1/000",
    "tile/data/000",
    "tile/8/0/000",
    "tile/0/x000/000",
    "tile/0/001/234",
    "tile/0/x001/x234",
    "tile/0/x1/234",
    "tile/0/X001/234",
    "tile/0/x001/234/",
    "/tile/0/000",
    "tile//0/000",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/257",
    "tile/0/000.p/-1",
    "tile/0/000.p/+1",
    "tile/0/000/p/1",
    "tile/0/000.P/1",
    "tile/0/000p/1",
    "tile/0/x001.p/234",
    "tile/0/../0/000",
    "tile/0/x001/../234",
    "tile/0/%30%30%30",
    "tile/0/\u0660\u0660\u0660",
    "tile/0/000.p/\u0663",
    "tile/0/x036/x028/x797/x018/x963/968",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/x001/x000/x000/x000/x000/x000/000",
    "tile/entries/0/000",
    "checkpoint",
]

sizes = st.integers(0, 3) | st.integers(0, 70_000) | st.integers(0, MAX_SIZE)


def test_tile_paths_are_those_of_the_specification() -> None:
    for path, tile in PATHS.items():
        assert (tile.path(), parse_path(path)) == (path, tile)


@pytest.mark.parametrize(
    "path",
    [
        *NO_PATHS,
        "",
        " tile/0/000",
        "tile/0/000\n",
        "tile/0/000.p/1\n",
        "tile/0/\x00",
        "\ud800",
        f"tile/0/{'x001/' * 2000}000",
    ],
)
def test_any_other_spelling_is_not_found(path: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_path(path)
    assert refused.value.code == "NOT_FOUND"


@given(st.integers(-1, 63), st.integers(0, MAX_SIZE >> 8) | st.integers(0, 2000), st.integers(1, WIDTH))
def test_every_tile_is_found_by_its_path(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path()) == tile


@given(
    st.text("tile/entries0123x.p", max_size=40) | st.from_regex(r"tile/[0-9]{1,2}/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]+)?")
)
def test_a_path_is_canonical_or_not_found(path: str) -> None:
    try:
        tile = parse_path(path)
    except Refused as refused:
        assert refused.code == "NOT_FOUND"  # noqa: PT017 - either outcome is right
    else:
        assert tile.path() == path


def test_the_tiles_of_70000_entries_are_those_of_the_specification() -> None:
    tiles = list(tiles_at(70_000))
    assert tiles[:273] == [Tile(0, index) for index in range(273)]
    assert tiles[273:] == [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (0, []),
        (1, [Tile(0, 0, 1)]),
        (255, [Tile(0, 0, 255)]),
        (256, [Tile(0, 0), Tile(1, 0, 1)]),
        (257, [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]),
        (512, [Tile(0, 0), Tile(0, 1), Tile(1, 0, 2)]),
    ],
)
def test_the_tiles_around_the_first_borders(size: int, tiles: list[Tile]) -> None:
    assert list(tiles_at(size)) == tiles


@pytest.mark.parametrize(("size", "levels"), [(65535, [256, 1]), (65536, [256, 1, 1]), (65537, [257, 1, 1])])
def test_a_third_level_begins_with_the_65536th_entry(size: int, levels: list[int]) -> None:
    tiles = list(tiles_at(size))
    assert [sum(tile.level == level for tile in tiles) for level in range(3)] == levels + [0] * (3 - len(levels))
    assert sum(tile.width for tile in tiles if tile.level == 0) == size


@given(st.lists(st.integers(0, 40) | st.integers(0, 30_000), max_size=8))
def test_what_changed_step_by_step_adds_up_to_all_tiles(steps: list[int]) -> None:
    shown: dict[tuple[int, int], int] = {}
    size = 0
    for step in steps:
        shown |= {(tile.level, tile.index): tile.width for tile in tiles_changed(size, size + step)}
        size += step
    assert shown == {(tile.level, tile.index): tile.width for tile in tiles_at(size)}


@given(sizes, st.integers(0, 3000))
def test_what_changed_is_just_what_the_older_tree_did_not_have(old: int, added: int) -> None:
    new = min(old + added, MAX_SIZE)
    changed = list(tiles_changed(old, new))
    assert len(set(changed)) == len(changed)
    for tile in changed:
        unit = 256**tile.level
        end = (tile.index * WIDTH + tile.width) * unit
        assert old < end <= new, "what ends within the older tree has not changed"
        assert tile.width == min(WIDTH, new // unit - tile.index * WIDTH), "a tile is as wide as the tree makes it"


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (0, MAX_SIZE + 1)])
def test_a_tree_that_shrinks_is_tampered(old: int, new: int) -> None:
    with pytest.raises(Tampered):
        tiles_changed(old, new)


@cache
def tile_files(size: int) -> dict[tuple[int, int], bytes]:
    """The hash tiles of a tree, each level made from the full tiles below."""
    files: dict[tuple[int, int], bytes] = {}
    for tile in tiles_at(size):
        numbers = range(tile.index * WIDTH, tile.index * WIDTH + tile.width)
        below = tile.level - 1
        files[tile.level, tile.index] = b"".join(
            complete_hash(files[below, number]) if tile.level else leaf_hash(b"%d" % number) for number in numbers
        )
    return files


@given(st.integers(0, 1100) | st.integers(65_000, 66_000), st.integers(0, 900))
def test_a_tree_that_grows_gets_the_tiles_of_the_larger_tree(old: int, added: int) -> None:
    before, after = tile_files(old), tile_files(old + added)
    leaves = [leaf_hash(b"%d" % number) for number in range(old, old + added)]
    changed = {(tile.level, tile.index) for tile in tiles_changed(old, old + added)}
    assert grown(old, leaves, lambda level, index: before[level, index]) == {key: after[key] for key in changed}


@given(st.integers(0, 1100) | st.integers(65_000, 66_000), st.integers(0, 600))
def test_a_partial_tile_may_be_wider_than_the_tree_that_grows(old: int, more: int) -> None:
    wider = tile_files(old + more)
    asked = []

    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return wider[level, index]

    assert grown(old, [leaf_hash(b"%d" % old)], read).items() <= tile_files(old + 1).items()
    assert {*asked} <= {(tile.level, tile.index) for tile in partial_tiles(old)}


def test_a_tile_that_lost_hashes_does_not_grow() -> None:
    with pytest.raises(Tampered, match="has 32 bytes; 96 were written"):
        grown(3, [bytes(32)], lambda _level, _index: bytes(32))


@given(st.integers(0, 70_000))
def test_the_partial_tiles_are_those_that_are_not_full(size: int) -> None:
    assert list(partial_tiles(size)) == [tile for tile in tiles_at(size) if tile.width < WIDTH]


@given(st.integers(1, 70_000), st.data())
def test_a_tile_is_as_wide_as_the_tree_makes_it(size: int, data: st.DataObject) -> None:
    tile = data.draw(st.sampled_from([*tiles_at(size)]))
    assert tile_of(size, tile.level, tile.index) == tile


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 65535, 65536, 65537])
def test_roots_and_proofs_come_out_of_the_tiles(size: int) -> None:
    files = tile_files(size)
    read = partial(node_from_tiles, read_tile=lambda level, index: files[level, index])
    root = Edge.empty().extend(leaf_hash(b"%d" % number) for number in range(size)).root()
    assert root_hash(size, read) == root
    for index in {0, 254, 255, 256, size // 3, size - 1} & set(range(size)):
        verify_inclusion(leaf_hash(b"%d" % index), index, size, inclusion_proof(index, size, read), root)


@given(st.integers(0, 12), st.data())
def test_a_node_is_the_same_however_high_its_tile_stands(level: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, (65537 >> level) - 1))
    files = tile_files(65537)
    leaves = (leaf_hash(b"%d" % number) for number in range(index << level, (index + 1) << level))
    node = node_from_tiles(level, index, lambda row, tile: files[row, tile])
    assert node == Edge.empty().extend(leaves).root()


@pytest.mark.parametrize("length", [0, 1, 31, 32, 63, 65, 127, 129, 257 * HASH_BYTES])
def test_a_tile_that_is_too_narrow_or_no_row_of_hashes_is_tampered(length: int) -> None:
    with pytest.raises(Tampered, match="tile/0/000"):
        node_from_tiles(2, 0, lambda _level, _index: bytes(length))


@pytest.mark.parametrize("length", [0, 1, 33, 3 * HASH_BYTES, 255 * HASH_BYTES])
def test_only_a_power_of_two_of_hashes_has_a_complete_hash(length: int) -> None:
    with pytest.raises(Tampered):
        complete_hash(bytes(length))


bundles = st.lists(st.binary(max_size=40) | st.just(bytes(MAX_ENTRY)), max_size=5)


@given(bundles)
def test_the_entries_of_a_bundle_come_back(entries: list[bytes]) -> None:
    assert parse_bundle(entry_bundle(entries), len(entries)) == entries


def test_a_bundle_is_lengths_in_two_bytes_before_their_entries() -> None:
    assert entry_bundle([b"one", b"", b"x" * 258]) == b"\x00\x03one\x00\x00\x01\x02" + b"x" * 258


@given(bundles.filter(bool), st.data())
def test_a_bundle_that_is_cut_lengthened_or_of_another_width_is_tampered(
    entries: list[bytes], data: st.DataObject
) -> None:
    raw, width = entry_bundle(entries), len(entries)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for wrong, count in ((raw[:cut], width), (raw + b"\x00", width), (raw, width - 1), (raw, width + 1)):
        with pytest.raises(Tampered):
            parse_bundle(wrong, count)


def test_a_bundle_takes_no_more_than_256_entries_of_65535_bytes() -> None:
    with pytest.raises(Refused) as refused:
        entry_bundle([b"", bytes(MAX_ENTRY + 1)])
    assert (refused.value.code, refused.value.faults[0].pointer) == ("TOO_LARGE", "/1")
    with pytest.raises(Refused, match="TOO_LARGE"):
        entry_bundle([b""] * (WIDTH + 1))
