"""What receipts promise, held against a ledger: it alone does not show what was withheld, put off or backdated. Pure.

A receipt says that a message lies at a position of the submissions since an instant, and will be ruled on. The ledger
rules in the order of positions, so:

1. Once a leaf has a higher position, the message has its leaf: a message withheld, or put off behind others.
2. The leaf of that position is that message's: two messages that changed places.
3. That leaf's `stored_at` is the receipt's, or that of the leaf before if it is later: a message backdated or
   postdated.

A repeat gets a fresh receipt for a later position and no new leaf: the earlier one counts. What no leaf has overtaken
yet is open, and due `max_delay_s` after it was stored.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Fault, HifadhiError, Refused, Tampered
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import LAPSED, Leaf
from hifadhi.evidence.report import Verified
from hifadhi.referral import instant
from hifadhi.referral.root import Root

ONE: Final = ("id", "digest", "from", "position", "stored_at", "hub")
"""The members of a receipt."""
OF_MANY: Final = ("id", "digest", "position", "stored_at")
"""Those of each message in the receipt of a batch."""
MAX_TOKEN: Final = 512 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Promise:
    """That the message `id` with this digest lies at `position` since `stored_at` (milliseconds UTC)."""

    position: int
    stored_at: int
    digest: str
    id: str


def read(raw: bytes, root: Root) -> list[Promise]:
    """The promises in the lines of a file: tokens, or what an agency keeps as `evidence.jsonl`, refusals left out.

    Refused: NO_RECEIPT, with the number of the line, if one holds none that the root's gateway keys signed.
    """
    found = list[Promise]()
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            token = _token(line)
            found.extend(_promises(token, root) if token else ())
        except HifadhiError as error:
            raise Refused(Fault("NO_RECEIPT", "", f"line {number} is no receipt by this hub's gateway")) from error
    return found


class Promises:
    """Holds promises against the leaves, which it is shown in order; `kept` counts those that have their leaf."""

    def __init__(self, promises: Iterable[Promise]) -> None:
        self._waiting = deque(sorted(set(promises)))
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
        if leaf.ruling.ruling != LAPSED:
            self._sealed(leaf, index, position, stored_at)
        self._stored_at = stored_at

    def open(self) -> tuple[Promise, ...]:
        """After the last leaf: those that it does not judge yet."""
        self.kept += sum(promise.digest not in self._unsealed for promise in self._waiting)
        return tuple(promise for promise in self._waiting if promise.digest in self._unsealed)

    def _until(self, position: int) -> Iterator[Promise]:
        while self._waiting and self._waiting[0].position < position:
            yield self._waiting.popleft()

    def _sealed(self, leaf: Leaf, index: int, position: int, stored_at: int) -> None:
        digest = read_envelope(leaf.envelope, typ=MESSAGE).digest
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


def _promises(token: str, root: Root) -> Iterator[Promise]:
    _, payload = jws.verify_compact(token, typ=jws.RECEIPT, keys=root.gateway_keys, max_bytes=MAX_TOKEN)
    said = strict_json.parse(payload)
    if isinstance(said, list):
        yield from (_promise(strict_json.members(one, OF_MANY)) for one in said)
        return
    members = strict_json.members(said, ONE)
    if members["hub"] != root.origin:
        raise Refused(Fault("SCHEMA", "/hub", "a receipt of another hub"))
    yield _promise(members)


def _promise(said: dict[str, object]) -> Promise:
    position, stored_at = said["position"], said["stored_at"]
    if type(position) is not int or not isinstance(stored_at, str):
        raise Refused(Fault("SCHEMA", "/position", "a receipt says where and when the message is stored"))
    b64u.decode(said["digest"], pointer="/digest", length=32)
    return Promise(position, instant.parse(stored_at), str(said["digest"]), str(said["id"]))
