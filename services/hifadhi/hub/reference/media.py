"""The media types of what the exchange takes and gives."""

from typing import Final

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
JOSE: Final = "application/jose+json"
TEXT: Final = "text/plain"
HTML: Final = "text/html"
CSS: Final = "text/css"
BYTES: Final = "application/octet-stream"
