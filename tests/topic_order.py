"""What a reader makes of the topics `record` and `directory`: each leaf once, in order."""

from collections.abc import Sequence

from hifadhi.stream.port import Record


def index_of(record: Record) -> int:
    return int(dict(record.headers)["index"])


def in_order(found: Sequence[Record]) -> dict[int, bytes]:
    """By index. Each first appearance is behind those of all lower ones, each later one is the same."""
    leaves: dict[int, bytes] = {}
    for one in found:
        index, value = index_of(one), one.value or b""
        if index in leaves:
            assert leaves[index] == value
        else:
            assert index > max(leaves, default=-1)
            leaves[index] = value
    return leaves
