"""Sending: number, sign, write down, post, write down what came of it. In this order, one sending at a time per key.

What is written down is posted until the hub has answered, by whoever sends next with this key: so a message that could
not be posted now is kept, not lost, and must not be composed a second time. So is one that is in doubt, refused by the
hub although it may have stored it before (`doubt`). Receipts and refusals are kept in `evidence.jsonl`: they prove what
the hub promised. A kill within such a line leaves half of it, and the message pending: it is posted again, and its
answer written anew.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from hifadhi.agency import durable_file
from hifadhi.agency.composing.compose import Message, Sealed
from hifadhi.agency.home.journal import Journal, Pending, Refusal
from hifadhi.agency.sending.doubt import Sealed as SealedAt
from hifadhi.agency.sending.doubt import resolved
from hifadhi.agency.wire.exchange import MAX_BATCH, MAX_BATCH_LINES, Exchange, Outcome, Ruling
from hifadhi.agency.wire.receipt import Receipt, Rejection
from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk

ROUNDS: Final = 5
"""How often the lines of a batch that the hub did not take are posted at once; each has the transport's patience."""
SEALED_WAIT_S: Final = 5
"""For the ruling on a message that is in doubt: mostly it was stored a moment ago."""

Settled = Receipt | Ruling | Rejection
"""What came of a message: it is stored by this receipt, or by this ruling where the receipt was lost, or refused."""


