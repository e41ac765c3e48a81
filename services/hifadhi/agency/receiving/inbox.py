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

from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.receiving.answer import automatic_answer
from hifadhi.agency.receiving.case_history import ASSUMED, CaseHistory, Said
from hifadhi.agency.receiving.leaf_proofs import Check, LeafProofs, Refresh
from hifadhi.agency.receiving.opening import UNOPENABLE, Item, open_item, read_leaf, unknown_keys, with_changes
from hifadhi.agency.receiving.standing import changes_of
from hifadhi.agency.wire.exchange import MAX_ITEMS, Exchange, InboxPage, InboxRow
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.referral.edge.opened import Past
from hifadhi.referral.headers import DataCorrected

WAIT_S: Final = 20
"""How long the hub is asked to hold a request for an empty inbox."""
PAUSE_S: Final = 0.2
PAGE: Final = 20
"""Items that are asked for at once, where each is handed over by itself."""

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
        self._exchange, self._known = exchange, known
        self._proofs = LeafProofs(exchange, known.latest, refresh)
        self._refresh, self._answer = refresh, answer
        self.history = CaseHistory(
            keyring.home / "cases.sqlite",
            exchange,
            self._at,
            lambda: known.directory,
            taken=lambda: journal.reload().cursor,
        )

    async def receive(self, *, wait_s: int = WAIT_S, follow: bool = True) -> AsyncIterator[Item]:
        """Every item from the cursor on, for ever, or to the end of the inbox as it is.

        Asking for the next says that the last one has been taken.
        """
        while True:
            page = await self._page(wait_s)
            check = await self._proofs.of(page.rows)
            for row in page.rows:
                yield await self._answered(await self._item(row, check))  # steps 2 and 3
                async with self._journal.turn():
                    self._journal.taken(row.index)  # step 4
            if not follow and (page.done or not page.rows):
                return
            if not page.rows:
                await asyncio.sleep(PAUSE_S)  # whatever the hub makes of `wait`

    async def receive_pages(self, *, wait_s: int = WAIT_S) -> AsyncIterator[list[Item]]:
        """The same for ever by pages of up to a hundred, for whoever has many: each is taken as a whole."""
        while True:
            page = await self._page(wait_s, MAX_ITEMS)
            check = await self._proofs.of(page.rows)
            yield [await self._answered(await self._item(row, check)) for row in page.rows]
            if page.rows:
                async with self._journal.turn():
                    self._journal.taken(page.after)
            else:
                await asyncio.sleep(PAUSE_S)

    async def receive_once(self, *, wait_s: int = 0) -> list[Item]:
        """The items from the cursor to the end of the inbox as it is; they are taken with this."""
        return [item async for item in self.receive(wait_s=wait_s, follow=False)]

    async def look(self, *, after: int = -1, limit: int = 20) -> list[Item]:
        """The items of one page behind `after`, proved and opened, neither answered nor taken."""
        page = await self._exchange.inbox(after=after, limit=limit, looks=True)
        check = await self._proofs.of(page.rows)
        return [await self._item(row, check) for row in page.rows]

    async def _at(self, index: int) -> Item:
        """The item at an index that was seen before. An inbox that is made again fills in order: none is left out."""
        page = await self._exchange.inbox(after=index - 1, limit=1, looks=True)
        if not page.rows:
            raise Unavailable(f"index {index}: the inbox does not show it at the moment; is it being made again?")
        if page.rows[0].index != index:
            raise Tampered("the inbox no longer has an item that it had", index=index)
        check = await self._proofs.of(page.rows)
        return await self._item(page.rows[0], check, looks_back=False)

    async def _page(self, wait_s: int, limit: int = PAGE) -> InboxPage:
        return await self._exchange.inbox(after=self._journal.reload().cursor, limit=limit, wait_s=wait_s)

    async def _item(self, row: InboxRow, check: Check, *, looks_back: bool = True) -> Item:
        sealed, envelope = read_leaf(row)
        await check(row)
        if envelope is not None and unknown_keys(envelope, self._known.directory):
            await self._refresh()
        item = open_item(row, sealed, envelope, self._keyring, self._known.directory)
        if item.bounces == UNOPENABLE:  # a renewal puts into the home what others seal to from then on
            self._keyring = replace(self._keyring, read=Keyring.load(self._keyring.home).read)
            item = open_item(row, sealed, envelope, self._keyring, self._known.directory)
        if not looks_back or item.header is None or not item.bodies:
            return item
        if isinstance(item.header, DataCorrected) and item.is_recorded:
            stands = await self.history.standing(item.header.in_reply_to, until=item.index)
            return with_changes(item, changes_of(stands, item))
        past = await self.history.past(Said.of(item.header), before=item.index)
        if not past.bodies:
            return item
        return open_item(row, sealed, envelope, self._keyring, self._known.directory, _as_ruled(past, item))

    async def _answered(self, item: Item) -> Item:
        ours = self._known.directory.agencies.get(self._keyring.agency)
        draft = automatic_answer(item, self._keyring.agency, is_state=ours is None or ours.is_state)
        if draft is None or item.index <= self._journal.entries.answered:
            return item
        try:
            await self._answer(draft, item.index)
        except Refused as refusal:  # it must not hold up the inbox; whoever takes the item sees it
            return replace(item, problems=(*item.problems, *refusal.faults))
        return item


def _as_ruled(past: Past, item: Item) -> Past:
    """An assumption that took effect was told to who had the responsibility, whether or not we knew who that was."""
    if item.header is None or item.header.type != ASSUMED or item.leaf.ruling.irregular:
        return past
    return past if (past.bound or frozenset()).intersection(item.header.addressees) else replace(past, bound=None)
