"""RFC 6962 §2.1, word by word and slowly: what the tree under test is measured against."""

from collections.abc import Sequence
from hashlib import sha256

from hifadhi.evidence.tree import NodeReader


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


def mth(data: Sequence[bytes]) -> bytes:
    """The Merkle Tree Hash of a list of entries."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), §2.1.1."""
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def proof(m: int, data: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), §2.1.2."""
    return _subproof(m, data, known=True)


def reader(data: Sequence[bytes]) -> NodeReader:
    """Complete subtrees of these entries; any other node is an error of who asks."""

    def read(level: int, index: int) -> bytes:
        leaves = data[index << level : (index + 1) << level]
        assert len(leaves) == 1 << level, "asked for a subtree that is not complete"
        return mth(leaves)

    return read


def split(n: int) -> int:
    """The largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


def _subproof(m: int, data: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(data):
        return [] if known else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*_subproof(m, data[:k], known=known), mth(data[k:])]
    return [*_subproof(m - k, data[k:], known=False), mth(data[:k])]
