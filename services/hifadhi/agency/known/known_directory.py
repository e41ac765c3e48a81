"""Who is in the exchange with which keys: folded by the agency itself, from its own `root.json`, and from nothing else.

Rules for the pages of `GET /v1/directory`, and the attack that each stops:

1. Its checkpoint is the ledger's and not older than the newest known: a directory of yesterday, before a revocation.
   Which keys sign it is known once the last page is: a rotation may stand in any of them (ADR 8).
2. The leaves come in the ledger's order, none twice: a revoked key that is added again.
3. Each is in the tree at its index: a key that is shown to one agency only.
4. Each is a statement that was recorded: a refused one passed off as valid.
5. Each is signed as the directory before it asks for, governance by its threshold: a key of the hub's own making.
6. Each fits the directory as it then stood: an agency admitted twice under two keys.

What was read up to the last page counts whole or not at all: its leaves are folded provisionally, each signed by keys
that are known; then the checkpoints are judged by the ledger keys in force after them, then the proofs. A leaf that the
hub leaves out of every page is found by who reads the whole ledger.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import HifadhiError, Tampered, Unavailable
from hifadhi.evidence import b64u, leaf, strict_json
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.evidence.proof import MAX_HASHES
from hifadhi.evidence.tree import HASH_BYTES, leaf_hash, verify_inclusion
from hifadhi.referral import admission, directory_changes, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root
from hifadhi.referral.statements import STATEMENTS

MAX_ROWS: Final = 1000

Page = Callable[[int], Awaitable[bytes]]
"""The page of directory leaves behind an index."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page's checkpoint, not yet judged, and its leaves: hash, index, proof."""

    note: str
    at_least: int
    leaves: tuple[tuple[bytes, int, Sequence[bytes]], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The directory as the pages so far give it, and what is still to be judged of them."""

    directory: Directory
    keys: LedgerKeys
    after: int = -1
    statements: Mapping[str, int] = field(default_factory=dict)
    """The index of each statement's leaf, by the statement's digest."""
    pages: tuple[Shown, ...] = ()

    def with_page(self, members: Mapping[str, Any], at_least: int) -> "Reading":
        """With one page more, whose leaves are signed and fit."""
        directory, keys, after, leaves = self.directory, self.keys, self.after, []
        statements = dict(self.statements)
        for index, raw, proof in map(_row, members["data"]):
            if index <= after:  # rule 2
                raise Tampered("the directory's leaves are not in the ledger's order", index=index)
            before, directory, after = directory, evolved(directory, index, raw), index
            if directory.root is not before.root:
                keys = keys.rotated(index, directory.root)
            leaves.append((leaf_hash(raw), index, proof))
            statements[read_envelope(leaf.parse(raw).envelope, typ=MESSAGE).digest] = index
        if not leaves and not members["done"]:
            raise Tampered("the directory has more leaves, but shows none")
        shown = Shown(members["checkpoint"], at_least, tuple(leaves))
        return Reading(directory, keys, after, statements, (*self.pages, shown))


class KnownDirectory:
    """The directory as far as it was read to its end; `after` is the index of its last leaf, -1 before the first."""

    def __init__(self, root: Root, latest: LatestCheckpoint) -> None:
        self.latest = latest
        self._known = self._reading = Reading(Directory.of(root), latest.keys)
        self._lock = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        """As it stands after `after`."""
        return self._known.directory

    @property
    def after(self) -> int:
        """The index of its last leaf."""
        return self._known.after

    def index_of(self, digest: str) -> int | None:
        """Where the statement with this digest is recorded; None, if it is not in the directory."""
        return self._known.statements.get(digest)

    @property
    def wanted(self) -> int:
        """The index behind which the next page is to be asked for."""
        return self._reading.after

    def take(self, page: bytes, *, at_least: int) -> bool:
        """Folds one page; whether it was the last. Tampered; Unavailable: BAD_ANSWER, if it is no page at all.

        `at_least`: the ledger's known size when the page was asked for. What was read is forgotten if it does not hold;
        the page's checkpoint is kept, if keys that are known signed it: it is of a tree with such a leaf.
        """
        members, before = _members(page), self._reading
        self._reading = self._known
        try:
            reading = before.with_page(members, at_least)
        except Tampered as lie:
            raise self.latest.accused(lie, members["checkpoint"], before.keys) from lie
        if members["done"]:
            self._settle(reading)
        else:
            self._reading = reading
        return bool(members["done"])

    def _settle(self, reading: Reading) -> None:
        for page in reading.pages:
            checkpoint = self.latest.take(page.note, at_least=page.at_least, keys=reading.keys)  # rule 1
            for hashed, index, proof in page.leaves:
                verify_inclusion(hashed, index, checkpoint.size, proof, checkpoint.root)  # rule 3
        self._known = self._reading = replace(reading, pages=())
        self.latest.keys = reading.keys

    async def read_on(self, page: Page) -> bool:
        """Reads to the end; whether that brought anything new. One reading at a time."""
        async with self._lock:
            self._reading = self._known
            before, done = self.after, False
            while not done:
                at_least = self.latest.size
                done = self.take(await page(self.wanted), at_least=at_least)
            return self.after != before


def evolved(directory: Directory, index: int, raw: bytes) -> Directory:
    """The directory after the leaf at `index` (rules 4 to 6); else Tampered."""
    try:
        header = _statement(directory, raw)
        return directory_changes.evolve(directory, header)
    except HifadhiError as error:
        raise Tampered(f"no valid directory statement: {error}", index=index) from error


def _statement(directory: Directory, raw: bytes) -> Header:
    sealed = leaf.parse(raw)
    if sealed.ruling.ruling != leaf.RECORDED or sealed.ruling.irregular:  # rule 4
        raise Tampered("it was not recorded")
    envelope = read_envelope(sealed.envelope, typ=MESSAGE)
    header = message.parse(envelope.payload)
    if header.type not in STATEMENTS:  # rule 4
        raise Tampered("a message of another kind")
    admission.check_signatures(envelope, header, directory)  # rule 5
    admission.check_keys(envelope, header, directory)
    admission.check_standing(header, directory)
    code = objection(directory, header)
    if code:  # rule 6
        raise Tampered(f"{code}, yet recorded")
    return header


def _members(page: bytes) -> dict[str, Any]:
    try:
        members = strict_json.members(strict_json.parse(page), ("data", "after", "done", "checkpoint"))
    except HifadhiError as error:
        raise Unavailable("the answer is not a page of the directory", code="BAD_ANSWER") from error
    data, note = members["data"], members["checkpoint"]
    if not isinstance(data, list) or len(data) > MAX_ROWS or not isinstance(note, str):
        raise Unavailable("the answer is not a page of the directory", code="BAD_ANSWER")
    return members


def _row(row: object) -> tuple[int, bytes, Sequence[bytes]]:
    try:
        members = strict_json.members(row, ("index", "leaf", "proof"))
        index, hashes = members["index"], members["proof"]
        if type(index) is not int or not isinstance(hashes, list) or len(hashes) > MAX_HASHES:
            raise Tampered("a row of the directory has an index and a proof")
        return index, b64u.decode(members["leaf"]), [b64u.decode(each, length=HASH_BYTES) for each in hashes]
    except HifadhiError as error:
        raise Tampered(f"a row of the directory cannot be read: {error}") from error
