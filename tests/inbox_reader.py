"""An agency's reader of its own topic `inbox.<agency>`: what it makes of the records, item by item, in order.

A record is given as key, value and headers, so that it reads from any client.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hifadhi.evidence import b64u


@dataclass
class InboxReader:
    items: list[dict[str, Any]] = field(default_factory=list)
    repeats: int = 0
    _parts: dict[str, str] = field(default_factory=dict)
    _held: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def take(self, key: bytes, value: bytes, headers: Mapping[str, bytes]) -> None:
        if "index" not in headers:
            assert sha256(value).digest() == key
            self._parts[b64u.encode(key)] = value.decode()
        else:
            self._take_item(int(headers["index"]), int(headers["previous"]), json.loads(value))
            assert key == headers["index"]
        self._release()

    @property
    def waits(self) -> int:
        """Items that came before their parts, or before the item that precedes them."""
        return len(self._held)

    @property
    def last(self) -> int:
        return self.items[-1]["index"] if self.items else -1

    def _take_item(self, index: int, previous: int, item: dict[str, Any]) -> None:
        assert item["index"] == index
        if index <= self.last:
            self.repeats += 1
        else:
            self._held[index] = (previous, item)

    def _release(self) -> None:
        while self._held:
            index = min(self._held)
            previous, item = self._held[index]
            if previous != self.last or not set(item["parts"].values()) <= self._parts.keys():
                return
            del self._held[index]
            full = {name: self._parts[digest] for name, digest in item["parts"].items()}
            self.items.append({**item, "parts": full})
