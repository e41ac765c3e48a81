"""What delivery counts."""

from typing import Final

from prometheus_client import Counter, Gauge

SIZE: Final = Gauge("hifadhi_delivery_followed_leaves", "Leaves of the ledger that are in the inboxes.")
ITEMS: Final = Counter("hifadhi_delivery_items", "Items put into inboxes.")
WAITING: Final = Gauge("hifadhi_delivery_waiting_requests", "Requests that wait for something new.")
ERASED_UNREAD: Final = Counter("hifadhi_delivery_erased_unread", "Parts erased before their readers had them.")
INBOX_TOPIC_ITEMS: Final = Counter("hifadhi_delivery_inbox_topic_items", "Items appended to topics of agencies.")
