"""What one transaction of the sealer writes: a batch, its leaves as bytes, and the tree that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.hub.registry.batch import Batch
from hifadhi.hub.registry.head import Grown, Head


@dataclass(frozen=True, slots=True)
class Sealing:
    """`edge`: of the tree with this batch. `head`: it signed, if that goes along. `published`: what is in `record`."""

    batch: Batch
    raw: Sequence[bytes]
    hashes: Sequence[bytes]
    edge: Edge
    head: Grown | None
    published: int


def prepare(batch: Batch, edge: Edge, head: Head | None, published: int) -> Sealing:
    """On the tree of this `edge`. Statements may change keys: a batch with one is not signed along."""
    raw = [new.leaf.to_bytes() for new in batch.leaves]
    hashes = [leaf_hash(leaf) for leaf in raw]
    after = edge.extend(hashes)
    may_change_keys = any(new.is_statement for new in batch.leaves)
    signed = head.grow(batch.size, hashes, after) if head and not may_change_keys else None
    return Sealing(batch, raw, hashes, after, signed, published)
