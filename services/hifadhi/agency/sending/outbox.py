"""Sending: number, sign, write down, post, write down what came of it. In this order, one sending at a time per key.

What is written down is posted until the hub has answered, by whoever sends next with this key: so a message that could
not be posted now is kept, not lost, and must not be composed a second time. Receipts and refusals are kept in
`evidence.jsonl`: they prove what the hub promised.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from hifadhi.agency import durable_file
from hifadhi.agency.composing.compose import Message, Sealed
from hifadhi.agency.home.journal import Journal, Pending
from hifadhi.agency.wire.exchange import MAX_BATCH, MAX_BATCH_LINES, Exchange, Outcome
from hifadhi.agency.wire.receipt import Receipt, Rejection
from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk

ROUNDS: Final = 5
"""How often the lines of a batch that the hub did not take are posted at once; each has the transport's patience."""


class Outbox:
    """The messages of the first of `keys`, which counts them. `clock_s`: by which they are dated."""

    def __init__(
        self,
        journal: Journal,
        keys: Sequence[PrivateJwk],
        exchange: Exchange,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self.journal = journal
        self._clock_s = clock_s
        self._keys = tuple(keys)
        self._exchange = exchange

    async def send(
        self, sealed: Sealed, *, answers: int | None = None, second: PrivateJwk | None = None
    ) -> Receipt | None:
        """The message's receipt, with the `second` signature if its type has two.

        None, if the leaf that it answers has its answer. Refused: its number is free again. Unavailable: the message
        is kept and goes out with the next sending.
        """
        async with self.journal.turn():
            await self._flush()
            if answers is not None and answers <= self.journal.entries.answered:
                return None
            outcomes = await self._sent(self._signed([sealed], second), answers)
        outcome = outcomes[0]
        if isinstance(outcome, Rejection):
            raise outcome.refusal
        return outcome

    async def send_batch(self, sealed: Sequence[Sealed]) -> list[Receipt | Rejection]:
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

    async def send_prepared(self, message: Message) -> Receipt:
        """The receipt of a message of ours that has its second signature. Refused: NOT_PREPARED, and it stays prepared.

        Unavailable: it is kept and goes out with the next sending.
        """
        async with self.journal.turn():
            await self._flush()
            prepared = {Message.parse(one.line).digest for one in self.journal.entries.prepared}
            if message.digest not in prepared:
                says = "this home has no such message waiting for a signature; was it posted before, or made elsewhere?"
                raise Refused(Fault("NOT_PREPARED", "", says))
            (outcome,) = await self._sent([message], None)
        if isinstance(outcome, Rejection):
            raise outcome.refusal
        return outcome

    async def flush(self) -> list[Receipt | Rejection]:
        """What became of the messages that were kept."""
        async with self.journal.turn():
            return await self._flush()

    def _signed(self, sealed: Sequence[Sealed], second: PrivateJwk | None = None) -> list[Message]:
        numbers = self.journal.entries.next_numbers(len(sealed))
        now_ms = round(self._clock_s() * 1000)
        keys = (*self._keys, second) if second else self._keys
        signed = [one.sign(number=n, now_ms=now_ms, keys=keys) for one, n in zip(sealed, numbers, strict=True)]
        if sum(len(message.line) + 1 for message in signed) > MAX_BATCH:
            raise Refused(Fault("TOO_LARGE", "", "a batch has at most 8 MiB"))
        return signed

    async def _sent(self, messages: Sequence[Message], answers: int | None) -> list[Receipt | Rejection]:
        if not messages:
            return []
        self.journal.pend(Pending(message.number, message.line, answers) for message in messages)
        return await self._posted(messages)

    async def _flush(self) -> list[Receipt | Rejection]:
        kept = [Message.parse(pending.line) for pending in self.journal.entries.pending]
        return await self._posted(kept) if kept else []

    async def _posted(self, messages: Sequence[Message]) -> list[Receipt | Rejection]:
        """Posts until each has its answer, else Unavailable: what has none stays pending."""
        done: dict[str, Receipt | Rejection] = {}
        for _ in range(ROUNDS):
            left = [message for message in messages if message.id not in done]
            outcomes = await self._post(left)
            self._settle(left, outcomes)
            done |= {m.id: outcome for m, outcome in zip(left, outcomes, strict=True) if outcome is not None}
            if len(done) == len(messages):
                return [done[message.id] for message in messages]
        raise Unavailable("the hub did not take all messages; they are kept and go out with the next sending")

    async def _post(self, messages: Sequence[Message]) -> list[Outcome]:
        if len(messages) > 1:
            return await self._exchange.post_batch(messages)
        return [await self._exchange.post(messages[0])]

    def _settle(self, messages: Sequence[Message], outcomes: Sequence[Outcome]) -> None:
        answered = [(m, outcome) for m, outcome in zip(messages, outcomes, strict=True) if outcome is not None]
        if answered:
            lines = b"\n".join(_evidence(answered))
            durable_file.append(self.journal.path.with_name("evidence.jsonl"), lines)
        accepted = [message.number for message, outcome in answered if isinstance(outcome, Receipt)]
        refused = [message.number for message, outcome in answered if isinstance(outcome, Rejection)]
        self.journal.settle(accepted, refused)


def _evidence(answered: Iterable[tuple[Message, Receipt | Rejection]]) -> Iterator[bytes]:
    """What proves the answers, a line each; a batch's one receipt, which lists its messages, is kept once."""
    receipts: dict[str, list[Message]] = {}
    for message, outcome in answered:
        if isinstance(outcome, Receipt):
            receipts.setdefault(outcome.token, []).append(message)
        else:
            yield strict_json.dump({"id": message.id, "digest": message.digest, "refusal": outcome.evidence})
    for token, messages in receipts.items():
        one = {"id": messages[0].id, "digest": messages[0].digest}
        named = one if len(messages) == 1 else {"ids": [message.id for message in messages]}
        yield strict_json.dump({**named, "receipt": token})
