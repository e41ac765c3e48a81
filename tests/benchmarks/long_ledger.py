"""A ledger as long as one likes, written as it is mirrored, in memory that does not grow with it.

Of three leaves one opens a case, one asks about it, and one speaks of a case that was opened long ago, so that an audit
has to find it again. All within a few hours: nothing lapses.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hifadhi.evidence import checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle
from hifadhi.evidence.tree import Edge, leaf_hash
from sealed_ledgers import ORIGIN, START, Exchange, ledger_private, root_bytes

APART_MS: Final = 3
AGO: Final = 40_000
"""Cases that are opened until one is spoken of again: more than an audit holds."""


class _Flowing(Exchange):
    """Forgets a case when it will not be spoken of any more; signatures are made, not checked."""

    def next_three(self, opened: deque[str], ago: int) -> None:
        case = self._said("encounter.reported", to=[])
        opened.append(case)
        self._said("referral.requested", case=case, kind="service", to=["ZA-DHA"], urgency="standard", seen=1)
        if len(opened) > ago:
            self._said("encounter.reported", case=opened[0], to=[])
            del self.fold.cases[opened.popleft()]
            self.fold.past.clear()

    def _said(self, kind: str, /, **facts: Any) -> str:
        self.now = START + self.position * APART_MS
        self.submit(self.envelope("MZ-INAR", kind, **facts))
        return f"01930000-0000-7000-8000-{self.ids:012x}"


def write(folder: Path, leaves: int, *, ago: int = AGO) -> None:
    """At least so many leaves under `folder/copy`, and `folder/root.json`. `ago`: see `AGO`."""
    files, edge, rows = folder / "copy", Edge.empty(), TileRows()
    for first, bundle in enumerate(_bundles(leaves, ago)):
        hashes = [leaf_hash(leaf) for leaf in bundle]
        edge = edge.extend(hashes)
        for tile, raw in (filled for hashed in hashes for filled in rows.add(hashed)):
            _write(files / tile.path(), raw)
        _write(files / Tile(ENTRIES, first, len(bundle)).path(), entry_bundle(bundle))
    for tile, raw in rows.partial():
        _write(files / tile.path(), raw)
    tree = Checkpoint(ORIGIN, edge.size, edge.root())
    _write(files / "checkpoint", checkpoint.sign(tree, ledger_private()).encode())
    _write(folder / "root.json", root_bytes())


def _bundles(leaves: int, ago: int) -> Iterator[list[bytes]]:
    exchange, opened = _Flowing(), deque[str]()
    exchange.admit_all()
    exchange.fold.signed = lambda _envelope, _header, _directory: None
    made = 0
    while made < leaves:
        exchange.next_three(opened, ago)
        while len(exchange.leaves) >= WIDTH:
            yield exchange.leaves[:WIDTH]
            del exchange.leaves[:WIDTH]
            made += WIDTH
        exchange.submissions.clear()


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
