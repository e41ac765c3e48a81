"""The registry's faces: checkpoint, tiles, proofs and the directory. Open, but for the entries (`wire.md` §5)."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.evidence import b64u, tree
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import parse as parse_leaf
from hifadhi.evidence.proof import Proof
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle, parse_path
from hifadhi.hub import access, query
from hifadhi.hub.registry import rows, tables, tiling
from hifadhi.hub.registry.ledger_signer import root_brought
from hifadhi.hub.registry.tile_cache import TileCache
from hifadhi.referral import directory_changes, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root
from hifadhi.store.port import Store

DIRECTORY_PAGE = 100
ENTRY_ROLES = frozenset({"auditor", "detection"})
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


class Faces:
    """Reads the registry's rows; writes nothing."""

    def __init__(self, *, store: Store, root: Root, audience: str, clock_ms: Callable[[], int]) -> None:
        self._store, self._root, self._audience, self._clock_ms = store, root, audience, clock_ms
        self._directory, self._last = Directory.of(root), -1
        self._tiles = TileCache()

    def routes(self) -> list[web.RouteDef]:
        """The paths that this service answers."""
        return [
            web.get("/ledger/checkpoint", self.checkpoint),
            web.get("/ledger/{path:tile/.*}", self.tile),
            web.get("/v1/proofs/{index}", self.proof),
            web.get("/v1/directory", self.directory),
        ]

    async def checkpoint(self, _request: web.Request) -> web.Response:
        """The newest signed checkpoint."""
        async with self._store.look() as db:
            note = _note(await rows.read_state(db))
        return web.Response(text=note, headers={"Cache-Control": "no-store"})

    async def tile(self, request: web.Request) -> web.Response:
        """A hash tile, or for auditors a bundle of entries."""
        tile = parse_path(request.match_info["path"])
        async with self._store.look() as db:
            if tile.level == ENTRIES:
                await self._check_reader(request, db)
                body = await _entries(db, tile)
            else:
                body = await self._tiles.read(db, tile)
                if len(body) < tile.width * tree.HASH_BYTES:
                    raise _not_there()
        return web.Response(body=body, content_type="application/octet-stream", headers=IMMUTABLE)

    async def proof(self, request: web.Request) -> web.Response:
        """The C2SP tlog-proof of one leaf, in the newest checkpoint's tree."""
        index = query.number(request.match_info["index"], "index", query.INDEX)
        query.numbers(request.query.items(), {})
        async with self._store.look() as db:  # a tile that is read later only is wider than the checkpoint's
            state = await rows.read_state(db)
            note = _note(state)
            hashes = await self._proven(db, index, state.checkpoint_size)
        return web.Response(text=Proof(index, tuple(hashes), note).format())

    async def directory(self, request: web.Request) -> web.Response:
        """The directory's leaves after an index, each with its proof in the one checkpoint of the answer."""
        after = query.numbers(request.query.items(), {"after": query.AFTER})["after"]
        async with self._store.read() as db:
            state = await rows.read_state(db)
            note, size = _note(state), state.checkpoint_size
            # No more than `directory` has, or an agency would see a key here that the gateway cannot know yet.
            await _check_told(db, state.published, size)
            page = await _statements(db, after, min(size, state.published))
            data = [_shown(index, leaf, await self._proven(db, index, size)) for index, leaf in page[:DIRECTORY_PAGE]]
        last = data[-1]["index"] if data else after
        answer = {"data": data, "after": last, "done": len(page) <= DIRECTORY_PAGE, "checkpoint": note}
        return web.Response(text=json.dumps(answer), content_type="application/json")

    async def _proven(self, db: AsyncConnection, index: int, size: int) -> list[bytes]:
        read = partial(self._tiles.read, db)
        return await tiling.with_tiles(size, read, lambda nodes: tree.inclusion_proof(index, size, nodes))

    async def _check_reader(self, request: web.Request, db: AsyncConnection) -> None:
        for index, raw in await rows.statements(db, self._last):  # only what is new: this is asked before any token
            if index <= self._last:  # another request has taken it meanwhile
                continue
            envelope = read_envelope(parse_leaf(raw).envelope, typ=MESSAGE)
            self._directory = directory_changes.evolve(self._directory, message.parse(envelope.payload))
            self._last = index
        agency = access.reader(request.headers, self._directory, audience=self._audience, now_s=self._clock_ms() / 1000)
        if not agency.roles & ENTRY_ROLES:
            raise Refused(Fault("NOT_YOUR_ROLE", "", "entries are for agencies of the role auditor or detection"))


def _note(state: Any) -> str:  # noqa: ANN401 (a row)
    note: str = state.checkpoint
    if not note:
        raise _not_there()
    return note


async def _entries(db: AsyncConnection, tile: Tile) -> bytes:
    size = (await rows.read_state(db)).checkpoint_size
    first, end = tile.index * WIDTH, tile.index * WIDTH + tile.width
    if end > size:
        raise _not_there()
    index = tables.leaves.c.leaf_index
    found = select(tables.leaves.c.leaf).where(index >= first, index < end).order_by(index)
    return entry_bundle(list((await db.execute(found)).scalars()))


async def _statements(db: AsyncConnection, after: int, size: int) -> list[tuple[int, bytes]]:
    columns = tables.leaves.c
    found = select(columns.leaf_index, columns.leaf).where(
        columns.is_statement, columns.leaf_index > after, columns.leaf_index < size
    )
    return [
        (row.leaf_index, row.leaf)
        for row in await db.execute(found.order_by(columns.leaf_index).limit(DIRECTORY_PAGE + 1))
    ]


async def _check_told(db: AsyncConnection, published: int, size: int) -> None:
    """`Unavailable`, while the checkpoint may be signed by a key that a statement brings which is not told yet."""
    untold = [leaf for _, leaf in await _statements(db, published - 1, size)] if published < size else []
    if any(root_brought(leaf) for leaf in untold):
        raise Unavailable("governance has just changed keys; ask again in a moment")


def _shown(index: int, leaf: bytes, hashes: Sequence[bytes]) -> dict[str, object]:
    return {"index": index, "leaf": b64u.encode(leaf), "proof": [b64u.encode(one) for one in hashes]}


def _not_there() -> Refused:
    return Refused(Fault("NOT_FOUND", "", "the ledger is not that large yet"))
