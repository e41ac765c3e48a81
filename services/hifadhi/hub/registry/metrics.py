"""What a registry counts. Only the one that seals moves them."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from hifadhi.hub.registry.batch import Batch

LEAVES: Final = Counter("hifadhi_registry_leaves", "Leaves sealed, by ruling.", ["ruling"])
DEAD_LETTERS: Final = Counter("hifadhi_registry_dead_letters", "Submissions that got no leaf, by cause.", ["cause"])
SIZE: Final = Gauge("hifadhi_registry_ledger_leaves", "Size of the ledger as far as it is sealed here.")
POSITION: Final = Gauge("hifadhi_registry_position", "The next position to read from the topic submissions.")
BATCH: Final = Histogram(
    "hifadhi_registry_batch_duration_seconds",
    "One batch ruled and committed, and the one before it published.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
HOLDS: Final = Gauge("hifadhi_registry_holds_lease", "1 while it is this registry's turn to seal.")


def note(batch: Batch) -> None:
    """Count what a batch has sealed."""
    for new in batch.leaves:
        LEAVES.labels(new.leaf.ruling.ruling).inc()
    for _, dead in batch.dead:
        DEAD_LETTERS.labels(dead.cause).inc()
    SIZE.set(batch.size + len(batch.leaves))
    POSITION.set(batch.next_position)
