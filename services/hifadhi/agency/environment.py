"""The variables that an agency's commands read where an option is left out: of which exchange the talk is."""

from typing import Final

EXCHANGE_URL: Final = "HIFADHI_EXCHANGE_URL"
EXCHANGE_ROOT: Final = "HIFADHI_EXCHANGE_ROOT"
"""Where `root.json` lies."""
