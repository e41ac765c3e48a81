"""The exchange as an agency sees it: what it can be asked, each answer checked against what it must say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from hifadhi.agency.composing.compose import MAX_MESSAGE, Message
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.wire.receipt import (
    Receipt,
    Rejection,
    check_batch_receipt,
    check_receipt,
    check_refusal,
    is_by_unknown_key,
)
from hifadhi.agency.wire.transport import Answer, Transport
from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import b64u, strict_json
from hifadhi.evidence.jws import RECEIPT, REFUSAL
from hifadhi.evidence.tiles import Tile
from hifadhi.evidence.tree import MAX_SIZE
from hifadhi.referral.directory import Directory

MAX_BATCH_LINES: Final = 500
MAX_BATCH: Final = 8 * 1024 * 1024
MAX_ITEMS: Final = 100
_SMALL: Final = 64 * 1024
_ITEM: Final = MAX_MESSAGE + 256 * 1024
_NDJSON: Final = "application/x-ndjson"

Outcome = Receipt | Rejection | None
"""What the hub did with a message: stored it, refused it, or has not taken it (yet)."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the registry ruled on a message, and who has been handed it. The leaf proves it, not this answer.

    `irregular`: it is on record, and has no effect.
    """

    id: str
    digest: str
    ruling: str
    index: int
    code: str | None
    delivered: tuple[Mapping[str, Any], ...]
    irregular: bool = False


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One row of the inbox, nothing checked yet."""

    index: int
    role: str
    leaf: bytes
    parts: Mapping[str, str]
    erased: frozenset[str]


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Rows in the ledger's order; `after` is where the next page starts."""

    rows: tuple[InboxRow, ...]
    after: int
    done: bool


class Exchange:
    """The questions, one method each. Refused, Unavailable and Tampered as the answer asks for."""

    def __init__(self, transport: Transport, known: KnownDirectory) -> None:
        self.transport = transport
        self._known = known

    @property
    def max_delay_s(self) -> int:
        """Within which the hub seals what it has stored, as the root in force promises."""
        return self._known.directory.root.max_delay_s

    async def post(self, message: Message) -> Receipt | Rejection:
        """The message's receipt, or the hub's refusal."""
        answer = await self.transport.post(
            "/v1/messages", message.line, content_type="application/json", at_most=_SMALL
        )
        if answer.ok:
            receipt = _object(answer.body).get("receipt")
            return check_receipt(receipt, message, await self._naming(receipt, RECEIPT))
        problem = _signed_problem(answer)
        directory = await self._naming(problem["evidence"], REFUSAL)
        return check_refusal(problem, message, directory, again=answer.tries > 1)

    async def _naming(self, token: object, typ: str) -> Directory:
        """The directory, read on if it does not name the gateway's key that signed this."""
        if is_by_unknown_key(token, typ, self._known.directory):
            await self._known.read_on(self.directory)
        return self._known.directory

    async def post_batch(self, messages: Sequence[Message]) -> list[Outcome]:
        """What became of each message, in this order. At most 500 lines and 8 MiB, else Refused: TOO_LARGE."""
        body = b"".join(message.line + b"\n" for message in messages)
        answer = await self.transport.post("/v1/messages", body, content_type=_NDJSON, at_most=MAX_BATCH)
        again = answer.tries > 1
        if not answer.ok:
            problem = _signed_problem(answer)
            directory = await self._naming(problem["evidence"], REFUSAL)
            return [check_refusal(problem, message, directory, body=body, again=again) for message in messages]
        *lines, last = [_object(line) for line in answer.body.splitlines()] or [{}]
        if len(lines) != len(messages):
            raise _bad("one line for each message and a receipt")
        accepted = [m for m, line in zip(messages, lines, strict=True) if line.get("status") == 202]  # noqa: PLR2004
        receipt = last.get("receipt")
        directory = await self._naming(receipt, RECEIPT)
        receipts = {r.id: r for r in check_batch_receipt(receipt, accepted, directory)} if accepted else {}
        return [
            receipts.get(m.id) or _rejection(line, m, directory, again=again)
            for m, line in zip(messages, lines, strict=True)
        ]

    async def ruling(self, message_id: str, *, wait_s: int = 0) -> Ruling | None:
        """The ruling on one of our messages, or None while it is not sealed; the hub waits up to `wait_s` for it."""
        answer = await self._read(f"/v1/messages/{message_id}", _SMALL, {"wait": str(wait_s)}, wait_s)
        if answer.problem().get("code") == "NOT_SEALED_YET":
            return None
        return _ruling(_object(_good(answer)), message_id)

    async def sealed(self, message: Message, *, wait_s: int = 0) -> Ruling | None:
        """The ruling on these very bytes; None, if no leaf that the ledger has by now is theirs.

        Unavailable: BEHIND, while delivery has not followed all these leaves. Tampered, if the id is another message's.
        """
        await self._known.read_on(self.directory)
        size = self._known.latest.size  # before the question: what is sealed by now is what the answer must cover
        answer = await self._read(f"/v1/messages/{message.id}", _SMALL, {"wait": str(wait_s)}, wait_s)
        problem = answer.problem()
        if problem.get("code") == "NOT_SEALED_YET":
            followed = problem.get("followed")
            if type(followed) is not int or followed < size:
                raise Unavailable("the hub has not looked through all leaves yet; ask again", code="BEHIND")
            return None
        ruling = _ruling(_object(_good(answer)), message.id)
        if ruling.digest != message.digest:
            raise Tampered("other bytes are sealed under the id of a message of ours", index=ruling.index)
        return ruling

    async def inbox(self, *, after: int, limit: int = 20, wait_s: int = 0, looks: bool = False) -> InboxPage:
        """The page of the inbox behind index `after`; an empty inbox is waited on for up to `wait_s`.

        It says that we have taken what is up to `after`, unless it only `looks`.
        """
        most = min(limit, MAX_ITEMS)
        params = {"after": str(after), "limit": str(most), "wait": str(wait_s), **({"look": "1"} if looks else {})}
        return _page(_object(_good(await self._read("/v1/inbox", most * _ITEM, params, wait_s))), after)

    async def case(self, case: str) -> dict[str, Any]:
        """Versions, responsible agency, referrals and running clocks of a case that we are a party to."""
        return _object(_good(await self._read(f"/v1/cases/{case}", MAX_MESSAGE, {}, 0)))

    async def directory(self, after: int) -> bytes:
        """The page of directory leaves behind index `after`, for `KnownDirectory.take`."""
        answer = await self.transport.get("/v1/directory", params={"after": str(after)}, at_most=MAX_BATCH)
        return _good(answer)

    async def proof(self, index: int) -> bytes:
        """The proof of the leaf at this index (C2SP tlog-proof)."""
        return _good(await self.transport.get(f"/v1/proofs/{index}", at_most=_SMALL))

    async def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile of the ledger (C2SP tlog-tiles)."""
        return _good(await self.transport.get(f"/ledger/{tile.path()}", at_most=_SMALL))

    async def checkpoint(self) -> bytes:
        """The newest checkpoint's note."""
        return _good(await self.transport.get("/ledger/checkpoint", at_most=_SMALL))

    async def _read(self, path: str, at_most: int, params: Mapping[str, str], wait_s: int) -> Answer:
        return await self.transport.get(path, params=params, at_most=at_most, private=True, wait_s=wait_s)


