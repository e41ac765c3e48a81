"""What the console counts."""

from typing import Final

from prometheus_client import Gauge

LISTENING: Final = Gauge("hifadhi_console_listening_pages", "Open pages that are told when something changes.")
