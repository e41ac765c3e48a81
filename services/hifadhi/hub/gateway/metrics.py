"""What a gateway counts."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Gauge

MESSAGES: Final = Counter(
    "hifadhi_gateway_messages", "Messages answered, by outcome: accepted, or the code of the refusal.", ["outcome"]
)
ACCEPTED: Final = "accepted"
BEHIND: Final = Gauge("hifadhi_gateway_registry_behind_seconds", "Age of the oldest submission that is not ruled yet.")


def count(outcomes: Iterable[str]) -> None:
    """Messages answered with these outcomes."""
    for outcome in outcomes:
        MESSAGES.labels(outcome).inc()
