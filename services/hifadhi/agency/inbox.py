"""Receiving: read, prove, open, answer, hand over; then go on.

The order, and what holds if we crash there:

1. A page is read behind the cursor. Nothing has happened.
2. The item is proved and opened. Nothing has happened.
3. Its automatic answer is written into the journal, posted, and settled together with `answered`. Before: the item is
   read and answered again, for the first time. After: the journal's answer goes out, and no second one.
4. The item is handed over, and once the caller asks for the next, the cursor rises. Before: it is handed over again.

So an item is answered exactly once and handed over at least once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

from hifadhi.agency.answer import automatic_answer
from hifadhi.agency.compose import Draft
from hifadhi.agency.exchange import Exchange, InboxPage, InboxRow
from hifadhi.agency.journal import Journal
from hifadhi.agency.keyring import Keyring
from hifadhi.agency.known_directory import KnownDirectory
from hifadhi.agency.opening import Item, open_item, read_leaf, unknown_keys
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.evidence import proof

WAIT_S: Final = 20
"""How long the hub is asked to hold a request for an empty inbox."""
PAUSE_S: Final = 0.2
PROOF_WAIT_S: Final = 5.0

Refresh = Callable[[], Awaitable[bool]]
Answer = Callable[[Draft, int], Awaitable[None]]


class Inbox:
    """What concerns the agency, in the ledger's order. `refresh` reads the directory on, `answer` sends a draft."""

    def __init__(
        self,
        keyring: Keyring,
        journal: Journal,
        exchange: Exchange,
        known: KnownDirectory,
        *,
        refresh: Refresh,
        answer: Answer,
    ) -> None:
        self._keyring, self._journal = keyring, journal
        self._exchange, self._known, self._latest = exchange, known, known.latest
        self._refresh, self._answer = refresh, answer

    async def receive(self, *, wait_s: int = WAIT_S, follow: bool = True) -> AsyncIterator[Item]:
        """Every item from the cursor on, for ever, or to the end of the inbox as it is.

        Asking for the next says that the last one has been taken.
        """
        while True:
            page = await self._page(wait_s)
            for row in page.rows:
                yield await self._answered(await self._item(row))  # steps 2 and 3
                async with self._journal.turn():
                    self._journal.taken(row.index)  # step 4
            if not follow and (page.done or not page.rows):
                return
            if not page.rows:
                await asyncio.sleep(PAUSE_S)  # whatever the hub makes of `wait`

    async def receive_once(self, *, wait_s: int = 0) -> list[Item]:
        """The items from the cursor to the end of the inbox as it is; they are taken with this."""
        return [item async for item in self.receive(wait_s=wait_s, follow=False)]

    async def look(self, *, after: int = -1, limit: int = 20) -> list[Item]:
        """The items of one page behind `after`, proved and opened, neither answered nor taken."""
        page = await self._exchange.inbox(after=after, limit=limit)
        return [await self._item(row) for row in page.rows]

    async def _page(self, wait_s: int) -> InboxPage:
        return await self._exchange.inbox(after=self._journal.reload().cursor, wait_s=wait_s)

    async def _item(self, row: InboxRow) -> Item:
        sealed, envelope = read_leaf(row)
        await self._prove(row)
        if envelope is not None and unknown_keys(envelope, self._known.directory):
            await self._refresh()
        return open_item(row, sealed, envelope, self._keyring, self._known.directory)

    async def _prove(self, row: InboxRow) -> None:
        at_least = max(self._latest.size, row.index + 1)
        shown = proof.parse(await self._proof(row.index))
        if shown.index != row.index:
            raise Tampered("the proof is of another leaf", index=row.index)
        shown.verify(row.leaf, self._latest.origin, self._latest.verifiers)
        self._latest.take(shown.checkpoint_note, at_least=at_least)

    async def _proof(self, index: int) -> bytes:
        """The proof. An item may be here a moment before the checkpoint that covers it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PROOF_WAIT_S
        while True:
            try:
                return await self._exchange.proof(index)
            except Refused as refusal:
                if refusal.code != "NOT_FOUND" or loop.time() > deadline:
                    raise Unavailable(f"index {index}: the hub does not prove it: {refusal.code}") from refusal
            await asyncio.sleep(PAUSE_S)

    async def _answered(self, item: Item) -> Item:
        draft = automatic_answer(item, self._keyring.agency)
        if draft is None or item.index <= self._journal.entries.answered:
            return item
        try:
            await self._answer(draft, item.index)
        except Refused as refusal:  # it must not hold up the inbox; whoever takes the item sees it
            return replace(item, problems=(*item.problems, *refusal.faults))
        return item
