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

    def take(self, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> None:
        if value is None:
            self._parts.pop(b64u.encode(key), None)
        elif "index" not in headers:
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
        had = self._had(index)
        if had is None:
            self._held[index] = (previous, item)
        elif not set(item["erased"]) > set(had["erased"]):
            self.repeats += 1
        elif index in self._held:
            self._held[index] = (previous, item)
        else:
            had["erased"] = item["erased"]
            had["parts"] = {name: part for name, part in had["parts"].items() if name in item["parts"]}

    def _had(self, index: int) -> dict[str, Any] | None:
        held = [item for _, item in self._held.values()]
        return next((item for item in held + self.items if item["index"] == index), None)

    def _release(self) -> None:
        while self._held:
            index = min(self._held)
            previous, item = self._held[index]
            if previous != self.last or not set(item["parts"].values()) <= self._parts.keys():
                return
            del self._held[index]
            full = {name: self._parts[digest] for name, digest in item["parts"].items()}
            self.items.append({**item, "parts": full})
