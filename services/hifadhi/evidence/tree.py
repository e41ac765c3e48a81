"""The Merkle tree (RFC 6962 §2.1, SHA-256): its right edge, its root, proofs and their verification.

A node is named (level, index): the root of the complete subtree over the leaves `index * 2**level` up to
`(index + 1) * 2**level - 1`. Where a tree is not complete, its right side is folded from such nodes.

Rules for a proof, and the attack that each stops:

1. Sizes and index are those of a possible tree: a leaf proved at a place that the tree does not have.
2. Every hash is 32 bytes long: the border between two hashes moved, so that others give the same root.
3. The proof has exactly as many hashes as sizes and index ask for: an inner node passed off as a leaf.
4. The root that follows is the given one: a leaf that is not in the tree, or has been changed.
5. For consistency both roots follow from the same hashes: a tree that dropped or changed what an older one had.
6. An empty or unchanged tree needs no proof and gets none: any root at all declared consistent.

Leaves and nodes are hashed under different first bytes, so that neither passes for the other. A root does not
tell its size, and one proof may fit two sizes: a size counts only with the root that a checkpoint signs beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import Final, Self

from hifadhi.errors import Fault, Refused, Tampered

HASH_BYTES: Final = 32
MAX_SIZE: Final = 2**63 - 1
"""The most leaves that a tree can have: what databases and other languages count with."""
EMPTY_ROOT: Final = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""(level, index) of a complete subtree to its root. Asked only for nodes within the size that the caller gave."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf, 32 bytes."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, 32 bytes, from those of its children."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: the roots of the complete subtrees that make it up, the largest first.

    All that is needed to go on appending. Tampered, if these cannot be the hashes of a tree of this size.
    """

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise Tampered(f"a tree of {self.size} leaves does not have an edge of {len(self.hashes)} hashes")
        _check_hashes(self.hashes)

    @classmethod
    def empty(cls) -> Self:
        """The edge of the tree without leaves."""
        return cls(0, ())

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Self:
        """The edge that `to_bytes` wrote at this size, else Tampered."""
        return cls(size, tuple(raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """The hashes one after the other: 32 bytes for each bit that is set in the size."""
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> "Edge":
        """The edge with one more leaf, given by its hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Edge":
        """The edge with more leaves, given by their hashes of 32 bytes."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            node, carry = leaf, size
            while carry & 1:  # as adding one to a binary number: each carry joins two subtrees of the same size
                node = node_hash(hashes.pop(), node)
                carry >>= 1
            hashes.append(node)
            size += 1
        return Edge(size, tuple(hashes))

    def root(self) -> bytes:
        """The root of the tree."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT


def root_hash(size: int, read: NodeReader) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The audit path of a leaf (RFC 6962 §2.1.1), the leaf's sibling first. Refused: NOT_FOUND outside of the tree."""
    if not 0 <= index < size <= MAX_SIZE:
        raise Refused(Fault("NOT_FOUND", "", "the tree has no leaf with this index"))
    return [_range_hash(first, end, read) for _, first, end in _siblings(0, index, size)]


def consistency_proof(old: int, new: int, read: NodeReader) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` (RFC 6962 §2.1.2), the lowest hash first.

    Empty if `old` is 0 or `new`. Refused: NOT_FOUND, if `old` is above `new`.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise Refused(Fault("NOT_FOUND", "", "the tree has never had this size"))
    if old in {0, new}:
        return []
    level, index = _last_subtree(old)
    proof = [_range_hash(first, end, read) for _, first, end in _siblings(level, index, new)]
    return proof if _is_complete(old) else [read(level, index), *proof]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Nothing, if the tree of this size and root has at `index` the leaf with this hash; else Tampered."""
    if not 0 <= index < size <= MAX_SIZE:  # rule 1
        raise Tampered(f"a tree of {size} leaves has no leaf {index}")
    _check_hashes((leaf, root, *proof))  # rule 2
    computed = leaf
    for on_left, sibling in _climb(0, index, size, proof):  # rule 3
        computed = node_hash(sibling, computed) if on_left else node_hash(computed, sibling)
    if computed != root:  # rule 4
        raise Tampered("the inclusion proof does not lead from the leaf to the root", index=index)


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Nothing, if the tree of `new_size` and `new_root` begins with that of `old_size` and `old_root`.

    Else Tampered. Which of two roots is the true one, a failed proof cannot say.
    """
    if not 0 <= old_size <= new_size <= MAX_SIZE:  # rule 1
        raise Tampered(f"a tree of {old_size} leaves cannot become one of {new_size}")
    _check_hashes((old_root, new_root, *proof))  # rule 2
    if old_size in {0, new_size}:
        _verify_trivial(old_size, old_root, new_size, new_root, proof)
        return
    hashes = (old_root, *proof) if _is_complete(old_size) else proof
    level, index = _last_subtree(old_size)
    climb = _climb(level, index, new_size, hashes[1:])  # rule 3
    old = new = hashes[0]
    for on_left, sibling in climb:
        old = node_hash(sibling, old) if on_left else old  # what stands to the right came after the old tree
        new = node_hash(sibling, new) if on_left else node_hash(new, sibling)
    if (old, new) != (old_root, new_root):  # rules 4 and 5
        raise Tampered(f"the tree of {new_size} leaves is not shown to begin with that of {old_size}")


def _verify_trivial(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Rule 6. An empty tree begins every other."""
    if proof:
        raise Tampered("an empty or unchanged tree has a consistency proof without hashes")
    if old_size == new_size and old_root != new_root:
        raise Tampered(f"two roots for one tree of {old_size} leaves")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise Tampered("the root of a tree without leaves is the hash of nothing")


def _climb(level: int, index: int, size: int, proof: Sequence[bytes]) -> Iterator[tuple[bool, bytes]]:
    """From a node up to the root, each sibling: whether it stands to the left, and its hash in the proof."""
    sides = [on_left for on_left, _, _ in _siblings(level, index, size)]
    if len(sides) != len(proof):
        raise Tampered(f"a proof of {len(sides)} hashes is needed here, not of {len(proof)}")
    return zip(sides, proof, strict=True)


def _siblings(level: int, index: int, size: int) -> Iterator[tuple[bool, int, int]]:
    """From a node up to the root, each sibling: whether it stands to the left, its first leaf, and the leaf after it.

    On the right edge a node without a sibling is its own parent.
    """
    last = (size - 1) >> level
    while last:
        if index & 1:
            yield True, (index - 1) << level, index << level
        elif index < last:
            yield False, (index + 1) << level, min((index + 2) << level, size)
        level, index, last = level + 1, index >> 1, last >> 1


def _last_subtree(size: int) -> tuple[int, int]:
    """(level, index) of the last and smallest of the complete subtrees that make up a tree."""
    level = (size & -size).bit_length() - 1
    return level, (size >> level) - 1


def _is_complete(size: int) -> bool:
    return size & (size - 1) == 0


def _range_hash(first: int, end: int, read: NodeReader) -> bytes:
    """The hash over the leaves `first` to `end - 1`, as the tree joins them.

    `first` is a multiple of a power of two that is not below their count.
    """
    hashes = []
    while first < end:
        level = (end - first).bit_length() - 1
        hashes.append(read(level, first >> level))
        first += 1 << level
    _check_hashes(hashes)
    return _fold(hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees, the largest first, of which there is at least one."""
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise Tampered(f"a hash is {HASH_BYTES} bytes long")
