"""That the rows of an inbox page are in the ledger, at their indexes: shown by what the registry gives everybody.

A few rows are proved one by one (C2SP tlog-proof); many share the ledger's tiles, which are a few requests for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.exchange import Exchange, InboxRow
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.evidence import proof, tile_proof
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tile_proof import TileProof
from hifadhi.evidence.tree import leaf_hash, verify_inclusion

MANY: Final = 3
"""From so many rows on by tiles: a checkpoint, and then at once a tile or two of each level."""
PAUSE_S: Final = 0.2
WAIT_S: Final = 5.0

Refresh = Callable[[], Awaitable[bool]]
"""Reads the directory on; whether that brought anything new."""
Check = Callable[[InboxRow], Awaitable[None]]
"""Nothing, if the row's leaf is in the ledger; else Tampered, or Unavailable while the hub does not show it."""


class LeafProofs:
    """Asks the exchange; what it shows of the tree is the latest from then on."""

    def __init__(self, exchange: Exchange, latest: LatestCheckpoint, refresh: Refresh) -> None:
        self._exchange, self._latest, self._refresh = exchange, latest, refresh

    async def of(self, rows: Sequence[InboxRow]) -> Check:
        """What checks these rows. Tampered, Unavailable."""
        return await self._by_tiles(rows) if len(rows) >= MANY else self._by_itself

    async def _by_tiles(self, rows: Sequence[InboxRow]) -> Check:
        checkpoint = await self._covering(rows[-1].index)
        tiles = tile_proof.needed((row.index for row in rows), checkpoint.size)
        raw = await asyncio.gather(*map(self._exchange.tile, tiles))
        shown = TileProof(checkpoint, dict(zip(tiles, raw, strict=True)))

        async def check(row: InboxRow) -> None:
            shown.check(row.index, leaf_hash(row.leaf))

        return check

    async def _covering(self, index: int) -> Checkpoint:
        """A checkpoint with this leaf. An item may be here a moment before it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_S
        while True:
            at_least = self._latest.size
            checkpoint = await self._taken(await self._exchange.checkpoint(), at_least)
            if checkpoint.size > index:
                return checkpoint
            if loop.time() > deadline:
                raise Unavailable(f"index {index}: the hub's checkpoint does not cover it")
            await asyncio.sleep(PAUSE_S)

    async def _by_itself(self, row: InboxRow) -> None:
        at_least = max(self._latest.size, row.index + 1)
        shown = proof.parse(await self._proof(row.index))
        if shown.index != row.index:
            raise Tampered("the proof is of another leaf", index=row.index)
        checkpoint = await self._taken(shown.checkpoint_note, at_least)
        verify_inclusion(leaf_hash(row.leaf), row.index, checkpoint.size, shown.hashes, checkpoint.root)

    async def _taken(self, note: str | bytes, at_least: int) -> Checkpoint:
        """The checkpoint. Before it counts as forged: another key may be in force by now, which the directory names."""
        try:
            return self._latest.take(note, at_least=at_least)
        except Tampered:
            if not await self._refresh():
                raise
        return self._latest.take(note, at_least=at_least)

    async def _proof(self, index: int) -> bytes:
        """The proof. An item may be here a moment before the checkpoint that covers it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_S
        while True:
            try:
                return await self._exchange.proof(index)
            except Refused as refusal:
                if refusal.code != "NOT_FOUND" or loop.time() > deadline:
                    raise Unavailable(f"index {index}: the hub does not prove it: {refusal.code}") from refusal
            await asyncio.sleep(PAUSE_S)
