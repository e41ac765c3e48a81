"""What receipts promise, held against a ledger: it alone does not show what was withheld, put off or backdated. Pure.

A receipt says that a message lies at a position of the submissions since an instant, and will be ruled on. The ledger
rules in the order of positions, so:

1. Once a leaf has a higher position, the message has its leaf: a message withheld, or put off behind others.
2. The leaf of that position is that message's: two messages that changed places.
3. That leaf's `stored_at` is the receipt's, or that of the leaf before if it is later: a message backdated or
   postdated.

Which gateway keys count is known when its turn comes: a rotation that brings one has its leaf before whatever that key
has received.

4. A receipt says where and when. One that does not is no promise that a ledger could break: if a gateway signed it,
   that is what the hub is charged with, and no other line of the file is worth less for it.

A repeat gets a fresh receipt for a later position and no new leaf: the earlier one counts. What no leaf has overtaken
yet is open, and due `max_delay_s` after it was stored.
"""

import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hifadhi.errors import Fault, HifadhiError, Refused, Tampered
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.report import Verified
from hifadhi.referral import instant

ONE: Final = ("id", "digest", "from", "position", "stored_at", "hub")
"""The members of a receipt."""
OF_MANY: Final = ("id", "digest", "position", "stored_at")
"""Those of each message in the receipt of a batch."""
MAX_TOKEN: Final = 512 * 1024

_NOWHERE: Final = sys.maxsize
"""Behind every leaf: looked at last, when every gateway key is known."""


@dataclass(frozen=True, slots=True, order=True)
class Promise:
    """That the message `id` with this digest lies at `position` since `stored_at` (milliseconds UTC).

    Its position is `_NOWHERE`, if it does not say so: rule 4.
    `token` says so, on this line of a file; whether a gateway signed it is for `Promises` to find out.
    """

    position: int
    stored_at: int
    digest: str
    id: str
    line: int = field(compare=False)
    token: str = field(compare=False, repr=False)


def read(raw: bytes, origin: str) -> list[Promise]:
    """The promises in the lines of a file: tokens, or what an agency keeps as `evidence.jsonl`, refusals left out.

    So is half a line at its end (`is_cut_off`). Refused: NO_RECEIPT, with the number of the line, if one holds none of
    this origin's.
    """
    found = list[Promise]()
    lines = raw.splitlines()
    for number, line in enumerate(lines[:-1] if is_cut_off(raw) else lines, start=1):
        try:
            token = _token(line)
            found.extend(_promises(token, origin, number) if token else ())
        except HifadhiError as error:
            raise _no_receipt(number) from error
    return found


def is_cut_off(raw: bytes) -> bool:
    """Whether the file ends within a line of an agency's: its writer was stopped there, and will write it again.

    Such a line is an object and ends with LF; half of one is no JSON. Anything else there is judged as a line.
    """
    last = raw.rpartition(b"\n")[2]
    try:
        strict_json.parse(last)
    except Refused as refusal:
        return last.startswith(b"{") and refusal.code in {"NOT_JSON", "BAD_ENCODING"}
    return False


class Promises:
    """Holds promises against the leaves, which it is shown in order; `kept` counts those that have their leaf.

    `keys`: the gateway keys as they are in force then, by kid. Refused: NO_RECEIPT, if none of them signed a promise.
    """

    def __init__(self, promises: Iterable[Promise], keys: Callable[[], Mapping[str, Jwk]]) -> None:
        self._keys = keys
        self._signed = set[str]()
        self._claims = defaultdict[Promise, list[Promise]](list)
        for promise in promises:
            self._claims[promise].append(promise)
        self._waiting = deque(sorted(self._claims))
        self._unsealed = {promise.digest for promise in self._waiting}
        self._stored_at = 0
        self.kept = 0

    def see(self, verified: Verified) -> None:
        """The next leaf; Tampered, with its index, if a promise was broken by the time of it."""
        leaf, index = verified.leaf, verified.index
        position, stored_at = leaf.ruling.position, instant.parse(leaf.ruling.stored_at)
        for promise in self._until(position):
            if promise.digest in self._unsealed:  # rule 1
                where = f"position {promise.position}"
                raise Tampered(f"a receipt promises a leaf for {where}, and none stands before this", index=index)
            self.kept += 1
        if verified.digest:
            self._sealed(verified.digest, index, position, stored_at)
        self._stored_at = stored_at

    def open(self) -> tuple[Promise, ...]:
        """After the last leaf: those that it does not judge yet."""
        for promise in self._waiting:
            self._check(promise)
        self.kept += sum(promise.digest not in self._unsealed for promise in self._waiting)
        return tuple(promise for promise in self._waiting if promise.digest in self._unsealed)

    def _until(self, position: int) -> Iterator[Promise]:
        while self._waiting and self._waiting[0].position < position:
            self._check(self._waiting[0])
            yield self._waiting.popleft()

    def _check(self, promise: Promise) -> None:
        """Everybody who says so must be a gateway; a batch's receipt is checked once."""
        for claim in self._claims[promise]:
            if claim.token not in self._signed:
                self._verify(claim)
                self._signed.add(claim.token)
            if claim.position == _NOWHERE:  # rule 4
                raise Tampered(f"line {claim.line}: a gateway signed a receipt that does not say where and when")

    def _verify(self, claim: Promise) -> None:
        try:
            jws.verify_compact(claim.token, typ=jws.RECEIPT, keys=self._keys(), max_bytes=MAX_TOKEN)
        except Refused as error:
            raise _no_receipt(claim.line) from error

    def _sealed(self, digest: str, index: int, position: int, stored_at: int) -> None:
        self._unsealed.discard(digest)
        for promise in self._until(position + 1):
            if promise.digest != digest:  # rule 2
                raise Tampered("its position is another message's, by a receipt", index=index)
            if stored_at != max(promise.stored_at, self._stored_at):  # rule 3
                raise Tampered("stored at another instant than its receipt says", index=index)
            self.kept += 1


def _token(line: bytes) -> str | None:
    """The token in a line; None, if it is of a refusal, which promises nothing."""
    if not line.startswith(b"{"):
        return line.decode("ascii", "replace")
    said = strict_json.parse(line)
    return None if "refusal" in said else str(said.get("receipt"))


def _no_receipt(line: int) -> Refused:
    return Refused(Fault("NO_RECEIPT", "", f"line {line} is no receipt by this hub's gateway"))


def _promises(token: str, origin: str, line: int) -> Iterator[Promise]:
    said = strict_json.parse(jws.compact_payload(token, jws.RECEIPT, max_bytes=MAX_TOKEN))
    if isinstance(said, list):
        yield from (_promise(strict_json.members(one, OF_MANY), line, token) for one in said)
        return
    members = strict_json.members(said, ONE)
    if members["hub"] != origin:
        raise Refused(Fault("SCHEMA", "/hub", "a receipt of another hub"))
    yield _promise(members, line, token)


def _promise(said: Mapping[str, object], line: int, token: str) -> Promise:
    b64u.decode(said["digest"], pointer="/digest", length=32)
    position, stored_at = where_and_when(said) or (_NOWHERE, 0)
    return Promise(position, stored_at, str(said["digest"]), str(said["id"]), line, token)


def where_and_when(said: Mapping[str, object]) -> tuple[int, int] | None:
    """The position and the instant (milliseconds UTC) that a receipt's members say; None, if they do not."""
    position, stored_at = said["position"], said["stored_at"]
    if type(position) is not int or position < 0 or not isinstance(stored_at, str):
        return None
    try:
        return position, instant.parse(stored_at)
    except Refused:
        return None
