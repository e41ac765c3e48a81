from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from functools import cache, reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.tree import (
    EMPTY_ROOT,
    MAX_SIZE,
    Edge,
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from unit.evidence import merkle

# The reference tree of certificate-transparency: the same eight leaves in its C++, Go and Java tests.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70
BORDERS = [1, 2, 3, 254, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537]

sizes = st.integers(1, LARGEST)


@cache
def root_of(size: int) -> bytes:
    return merkle.mth(merkle.entries(size))


@cache
def node(level: int, index: int) -> bytes:
    """A node of a tree as large as asked for, remembered."""
    if level == 0:
        return leaf_hash(b"entry %d" % index)
    return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


def within(size: int) -> NodeReader:
    """A reader that fails when asked for a subtree that is not complete at this size."""

    def read(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size, "asked for a subtree that is not complete"
        return node(level, index)

    return read


@st.composite
def leaf_in_tree(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(0, new)), new


def one_bit_changed(values: list[bytes], data: st.DataObject) -> Iterator[list[bytes]]:
    """The values, in each of them in turn one bit changed, any of its bits."""
    for at, value in enumerate(values):
        bit = data.draw(st.integers(0, 8 * len(value) - 1))
        changed = (int.from_bytes(value) ^ (1 << bit)).to_bytes(len(value))
        yield [*values[:at], changed, *values[at + 1 :]]


def holds(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except Tampered:
        return False
    return True


def test_the_published_roots_of_certificate_transparency() -> None:
    edge = Edge.empty()
    assert edge.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        edge = edge.append(leaf_hash(bytes.fromhex(leaf)))
        assert edge.root().hex() == root


@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_an_edge_has_the_root_of_rfc_6962_however_it_came_about(first: int, size: int) -> None:
    leaves = [leaf_hash(entry) for entry in merkle.entries(size)]
    edge = Edge.empty().extend(leaves[:first]).extend(iter(leaves[first:]))
    assert edge.root() == root_of(size) == root_hash(size, within(size))
    assert Edge.from_bytes(edge.size, edge.to_bytes()) == edge


def test_an_edge_is_never_changed() -> None:
    edge = Edge.empty().append(leaf_hash(b"one"))
    longer = edge.append(leaf_hash(b"two"))
    assert (edge.size, longer.size) == (1, 2)
    with pytest.raises(FrozenInstanceError):
        edge.size = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("size", "length"), [(0, 1), (0, 32), (1, 0), (1, 31), (1, 33), (1, 64), (3, 32), (3, 65), (4, 64), (-1, 0)]
)
def test_a_row_that_cannot_be_the_edge_of_its_size_is_tampered(size: int, length: int) -> None:
    with pytest.raises(Tampered):
        Edge.from_bytes(size, bytes(length))


def test_an_edge_above_the_largest_size_is_tampered() -> None:
    assert Edge(MAX_SIZE, (bytes(32),) * 63).size == MAX_SIZE
    with pytest.raises(Tampered):
        Edge(MAX_SIZE + 1, (bytes(32),))


@given(leaf_in_tree())
def test_an_inclusion_proof_is_that_of_rfc_6962_and_verifies(where: tuple[int, int]) -> None:
    index, size = where
    proof = inclusion_proof(index, size, within(size))
    assert proof == merkle.path(index, merkle.entries(size))
    verify_inclusion(node(0, index), index, size, proof, root_of(size))


@given(two_sizes())
def test_a_consistency_proof_is_that_of_rfc_6962_and_verifies(which: tuple[int, int]) -> None:
    old, new = which
    proof = consistency_proof(old, new, within(new))
    assert proof == (merkle.proof(old, merkle.entries(new)) if old else [])
    verify_consistency(old, root_of(old), new, root_of(new), proof)


@pytest.mark.parametrize("size", BORDERS)
def test_proofs_verify_where_tiles_begin_and_end(size: int) -> None:
    read, root = within(size), root_hash(size, within(size))
    assert Edge.empty().extend(node(0, index) for index in range(size)).root() == root
    for index in {0, 1, 254, 255, 256, 257, size // 2, size - 2, size - 1} & set(range(size)):
        verify_inclusion(node(0, index), index, size, inclusion_proof(index, size, read), root)
    for old in {each for each in (*BORDERS, size - 1) if 0 < each <= size}:
        verify_consistency(old, root_hash(old, read), size, root, consistency_proof(old, size, read))


def test_proofs_reach_the_largest_tree() -> None:
    """Its nodes are made up by level and index: only the numbers are of interest here."""

    def read(level: int, index: int) -> bytes:
        return leaf_hash(b"%d %d" % (level, index))

    root = root_hash(MAX_SIZE, read)
    proof = inclusion_proof(MAX_SIZE - 1, MAX_SIZE, read)
    verify_inclusion(read(0, MAX_SIZE - 1), MAX_SIZE - 1, MAX_SIZE, proof, root)
    old_root = root_hash(MAX_SIZE - 1, read)
    verify_consistency(MAX_SIZE - 1, old_root, MAX_SIZE, root, consistency_proof(MAX_SIZE - 1, MAX_SIZE, read))


@given(leaf_in_tree(), st.data())
def test_inclusion_with_one_bit_changed_is_tampered(where: tuple[int, int], data: st.DataObject) -> None:
    index, size = where
    proof = inclusion_proof(index, size, within(size))
    for values in one_bit_changed([node(0, index), root_of(size), *proof], data):
        with pytest.raises(Tampered):
            verify_inclusion(values[0], index, size, values[2:], values[1])


@given(leaf_in_tree(), st.integers(-1, LARGEST + 1))
def test_a_leaf_is_included_at_its_own_index_only(where: tuple[int, int], elsewhere: int) -> None:
    index, size = where
    proof = inclusion_proof(index, size, within(size))
    included = holds(lambda: verify_inclusion(node(0, index), elsewhere, size, proof, root_of(size)))
    assert included == (elsewhere == index)


@given(leaf_in_tree(), leaf_in_tree())
def test_an_inclusion_proof_serves_its_own_leaf_and_tree_only(where: tuple[int, int], other: tuple[int, int]) -> None:
    proof = inclusion_proof(*where, within(where[1]))
    included = holds(lambda: verify_inclusion(node(0, other[0]), *other, proof, root_of(other[1])))
    assert included == (where == other)


@given(leaf_in_tree(), st.integers(0, 7))
def test_inclusion_with_a_hash_too_many_or_too_few_is_tampered(where: tuple[int, int], at: int) -> None:
    index, size = where
    proof = inclusion_proof(index, size, within(size))
    for wrong in ([*proof[:at], bytes(32), *proof[at:]], [*proof[:at], *proof[at + 1 :]]):
        if wrong != proof:
            with pytest.raises(Tampered):
                verify_inclusion(node(0, index), index, size, wrong, root_of(size))


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    proof = inclusion_proof(2, 4, within(4))
    with pytest.raises(Tampered):
        verify_inclusion(node(1, 1), 2, 4, proof[1:], root_of(4))
    forged = leaf_hash(node(0, 2) + node(0, 3))  # the bytes of both children, logged as an entry
    with pytest.raises(Tampered):
        verify_inclusion(forged, 1, 2, proof[1:], root_of(4))


def test_hashes_of_another_length_are_tampered_even_if_they_hash_to_the_root() -> None:
    left, right = node(0, 0), node(0, 1)
    verify_inclusion(left, 0, 2, [right], root_of(2))
    assert node_hash(left + right[:1], right[1:]) == root_of(2)
    with pytest.raises(Tampered):
        verify_inclusion(left + right[:1], 0, 2, [right[1:]], root_of(2))
    with pytest.raises(Tampered):
        verify_consistency(1, left + right[:1], 2, root_of(2), [right[1:]])


@given(leaf_in_tree(), st.data())
def test_consistency_with_one_bit_changed_is_tampered(where: tuple[int, int], data: st.DataObject) -> None:
    old, new = where[0] + 1, where[1]
    proof = consistency_proof(old, new, within(new))
    for values in one_bit_changed([root_of(old), root_of(new), *proof], data):
        with pytest.raises(Tampered):
            verify_consistency(old, values[0], new, values[1], values[2:])


@given(two_sizes(), two_sizes())
def test_a_consistency_proof_serves_its_own_two_trees_only(which: tuple[int, int], other: tuple[int, int]) -> None:
    proof = consistency_proof(*which, within(which[1]))
    old, new = other
    consistent = holds(lambda: verify_consistency(old, root_of(old), new, root_of(new), proof))
    assert consistent == (proof == consistency_proof(old, new, within(new)))


def test_the_size_counts_only_together_with_the_root_that_a_checkpoint_signs() -> None:
    """RFC 6962 hashes no sizes: a proof may fit more than one, and nobody must take a size from a proof."""
    proof = inclusion_proof(0, 3, within(3))
    verify_inclusion(node(0, 0), 0, 4, proof, root_of(3))


@given(two_sizes(), st.integers(0, 7))
def test_consistency_with_a_hash_too_many_or_too_few_is_tampered(which: tuple[int, int], at: int) -> None:
    old, new = which
    proof = consistency_proof(old, new, within(new))
    for wrong in ([*proof[:at], bytes(32), *proof[at:]], [*proof[:at], *proof[at + 1 :]]):
        if wrong != proof:
            with pytest.raises(Tampered):
                verify_consistency(old, root_of(old), new, root_of(new), wrong)


@given(leaf_in_tree(), st.integers(0, LARGEST))
def test_a_tree_that_rewrote_an_old_leaf_is_not_consistent(where: tuple[int, int], added: int) -> None:
    rewritten, old = where
    new = old + added
    history = merkle.entries(new)
    history[rewritten] = b"another"
    proof = consistency_proof(old, new, merkle.reader(history))
    with pytest.raises(Tampered):
        verify_consistency(old, root_of(old), new, merkle.mth(history), proof)


def test_the_empty_tree_begins_every_tree_but_only_with_its_own_root() -> None:
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(0, EMPTY_ROOT, 5, root_of(5), [])
    for old, new in ((0, 0), (0, 5)):
        with pytest.raises(Tampered):
            verify_consistency(old, bytes(32), new, bytes(32), [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (0, MAX_SIZE + 1)])
def test_no_inclusion_proof_outside_of_the_tree(index: int, size: int) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        inclusion_proof(index, size, node)
    with pytest.raises(Tampered):
        verify_inclusion(bytes(32), index, size, [], bytes(32))


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (1, MAX_SIZE + 1)])
def test_no_consistency_proof_between_sizes_that_the_tree_cannot_have_had(old: int, new: int) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        consistency_proof(old, new, node)
    with pytest.raises(Tampered):
        verify_consistency(old, bytes(32), new, bytes(32), [])


def test_hashes_that_fit_do_not_make_up_for_numbers_that_no_tree_has() -> None:
    """Each of these would verify, were the numbers not looked at first."""
    verify_inclusion(node(0, 1), 1, 2, [node(0, 0)], root_of(2))
    with pytest.raises(Tampered):
        verify_inclusion(node(0, 1), -1, 2, [node(0, 0)], root_of(2))
    with pytest.raises(Tampered):
        verify_consistency(4, root_of(4), 2, root_of(4), [])
    path = [node(0, 1)] * 63
    with pytest.raises(Tampered):
        verify_inclusion(node(0, 0), 0, MAX_SIZE + 1, path, reduce(node_hash, path, node(0, 0)))


@pytest.mark.parametrize(
    "prove", [lambda read: inclusion_proof(2, 5, read), lambda read: consistency_proof(3, 5, read)]
)
def test_a_reader_that_gives_no_hash_is_tampered(prove: Callable[[NodeReader], list[bytes]]) -> None:
    with pytest.raises(Tampered):
        prove(lambda _level, _index: b"")
