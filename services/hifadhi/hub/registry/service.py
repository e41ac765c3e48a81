"""The registry's loop: read, seal, publish; tick when a deadline is due; stop loudly when evidence lies."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from aiohttp import web

from hifadhi import crash_point
from hifadhi.diagnostics import log
from hifadhi.errors import Unavailable
from hifadhi.evidence.checkpoint import SigningKeys
from hifadhi.hub import gathering
from hifadhi.hub.registry import metrics
from hifadhi.hub.registry.head import Head
from hifadhi.hub.registry.lease import Lease
from hifadhi.hub.registry.ledger_signer import KeyNotInForce, LedgerSigner
from hifadhi.hub.registry.publisher import Publisher
from hifadhi.hub.registry.publishing import Publishing
from hifadhi.hub.registry.recovery import recover
from hifadhi.hub.registry.rows import SwapLost
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.hub.registry.web import Faces
from hifadhi.referral.root import Root
from hifadhi.store.port import Store
from hifadhi.stream.port import Entry, Record, Stream
from hifadhi.stream.topics import SUBMISSIONS

BATCH = 500
IDLE_S = 0.25
TICK_EVERY_MS = 1000
STAND_BY_S = 0.5
STOP_S = 1.0


class Registry:
    """One sequencer. A second instance on the same store loses every swap, forgets, and stands by.

    `lease`: what keeps that second one quiet; None if there is never one.
    """

    def __init__(  # noqa: PLR0913 (by keyword only, each one thing that wiring gives)
        self,
        *,
        stream: Stream,
        store: Store,
        root: Root,
        ledger_keys: SigningKeys,
        audience: str,
        clock_ms: Callable[[], int],
        lease: Lease | None = None,
    ) -> None:
        self._stream, self._store, self._clock_ms, self._lease = stream, store, clock_ms, lease
        signer = LedgerSigner(root, ledger_keys)
        head = Head(signer)
        self._sealer = Sealer(store, root, head)
        self._publishing = Publishing(Publisher(store, stream, signer, head))
        self._faces = Faces(store=store, root=root, audience=audience, clock_ms=clock_ms)
        self._task: asyncio.Task[None] | None = None
        self._ticked = 0
        self._waits: str | None = None
        self._stopped = "The registry has stopped; see the diagnostics."

    def routes(self) -> list[web.RouteDef]:
        """Ledger, proofs and directory."""
        return self._faces.routes()

    async def start(self) -> None:
        """Recover if it is our turn, then rule in the background."""
        if await self._is_our_turn():
            await self._take_over()
        else:
            await self._sealer.load()  # the rows that the faces read are there from here on
            self._sealer.forget()
        self._task = asyncio.create_task(self._run(), name="registry")

    def hush(self) -> None:
        """Nobody waits here."""

    async def stop(self) -> None:
        """End within a batch. Whatever is half done is finished from the rows at the next start."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_S)
        await self._publishing.give_up(STOP_S)
        await self._let_go()

    async def _let_go(self) -> None:
        with suppress(Unavailable, TimeoutError):  # then the standby finds out by itself, and tells a batch again
            async with asyncio.timeout(1):
                await self._publishing.note()
                if self._lease:
                    await self._lease.release()

    @property
    def trouble(self) -> str | None:
        """Why nothing is sealed here, in a sentence; None if all is well, or another registry's turn."""
        if self._task is None or self._task.done():
            return self._stopped
        return self._waits

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except SwapLost:
                log.warning("another registry is sealing; standing by")
                self._sealer.forget()
                await asyncio.sleep(STAND_BY_S)
            except Unavailable as error:
                log.warning("registry waits", why=str(error))
                self._waits = "The registry waits for its broker or its database."
                self._sealer.forget()
                await asyncio.sleep(error.retry_after_s)
            except KeyNotInForce as why:
                await self._stand_down(why)
                return
            except Exception:
                # A bug in `decide`, or `Tampered`: to go on would seal on top of it. The process stays up to be read.
                metrics.HOLDS.set(0)
                log.exception("registry stopped")
                raise

    async def _stand_down(self, why: KeyNotInForce) -> None:
        """What is committed stays; a registry with the right key goes on from there, at once if it stands by."""
        self._stopped = "The registry has stopped: its ledger key is not in force; start it with one that is."
        log.error("registry stopped", why=str(why))
        metrics.HOLDS.set(0)
        self._sealer.forget()
        await self._let_go()

    async def _is_our_turn(self) -> bool:
        ours = self._lease is None or await self._lease.keep()
        metrics.HOLDS.set(ours)
        return ours

    async def _step(self) -> None:
        if not await self._is_our_turn():
            self._sealer.forget()
            self._waits = None
            await asyncio.sleep(STAND_BY_S)
            return
        if self._sealer.has_forgotten:
            await self._take_over()
        records = await self._stream.read(SUBMISSIONS, self._sealer.position, limit=BATCH, wait_s=IDLE_S)
        if records:
            await self._seal(records)
            await asyncio.sleep(gathering.wait_s(len(records)))
        else:
            await self._publishing.keep_last_word()
            await self._tick()

    async def _take_over(self) -> None:
        """Go on from the committed row, whoever committed it and however far he came."""
        await self._publishing.give_up()
        refolded = await recover(self._store, self._stream, self._sealer)
        await self._publishing.catch_up()
        self._waits = None
        metrics.SIZE.set(self._sealer.size)
        metrics.POSITION.set(self._sealer.position)
        log.info("registry seals", size=self._sealer.size, refolded=refolded)

    async def _seal(self, records: Sequence[Record]) -> None:
        with metrics.BATCH.time():
            sealing = await self._sealer.seal(records, published=self._publishing.published)
            metrics.note(sealing.batch)
            for record, dead in sealing.batch.dead:
                log.error("dead letter", position=record.position, cause=dead.cause)
            await self._publishing.begin(sealing)

    async def _tick(self) -> None:
        """Bring the time into the stream when a deadline is due. The wall clock only says when to ask, never what."""
        now = self._clock_ms()
        due = self._sealer.next_due
        if due is not None and due <= now:
            due = await self._sealer.look_due()
        if due is not None and due <= now and abs(now - self._ticked) >= TICK_EVERY_MS:
            self._ticked = now
            crash_point.reach("registry: before tick")
            await self._stream.append(SUBMISSIONS, [Entry(b"tick", b"")])
            crash_point.reach("registry: after tick")
