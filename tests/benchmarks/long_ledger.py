"""A ledger as long as one likes, written as it is mirrored, by all processors, in memory that does not grow with it.

Of three leaves one opens a case, one asks about it, and one speaks of a case that was opened long ago, so that an audit
has to find it again. All within a few hours: nothing lapses. Every case has the same life, so that what stands at a
position follows from the position, and no bundle waits for the one before it.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Self

from hifadhi.evidence import checkpoint, leaf
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.leaf import Leaf, Ruling
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle
from hifadhi.evidence.tree import HASH_BYTES, Edge, leaf_hash
from sealed_ledgers import ORIGIN, START, Exchange, ledger_private, root_bytes, uuid7

APART_MS: Final = 3
AGO: Final = 40_000
"""Cases that are opened until one is spoken of again: more than an audit holds."""
SENDER: Final = "MZ-INAR"
SIGNS: Final = f"{SENDER}/sign"
PAIR: Final = 2
TRIPLE: Final = 3
AT_ONCE: Final = 64
"""Bundles that are under way: what is not taken up yet is bounded."""


@dataclass(frozen=True, slots=True)
class Lives:
    """All cases' lives. `first`: the leaves that let the agencies in, at positions from 0.

    `rulings`: on a case that is opened, one that is asked about, one that is spoken of again.
    """

    exchange: Exchange
    first: tuple[bytes, ...]
    rulings: tuple[Ruling, ...]
    ago: int

    @classmethod
    def begun(cls, ago: int) -> Self:
        """The rulings are those of a registry on two such cases."""
        exchange = Exchange()
        exchange.admit_all()
        first = tuple(exchange.leaves)
        one, two = (cls._lived(exchange) for _ in range(2))
        exchange.submit(exchange.envelope(SENDER, "encounter.reported", case=one, to=[]))
        opened, asked, again = (leaf.parse(raw).ruling for raw in exchange.leaves[-3:])
        assert two in exchange.fold.cases
        return cls(exchange, first, (opened, asked, again), ago)

    @staticmethod
    def _lived(exchange: Exchange) -> str:
        case = uuid7(exchange.ids + 1)
        exchange.submit(exchange.envelope(SENDER, "encounter.reported", to=[]))
        exchange.submit(exchange.envelope(SENDER, "referral.requested", **_asked(case)))
        return case

    def leaf(self, position: int) -> bytes:
        """What stands at this position."""
        if position < len(self.first):
            return self.first[position]
        kind, case = self._about(position - len(self.first))
        facts: tuple[str, dict[str, Any]] = (
            ("encounter.reported", {"to": []}),
            ("referral.requested", _asked(case)),
            ("encounter.reported", {"case": case, "to": []}),
        )[kind]
        ruling = replace(self.rulings[kind], position=position)
        return Leaf(ruling, self._envelope(position, *facts)).to_bytes()

    def _about(self, number: int) -> tuple[int, str]:
        """Of a message by its number, from 0: which of the three it is, and the case that it speaks of."""
        early = self.ago * PAIR
        step, kind = divmod(number, PAIR) if number < early else divmod(number - early, TRIPLE)
        case = step if number < early or kind == TRIPLE - 1 else step + self.ago
        before = case * PAIR + max(0, case - self.ago)
        return kind, uuid7(len(self.first) + before + 1)

    def _envelope(self, position: int, kind: str, facts: dict[str, Any]) -> bytes:
        exchange = self.exchange
        exchange.ids, exchange.now = position, START + position * APART_MS
        exchange.sequences[SIGNS] = position - len(self.first)
        return exchange.envelope(SENDER, kind, **facts)


@cache
def lives(ago: int) -> Lives:
    """Once: a process that parts from this one has the same keys."""
    return Lives.begun(ago)


def _asked(case: str) -> dict[str, Any]:
    return {"case": case, "kind": "service", "to": ["ZA-DHA"], "urgency": "standard", "seen": 1}


def write(folder: Path, leaves: int, *, ago: int = AGO) -> None:
    """At least so many leaves under `folder/copy`, and `folder/root.json`. `ago`: see `AGO`."""
    files, edge, rows = folder / "copy", Edge.empty(), TileRows()
    for hashes in _bundles(files, -(-leaves // WIDTH), ago):
        edge = edge.extend(hashes)
        for tile, raw in (filled for hashed in hashes for filled in rows.add(hashed)):
            _write(files / tile.path(), raw)
    for tile, raw in rows.partial():
        _write(files / tile.path(), raw)
    tree = Checkpoint(ORIGIN, edge.size, edge.root())
    _write(files / "checkpoint", checkpoint.sign(tree, ledger_private()).encode())
    _write(folder / "root.json", root_bytes())


def _bundles(files: Path, count: int, ago: int) -> Iterator[list[bytes]]:
    """The hashes of each bundle's leaves; the bundles are written."""
    lives(ago)
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as workers:
        for first in range(0, count, AT_ONCE):
            for hashes in workers.map(partial(_bundle, files, ago), range(first, min(first + AT_ONCE, count))):
                yield [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _bundle(files: Path, ago: int, number: int) -> bytes:
    bundle = [lives(ago).leaf(number * WIDTH + at) for at in range(WIDTH)]
    _write(files / Tile(ENTRIES, number, len(bundle)).path(), entry_bundle(bundle))
    return b"".join(map(leaf_hash, bundle))


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
