"""The signed head of the tree, which grows within the transaction that seals a batch: its checkpoint and its tiles.

Only on a head that is signed already, and by leaves that change no keys. Whatever else there is, `tiling` makes both
from the committed rows, as after a crash. What is signed here and not committed never leaves this process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hifadhi.evidence.tiles import grown, partial_tiles
from hifadhi.evidence.tree import Edge
from hifadhi.hub.registry import tiling
from hifadhi.hub.registry.ledger_signer import LedgerSigner
from hifadhi.hub.registry.tiling import Tiles
from hifadhi.store.port import Store

UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class Grown:
    """A head to commit: the tree's size, its signed checkpoint, and the tiles that have changed, whole."""

    size: int
    checkpoint: str
    tiles: Tiles


class Head:
    """What the committed row says is signed: a tree of `size` leaves, `UNKNOWN` until it is loaded."""

    def __init__(self, signer: LedgerSigner) -> None:
        self._signer = signer
        self._partial: Tiles = {}
        self.size = UNKNOWN

    async def load(self, store: Store, size: int) -> None:
        """The rows are signed up to `size`."""
        if size != self.size:
            async with store.look() as db:
                self._partial = await tiling.read_partial(db, size)
            self.size = size

    def grow(self, size: int, hashes: Sequence[bytes], edge: Edge) -> Grown | None:
        """The head over the first `size` and these more leaves, with the edge that makes; None if we know no such tree.

        `KeyNotInForce`; and what is known here is never wrong, only of another size: leaves are not taken back.
        """
        if size != self.size or not hashes:
            return None
        tiles = grown(size, hashes, lambda level, index: self._partial[level, index])
        return Grown(edge.size, self._signer.note(edge.size, edge.root()), tiles)

    def take(self, head: Grown) -> None:
        """It is committed."""
        at_hand = self._partial | head.tiles
        self._partial = {(tile.level, tile.index): at_hand[tile.level, tile.index] for tile in partial_tiles(head.size)}
        self.size = head.size
