"""What delivery counts."""

from typing import Final

from prometheus_client import Counter, Gauge

SIZE: Final = Gauge("hifadhi_delivery_followed_leaves", "Leaves of the ledger that are in the inboxes.")
ITEMS: Final = Counter("hifadhi_delivery_items", "Items put into inboxes.")
WAITING: Final = Gauge("hifadhi_delivery_waiting_requests", "Requests that wait for something new.")
