"""What a gateway counts."""

from collections import Counter as Counts
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Gauge

MESSAGES: Final = Counter(
    "hifadhi_gateway_messages", "Messages answered, by outcome: accepted, or the code of the refusal.", ["outcome"]
)
ACCEPTED: Final = "accepted"
BEHIND: Final = Gauge("hifadhi_gateway_registry_behind_seconds", "Age of the oldest submission that is not ruled yet.")


def count(outcomes: Iterable[str]) -> None:
    """Messages answered with these outcomes."""
    for outcome, often in Counts(outcomes).items():
        _of(outcome).inc(often)


@lru_cache(maxsize=256)  # outcomes are codes
def _of(outcome: str) -> Counter:
    return MESSAGES.labels(outcome)
