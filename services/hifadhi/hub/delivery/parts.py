"""The follower of topic `parts`: sealed parts, by digest, as rows.

1. A value that is not what its key says is no part: the gateway faces the internet and is not believed.
2. A tombstone is ours, or nobody's: a part is erased by an order in the ledger only, so here it is passed over.
3. A part that was erased and comes again is not kept; see `erasures`. The rows are asked with every batch whether one
   was: another process may have followed its order.
"""

from asyncio import gather
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi import crash_point
from hifadhi.diagnostics import log
from hifadhi.evidence import b64u
from hifadhi.hub.delivery import erasures, progress, tables
from hifadhi.hub.delivery.progress import Place
from hifadhi.store.among import among
from hifadhi.store.bulk import insert_all
from hifadhi.store.port import Store
from hifadhi.store.upsert import insert_ignoring
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import PARTS

READ_BYTES: Final = 4 << 20
"""Of one partition in one transaction."""

_ADD: Final = insert_ignoring(tables.parts)
_SIZES: Final = select(tables.parts.c.digest, func.coalesce(func.length(tables.parts.c.sealed), 0)).where(
    among(tables.parts.c.digest, "digests")
)


class Parts:
    """Call `load` first, and again after a lost swap."""

    def __init__(self, store: Store, stream: Stream) -> None:
        self._store, self._stream = store, stream
        self._places: dict[int, Place] = {}

    async def load(self) -> None:
        """Where the rows are."""
        async with self._store.write() as db:
            await progress.prepare(db, PARTS, range(self._stream.partitions(PARTS)))
            await erasures.empty_again(db)
            self._places = await progress.places(db, PARTS)

    async def catch_up(self) -> None:
        """Read every partition to where it ends now: an entry's parts were appended before its submission."""
        numbers = sorted(self._places)
        behind = dict(zip(numbers, await self._stream.ends(PARTS), strict=True))
        while behind := {number: end for number, end in behind.items() if self._places[number].position < end}:
            batches = await gather(*map(self._read, behind))
            if not await self._keep({number: batch for number, batch in zip(behind, batches, strict=True) if batch}):
                return

    async def _read(self, number: int) -> list[Record]:
        position = self._places[number].position
        return await self._stream.read(PARTS, position, partition=number, max_bytes=READ_BYTES)

    async def _keep(self, batches: Mapping[int, Sequence[Record]]) -> bool:
        """Whether there was anything: what a compact topic dropped behind its last record never comes."""
        if not batches:
            return False
        after = {number: Place(batch[-1].position + 1) for number, batch in batches.items()}
        rows = [row for batch in batches.values() for record in batch if (row := _row(record))]
        crash_point.reach("delivery: before parts rows")
        async with self._store.write() as db:
            await progress.swap(db, PARTS, {number: (self._places[number], place) for number, place in after.items()})
            if rows:
                await insert_all(db, _ADD, rows)
                await erasures.came_again(db, [row["digest"] for row in rows])  # rule 3
            crash_point.reach("delivery: in parts rows")
        crash_point.reach("delivery: after parts rows")
        self._places |= after
        return bool(after)


async def sizes(db: AsyncConnection, digests: Collection[str]) -> dict[str, int]:
    """Bytes of each of these parts that are there; 0 of one that is erased."""
    found = await db.execute(_SIZES, {"digests": digests}) if digests else ()
    return {digest: size for digest, size in found}  # noqa: C416 (rows are no pairs to a type checker)


def _row(record: Record) -> dict[str, Any] | None:
    if record.value is None:
        return None  # rule 2
    digest = sha256(record.value).digest()
    if record.key != digest:
        log.error("a part under another part's digest; dropped", position=record.position)  # rule 1
        return None
    return {"digest": b64u.encode(digest), "sealed": record.value}