class Outbox:
    """The messages of the first of `keys`, which counts them. `clock_s`: by which they are dated.

    `sealed`: who else than the exchange is asked for the ruling on a message that is in doubt.
    """

    def __init__(
        self,
        journal: Journal,
        keys: Sequence[PrivateJwk],
        exchange: Exchange,
        clock_s: Callable[[], float] = time.time,
        *,
        sealed: SealedAt | None = None,
    ) -> None:
        self.journal = journal
        self._sealed = sealed or (lambda message, wait_s: exchange.sealed(message, wait_s=wait_s))
        self._clock_s = clock_s
        self._keys = tuple(keys)
        self._exchange = exchange

    async def send(
        self, sealed: Sealed, *, answers: int | None = None, second: PrivateJwk | None = None
    ) -> Receipt | Ruling | None:
        """The message's receipt, with the `second` signature if its type has two; its ruling, if the receipt was lost.

        None, if the leaf that it answers has its answer. Refused: its number is free again. Unavailable: KEPT, and it
        goes out with the next sending; IN_DOUBT, and then it is asked about; with another code it was not kept.
        """
        async with self.journal.turn():
            await self._flush()
            if answers is not None and answers <= self.journal.entries.answered:
                return None
            if answers is not None and any(one.answers == answers for one in self.journal.entries.pending):
                raise _in_doubt()
            (outcome,) = await self._sent(self._signed([sealed], second), answers)
        return _stored(outcome)

    async def send_batch(self, sealed: Sequence[Sealed]) -> list[Settled]:
        """What became of each message. Refused: TOO_LARGE, above 500 messages or 8 MiB. Unavailable as by `send`."""
        if len(sealed) > MAX_BATCH_LINES:
            raise Refused(Fault("TOO_LARGE", "", f"a batch has at most {MAX_BATCH_LINES} messages"))
        async with self.journal.turn():
            await self._flush()
            return await self._sent(self._signed(sealed), None)

    async def prepare(self, sealed: Sealed) -> Message:
        """The message numbered and signed, to be signed by another before `send_prepared`. Unavailable as by `send`."""
        async with self.journal.turn():
            await self._flush()
            (message,) = self._signed([sealed])
            self.journal.prepare(Pending(message.number, message.line))
            return message

    async def send_prepared(self, message: Message) -> Receipt | Ruling:
        """What `send` gives, of a message of ours that has its second signature. Unavailable as by `send`.

        Refused: NOT_PREPARED, and it stays prepared.
        """
        async with self.journal.turn():
            await self._flush()
            prepared = {Message.parse(one.line).digest for one in self.journal.entries.prepared}
            if message.digest not in prepared:
                says = "this home has no such message waiting for a signature; was it posted before, or made elsewhere?"
                raise Refused(Fault("NOT_PREPARED", "", says))
            if any(one.number == message.number for one in self.journal.entries.pending):
                raise _in_doubt()
            (outcome,) = await self._sent([message], None)
        return _stored(outcome)

    async def flush(self) -> list[Settled]:
        """What became of the messages that were kept, and earlier refusals of such that nobody has heard of."""
        async with self.journal.turn():
            stored = [outcome for outcome in await self._flush() if not isinstance(outcome, Rejection)]
            return [*stored, *self._told()]

    async def refused(self) -> list[Rejection]:
        """The kept messages that the hub has refused while others were sent; each is told once."""
        async with self.journal.turn():
            return self._told()

    def _told(self) -> list[Rejection]:
        untold = self.journal.entries.untold
        self.journal.told()
        return [
            Rejection(Message.parse(one.line).id, Refused(*one.refusal.faults), one.refusal.evidence)
            for one in untold
            if one.refusal
        ]

    def _signed(self, sealed: Sequence[Sealed], second: PrivateJwk | None = None) -> list[Message]:
        numbers = self.journal.entries.next_numbers(len(sealed))
        now_ms = self._now_ms()
        keys = (*self._keys, second) if second else self._keys
        signed = [one.sign(number=n, now_ms=now_ms, keys=keys) for one, n in zip(sealed, numbers, strict=True)]
        if sum(len(message.line) + 1 for message in signed) > MAX_BATCH:
            raise Refused(Fault("TOO_LARGE", "", "a batch has at most 8 MiB"))
        return signed

    async def _sent(self, messages: Sequence[Message], answers: int | None) -> list[Settled]:
        if not messages:
            return []
        self.journal.pend(Pending(message.number, message.line, answers) for message in messages)
        try:
            outcomes = await self._posted(messages, again=False)
        except Unavailable as error:
            says = f"{error}; it is kept and goes out with the next sending: do not compose it anew"
            raise Unavailable(says, code="KEPT", retry_after_s=error.retry_after_s) from error
        settled = [outcome for outcome in outcomes if outcome is not None]
        if len(settled) < len(messages):
            raise _in_doubt()
        return settled

    async def _flush(self) -> list[Settled]:
        """What came of what was kept; what stays in doubt is left out, and holds nobody up. Refusals are untold."""
        pending = self.journal.entries.pending
        doubted = [await self._resolved(Message.parse(one.line)) for one in pending if one.refusal]
        kept = [Message.parse(one.line) for one in pending if not one.refusal]
        outcomes = [*doubted, *(await self._posted(kept, again=True) if kept else [])]
        return [outcome for outcome in outcomes if outcome is not None]

    async def _posted(self, messages: Sequence[Message], *, again: bool) -> list[Settled | None]:
        """Posts until each has its answer, else Unavailable: what has none stays pending. None: it is in doubt.

        `again`: they were kept, and may have been posted before.
        """
        done: dict[str, Settled | None] = {}
        for earlier in range(ROUNDS):
            left = [message for message in messages if message.id not in done]
            answers = zip(left, await self._post(left), strict=True)
            answered = {message: outcome for message, outcome in answers if outcome is not None}
            doubted = {m: o for m, o in answered.items() if isinstance(o, Rejection) and (again or earlier or o.again)}
            plain = {m: o for m, o in answered.items() if m not in doubted}
            self._doubt(doubted)
            self._settle(plain)
            done |= {message.id: outcome for message, outcome in plain.items()}
            for number, message in enumerate(doubted):  # what was stored is sealed in order, with the first or before
                wait_s = 0 if number else SEALED_WAIT_S
                done[message.id] = await self._resolved(message, wait_s)
            if len(done) == len(messages):
                return [done[message.id] for message in messages]
        raise Unavailable("the hub did not take all messages")

    async def _post(self, messages: Sequence[Message]) -> list[Outcome]:
        if len(messages) > 1:
            return await self._exchange.post_batch(messages)
        return [await self._exchange.post(messages[0])]

    def _doubt(self, refused: Mapping[Message, Rejection]) -> None:
        """They are not posted any more; the instant is behind every posting that had no answer."""
        at_ms = self._now_ms()
        self.journal.doubt({m.number: Refusal(at_ms, o.refusal.faults, o.evidence) for m, o in refused.items()})

    async def _resolved(self, message: Message, wait_s: int = 0) -> Settled | None:
        """What came of a message that is in doubt, settled; None, if that cannot be told yet."""
        refusal = next(one.refusal for one in self.journal.entries.pending if one.number == message.number)
        if refusal is None:
            return None
        now_ms, promised_s = self._now_ms(), self._exchange.max_delay_s
        outcome = await resolved(message, refusal, self._sealed, max_delay_s=promised_s, now_ms=now_ms, wait_s=wait_s)
        if outcome is not None:
            self._settle({message: outcome})
        return outcome

    def _settle(self, answered: Mapping[Message, Settled]) -> None:
        lines = b"\n".join(_evidence(answered))
        if lines:
            durable_file.append(self.journal.path.with_name("evidence.jsonl"), lines, whole=_is_whole)
        accepted = [message.number for message, outcome in answered.items() if not isinstance(outcome, Rejection)]
        refused = {message.number for message, outcome in answered.items() if isinstance(outcome, Rejection)}
        # Who was in doubt is waited for no longer: the call that sent it has ended.
        untold = [one for one in self.journal.entries.pending if one.number in refused and one.refusal]
        self.journal.settle(accepted, refused, untold)

    def _now_ms(self) -> int:
        return round(self._clock_s() * 1000)


def _stored(outcome: Settled) -> Receipt | Ruling:
    if isinstance(outcome, Rejection):
        raise outcome.refusal
    return outcome


def _in_doubt() -> Unavailable:
    says = (
        "the hub refuses the message now, and may have stored it before; it is kept, and what came of it is asked with "
        "the next sending: do not compose it anew"
    )
    return Unavailable(says, code="IN_DOUBT")


def _is_whole(line: bytes) -> bool:
    """Half an object is no JSON."""
    try:
        strict_json.parse(line)
    except Refused:
        return False
    return True


def _evidence(answered: Mapping[Message, Settled]) -> Iterator[bytes]:
    """What proves the answers, a line each; a batch's one receipt, which lists its messages, is kept once.

    A ruling has none: the leaf proves it, and comes with the inbox.
    """
    receipts: dict[str, list[Message]] = {}
    for message, outcome in answered.items():
        if isinstance(outcome, Receipt):
            receipts.setdefault(outcome.token, []).append(message)
        elif isinstance(outcome, Rejection):
            yield strict_json.dump({"id": message.id, "digest": message.digest, "refusal": outcome.evidence})
    for token, messages in receipts.items():
        one = {"id": messages[0].id, "digest": messages[0].digest}
        named = one if len(messages) == 1 else {"ids": [message.id for message in messages]}
        yield strict_json.dump({**named, "receipt": token})
