"""The records of a topic `inbox.<agency>`: items of `wire.md` §5, and their parts, each a record of its own. Pure."""

import json
from collections.abc import Iterable, Iterator

from hifadhi.evidence import b64u
from hifadhi.hub.delivery.erasures import tombstone
from hifadhi.hub.delivery.inbox import Item
from hifadhi.stream.port import Entry


def page(previous: int, items: Iterable[Item]) -> Iterator[Entry]:
    """Items that follow each other, the first the one of index `previous`: each behind its parts.

    What is gone of them gets its tombstone, behind the item that no longer names it.
    """
    for one in items:
        yield from (Entry(b64u.decode(digest), sealed) for digest, sealed in one.sealed.items() if sealed is not None)
        yield item(previous, one)
        yield from (tombstone(digest) for digest, sealed in one.sealed.items() if sealed is None)
        previous = one.index


def item(previous: int, one: Item) -> Entry:
    """An item by itself; `previous`: the index of the one before it in this agency's inbox, -1 for none."""
    index = str(one.index).encode()
    said = {"index": one.index, "role": one.role, "leaf": b64u.encode(one.leaf)}
    parts = {name: digest for name, digest in one.parts.items() if name not in one.erased}
    value = json.dumps({**said, "parts": parts, "erased": one.erased}, separators=(",", ":"))
    return Entry(index, value.encode(), (("index", index), ("previous", str(previous).encode())))
