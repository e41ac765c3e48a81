"""Whose turn it is to seal: a row that keeps a standby registry quiet. The swap of `rows.commit` is what keeps it safe.

The holder writes a beat every second. Who stands by sees by its own clock alone that the beat has not changed for
`SILENT_S`, and takes the lease with one swap; the clocks of two machines are never compared. A process that wakes from
a long pause believes that it still holds the lease, until its next beat or its next batch, which loses the swap.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import select, update

from hifadhi.hub.registry.tables import lease
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring

BEAT_S: Final = 1.0
SILENT_S: Final = 3.0

LEASE_ID: Final = 1
NOBODY: Final = ""


class Lease:
    """`name`: this process's, the same after a restart, so that it goes on at once with what it held."""

    def __init__(self, store: Store, name: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._store, self._name, self._now = store, name, now
        self._seen: tuple[str, int] | None = None
        self._seen_at = 0.0
        self.held = False
        self._beaten_at = float("-inf")

    async def keep(self) -> bool:
        """Whether it is our turn. Asks the row once in `BEAT_S` at most while it is."""
        if self.held and self._now() - self._beaten_at < BEAT_S:
            return True
        self.held = (self.held and await self._beat()) or await self._take()
        return self.held

    async def release(self) -> None:
        """Let another take it at once."""
        if self.held:
            self.held = False
            await self._swap(lease.c.holder == self._name, holder=NOBODY)

    async def _beat(self) -> bool:
        return await self._swap(lease.c.holder == self._name, holder=self._name)

    async def _take(self) -> bool:
        row = await self._row()
        if (row.holder, row.beat) != self._seen:
            self._seen, self._seen_at = (row.holder, row.beat), self._now()
        silent = self._now() - self._seen_at >= SILENT_S
        if row.holder not in {NOBODY, self._name} and not silent:
            return False
        return await self._swap(lease.c.holder == row.holder, lease.c.beat == row.beat, holder=self._name)

    async def _row(self) -> Any:  # noqa: ANN401 (a row)
        async with self._store.look() as db:
            row = (await db.execute(select(lease))).one_or_none()
        if row:
            return row
        async with self._store.write() as db:
            await db.execute(insert_ignoring(lease), [{"id": LEASE_ID, "holder": NOBODY, "beat": 0}])
            return (await db.execute(select(lease))).one()

    async def _swap(self, *there: Any, holder: str) -> bool:  # noqa: ANN401 (conditions)
        async with self._store.write() as db:
            swapped = await db.execute(update(lease).where(*there).values(holder=holder, beat=lease.c.beat + 1))
        self._beaten_at = self._now()
        return swapped.rowcount == 1