def _rejection(line: Mapping[str, Any], message: Message, directory: Directory, *, again: bool) -> Rejection | None:
    status = line.get("status")
    if type(status) is not int or not 400 <= status < 500:  # noqa: PLR2004 (HTTP's client errors)
        return None  # 503: to be sent again
    nested = line.get("problem")
    problem = nested if isinstance(nested, dict) else line
    if "evidence" not in problem:
        return None  # nobody signed that
    return check_refusal(problem, message, directory, again=again)


def _signed_problem(answer: Answer) -> dict[str, Any]:
    """The problem of a refusal. Unavailable: BAD_ANSWER, if nobody signed it.

    The gateway signs whatever it refuses of a message. Without that it may be a proxy's word, or another program's at
    this address; and what the hub's own door says unsigned (no such path, no HTTP) is of the way, not of the message.
    """
    error, problem = answer.error(), answer.problem()
    if not isinstance(error, Refused):
        raise error
    if "evidence" not in problem:
        says = f"{answer.status} without the exchange's signature ({error.code}); is this its base URL, or a proxy?"
        raise Unavailable(says, code="BAD_ANSWER")
    return problem


def _good(answer: Answer) -> bytes:
    if not answer.ok:
        raise answer.error()
    return answer.body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = strict_json.parse(body)
    except HifadhiError as error:
        raise _bad("JSON") from error
    if not isinstance(value, dict):
        raise _bad("a JSON object")
    return value


def _ruling(said: Mapping[str, Any], message_id: str) -> Ruling:
    if said.get("id") != message_id:
        raise Tampered("the ruling is of another message")
    delivered = said.get("delivered")
    index, ruling = said.get("index"), said.get("ruling")
    if type(index) is not int or not isinstance(ruling, str) or not isinstance(delivered, list):
        raise _bad("a ruling")
    irregular = said.get("irregular") is True
    digest, code = str(said.get("digest")), said.get("code")
    return Ruling(message_id, digest, ruling, index, code, tuple(delivered), irregular=irregular)


def _page(said: Mapping[str, Any], after: int) -> InboxPage:
    data, done = said.get("data"), said.get("done")
    if not isinstance(data, list) or len(data) > MAX_ITEMS or not isinstance(done, bool):
        raise _bad("a page of the inbox")
    rows = tuple(_row(row) for row in data)
    indexes = [after, *(row.index for row in rows)]
    if any(later <= earlier for earlier, later in pairwise(indexes)):
        raise Tampered("the inbox is not in the ledger's order")
    return InboxPage(rows, indexes[-1], done)


def _row(row: object) -> InboxRow:
    try:
        members = strict_json.members(row, ("index", "role", "leaf", "parts", "erased"))
        raw = b64u.decode(members["leaf"])
    except Refused as error:
        raise _bad("a row of the inbox") from error
    index, parts, erased = members["index"], members["parts"], members["erased"]
    fits = type(index) is int and 0 <= index <= MAX_SIZE and isinstance(parts, dict) and isinstance(erased, list)
    if not fits or not all(isinstance(text, str) for text in (*parts.values(), *erased)):
        raise _bad("a row of the inbox")
    return InboxRow(index, str(members["role"]), raw, parts, frozenset(erased))


def _bad(expected: str) -> Unavailable:
    return Unavailable(f"the answer is not {expected}; is this the exchange's base URL?", code="BAD_ANSWER")
