"""An agency's side of the exchange in one object; see the package."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft, Message, Sealed
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.receiving.case_history import ASSUMED, Said
from hifadhi.agency.receiving.inbox import WAIT_S, Inbox
from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.receiving.standing import rules_of
from hifadhi.agency.sending.copied import who_may_be_copied, who_owes
from hifadhi.agency.sending.outbox import Outbox, Settled
from hifadhi.agency.sending.sent import Sent
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.exchange import Exchange, Ruling
from hifadhi.agency.wire.receipt import Receipt, Rejection
from hifadhi.agency.wire.transport import Patience, Transport
from hifadhi.errors import Fault, Refused, Tampered, Unavailable
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission
from hifadhi.referral.closed import Closed
from hifadhi.referral.corrections import MISFIT, correct
from hifadhi.referral.directory import Directory
from hifadhi.referral.edge.opened import Past
from hifadhi.referral.root import Root

RULING_WAIT_S: Final = 10.0
DEPARTURE: Final = "departure.confirmed"
CORRECTION: Final = "data.corrected"
DIRECTORY_AGE_S: Final = 10.0
"""How old the directory may be when something is sealed by it: a revoked reading key is used no longer than this."""
_POLL_S: Final = 5


class Client:
    """One agency at one exchange: `keyring` or the folder that holds it, `root` as handed over, the base URL.

    `faces`: see `Transport`. `clock_s`: by which its messages are dated and its access tokens live; the exchange has to
    agree.
    """

    def __init__(
        self,
        keyring: Keyring | Path,
        root: Root,
        base_url: str,
        *,
        patience: Patience | None = None,
        faces: Mapping[str, str] | None = None,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self.keyring = keyring if isinstance(keyring, Keyring) else Keyring.load(keyring)
        self.root = root
        home, base_url = self.keyring.home, base_url.rstrip("/")
        token = AccessToken(self.keyring.agency, self.keyring.sign, base_url, clock_s)
        self._transport = Transport(base_url, token=token, patience=patience, faces=faces)
        self.latest = LatestCheckpoint(root, home / "checkpoint")
        self._known = KnownDirectory(root, self.latest)
        self.exchange = Exchange(self._transport, self._known)
        self._directory_lock, self._read_at = asyncio.Lock(), float("-inf")
        self.journal = Journal(home / "journal.json")
        self.outbox = Outbox(self.journal, (self.keyring.sign,), self.exchange, clock_s)
        self.inbox = Inbox(
            self.keyring, self.journal, self.exchange, self._known, refresh=self.refresh_directory, answer=self._answer,
        )  # fmt: skip
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._transport)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def agency(self) -> str:
        """Whose client this is."""
        return self.keyring.agency

    @property
    def directory(self) -> Directory:
        """The verified directory, as far as it was read."""
        return self._known.directory

    async def send(
        self,
        message_type: str,
        /,
        *,
        to: Sequence[str] | None = None,
        bodies: Mapping[str, Closed | Mapping[str, Any]] | None = None,
        sensitive_for: Sequence[str] | None = None,
        wait_s: float = RULING_WAIT_S,
        second: PrivateJwk | None = None,
        **facts: Any,  # noqa: ANN401 (JSON values, judged by the type's schema)
    ) -> Sent:
        """Check, seal, sign, post; then the ruling, waited for up to `wait_s` seconds.

        `second` signs too: of a departure a second officer (our own countersigning key, if none is given), of the end
        of a dispute the other state. Facts that are None are left out. Refused: not sent. Unavailable: KEPT or
        IN_DOUBT, and what becomes of it shows with the next sending; with another code nothing of it was kept.
        """
        named = {"to": list(to or ()), **{name: value for name, value in facts.items() if value is not None}}
        return await self.send_draft(
            Draft.of(message_type, named, bodies or {}, sensitive_for=sensitive_for), wait_s=wait_s, second=second
        )

    async def send_draft(
        self, draft: Draft, *, wait_s: float = RULING_WAIT_S, second: PrivateJwk | None = None
    ) -> Sent:
        """The same for a draft."""
        if draft.type == DEPARTURE and second is None:
            second = self.keyring.countersign
        sealed, stored = await self._sent(draft, None, second)
        return await self._as_sent(sealed.id, stored, wait_s)

    async def declare(
        self, kind: str, facts: Mapping[str, Any], *, second: PrivateJwk | None = None, wait_s: float = RULING_WAIT_S
    ) -> Sent:
        """A statement of the directory that an agency may make: an arrangement, a declaration, its end."""
        return await self.send_draft(Draft.of(kind, facts, {}), wait_s=wait_s, second=second)

    async def prepare(self, draft: Draft) -> Message:
        """The message sealed, numbered and signed, for another to sign it too; see `countersigning`. Nothing is posted.

        Refused: SCHEMA, if its type has one signature; else as by `send`.
        """
        await self.refresh_directory()
        sealed = await self._seal(draft)
        if admission.second_signer(compose.header_of(sealed)) is None:
            raise Refused(Fault("SCHEMA", "/type", "this type has one signature; send it as it is"))
        return await self.outbox.prepare(sealed)

    async def send_signed(self, file: SignedFile, *, wait_s: float = RULING_WAIT_S) -> Sent:
        """Posts a message that was prepared here and has come back with its second signature; then as `send`.

        Refused: what is wrong with its signatures; ALREADY_POSTED; NOT_PREPARED.
        """
        await self.refresh_directory()
        file.check_signed(self.directory, by=self.agency)
        try:
            stored = await self.outbox.send_prepared(file.message)
        except Refused as refusal:
            if refusal.code == "NOT_PREPARED" and (ruling := await self._known_ruling(file)):
                says = f"this message was posted before: {ruling.ruling} at index {ruling.index}"
                raise Refused(Fault("ALREADY_POSTED", "", says)) from None
            raise
        return await self._as_sent(stored.id, stored, wait_s)

    async def send_batch(self, drafts: Sequence[Draft]) -> list[Settled]:
        """What became of each of at most 500 drafts; their rulings come with the inbox."""
        await self.refresh_directory(max_age_s=DIRECTORY_AGE_S)
        return await self.outbox.send_batch([await self._seal(draft) for draft in drafts])

    async def send_kept(self) -> list[Settled]:
        """What became of the messages that an earlier sending had to keep, as far as nobody has heard of it."""
        return await self.outbox.flush()

    async def refused(self) -> list[Rejection]:
        """Messages that had been kept, and that the hub refused while others were sent or answered; each told once.

        What they say is to be sent anew, if it still holds: nothing of them was stored.
        """
        return await self.outbox.refused() if self.journal.entries.untold else []

    async def ruling(self, message_id: str, *, wait_s: float = RULING_WAIT_S) -> Ruling | None:
        """The ruling on a message of ours; None, if there is none within `wait_s`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            left = deadline - loop.time()
            ruling = await self.exchange.ruling(message_id, wait_s=max(0, min(_POLL_S, int(left))))
            if ruling or loop.time() >= deadline:
                return ruling
            await asyncio.sleep(min(0.1, max(0.0, deadline - loop.time())))

    def receive(self, *, wait_s: int = WAIT_S, follow: bool = True) -> AsyncIterator[Item]:
        """Every item from the cursor on: proved, opened, answered; taken once the next is asked for.

        For ever, or to the end of the inbox as it is. Unavailable ends it; another call goes on from the cursor.
        """
        return self.inbox.receive(wait_s=wait_s, follow=follow)

    async def receive_once(self, *, wait_s: int = 0) -> list[Item]:
        """The items that are there now, all taken with this; an empty inbox is waited on for up to `wait_s`."""
        return await self.inbox.receive_once(wait_s=wait_s)

    async def case(self, case: str) -> dict[str, Any]:
        """How a case stands, as the hub says."""
        return await self.exchange.case(case)

    async def refresh_directory(self, *, max_age_s: float = 0.0) -> bool:
        """Reads the directory on, unless that was done within `max_age_s`; whether it brought anything new."""
        now = asyncio.get_running_loop().time
        async with self._directory_lock:
            if now() - self._read_at < max_age_s:
                return False
            started = now()
            has_news = await self._known.read_on(self.exchange.directory)
            self._read_at = started
            return has_news

    async def _as_sent(self, message_id: str, stored: Receipt | Ruling | None, wait_s: float) -> Sent:
        try:
            refused = tuple(await self.refused())
        except Unavailable:
            refused = ()  # they are told with the next: this message is stored, and must not look as if it were not
        if not isinstance(stored, Receipt):
            return Sent(message_id, None, stored, refused)
        ruling = await self._ruling_on(stored, wait_s) if wait_s > 0 else None
        return Sent(message_id, stored, ruling, refused)

    async def _ruling_on(self, receipt: Receipt, wait_s: float) -> Ruling | None:
        """The ruling; None if it cannot be had now: the message is stored, so it must not look as if it were not."""
        try:
            ruling = await self.ruling(receipt.id, wait_s=wait_s)
        except Unavailable:
            return None
        if ruling and ruling.digest != receipt.digest:
            raise Tampered("the ruling is on other bytes than those of the receipt", index=ruling.index)
        return ruling

    async def _known_ruling(self, file: SignedFile) -> Ruling | None:
        ruling = await self.exchange.ruling(file.header.id)
        return ruling if ruling and ruling.digest == file.envelope.digest else None

    async def _seal(self, draft: Draft) -> Sealed:
        if draft.type in compose.DECLARATIONS:
            return compose.statement(draft.type, sender=self.agency, facts=draft.facts)
        if draft.type == CORRECTION:
            await self._check_correction(draft)
        copied = await who_may_be_copied(draft, self.directory, self.exchange)
        return compose.seal(
            draft, sender=self.agency, directory=self.directory, past=await self._past(draft), copied=copied
        )

    async def _past(self, draft: Draft) -> Past:
        """What the edge has to know of the case; who owes protection now, the hub knows best."""
        said = Said(draft.type, draft.facts.get("case"), draft.to, draft.facts.get("referral"))
        past = await self.inbox.history.past(said)
        if said.type == ASSUMED and past.bodies:
            return replace(past, bound=await who_owes(str(said.case), self.exchange))
        return past

    async def _check_correction(self, draft: Draft) -> None:
        """Refused: CORRECTION_MISFIT, if it does not fit the message that it corrects, as that stands."""
        stands = await self.inbox.history.standing(str(draft.facts.get("in_reply_to")))
        if stands is None or stands.item.header is None or stands.item.header.sender != self.agency:
            raise Refused(Fault(MISFIT, "/in_reply_to", "this agency has sealed no message of this id"))
        before = [one.bodies for one, _ in stands.corrections]
        check = rules_of(stands.item.header, self.directory)
        changes = correct(stands.item.header.type, stands.item.bodies, [*before, draft.bodies], check).changes[-1]
        faults = list(dict.fromkeys(change.fault for change in changes if change.fault))
        if faults:
            raise Refused(*faults)

    async def _sent(
        self, draft: Draft, answers: int | None, second: PrivateJwk | None = None
    ) -> tuple[Sealed, Receipt | Ruling | None]:
        """Sends; once more, if it was refused by a directory that has news since."""
        await self.refresh_directory(max_age_s=DIRECTORY_AGE_S)
        try:
            sealed = await self._seal(draft)
            return sealed, await self.outbox.send(sealed, answers=answers, second=second)
        except Refused as refusal:
            if not compose.is_about_readers(refusal) or not await self.refresh_directory():
                raise
        sealed = await self._seal(draft)
        return sealed, await self.outbox.send(sealed, answers=answers, second=second)

    async def _answer(self, draft: Draft, index: int) -> None:
        await self._sent(draft, index)
