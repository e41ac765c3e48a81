"""What a writer must still know after a crash, in one file that is replaced whole.

One key has one writer at a time and its numbers have no gap. So a message is written here, numbered and signed,
before it is posted, and leaves once the hub has answered:

* crash before `pend`: the number was never used;
* crash between `pend` and `settle`: the same bytes are posted again; the hub takes a repeat for what it is, or refuses
  it although it has stored them: so whatever is found pending here counts as posted before;
* crash after `settle`: the number is spent, and the answer is not given again.

What was refused after it may have been stored is in doubt: it stays pending with that `refusal`, is not posted any
more, and leaves once it is known what came of it (`sending.doubt`). Others are numbered past it meanwhile.

* crash before `doubt`: it is posted again, and refused again;
* crash after it: the question stays, and so does the instant from which on it can be answered.

A message that was refused while nobody waited for its answer is `untold` until somebody has asked.

A message that waits for a second signature is `prepared`: its number is its own from then on, whether it is posted or
not, for its signed bytes are in other hands, and a number on two messages looks like a stolen key. Until it is posted
`verify` sees a gap there, which is the truth.

* crash before `prepare`: the number was never used, and nobody has the bytes;
* crash after it: the bytes are here, and are written into a file again;
* it is posted as any other is; refused, it stays prepared, for its second signature can be mended.

`answered` rises in the same write that ends the posting, so no leaf is answered twice. `cursor` rises apart from it:
what an agency's own software has not taken is handed to it again.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count as counting
from itertools import islice
from pathlib import Path
from typing import Any, Final

from hifadhi.agency import durable_file
from hifadhi.errors import Fault, HifadhiError, Tampered, Unavailable
from hifadhi.evidence import strict_json

WAIT_FOR_TURN_S: Final = 90.0
"""Longer than another process's patience with a hub that does not answer."""
_LOOK_AGAIN_S: Final = 0.02
_MEMBERS: Final = ("last", "free", "pending", "answered", "cursor")
_LATER: Final = ("prepared", "untold")
"""Members that are left out while they are empty."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """That the hub refused a message, known since `at_ms` by our clock; `evidence` is what it signed."""

    at_ms: int
    faults: tuple[Fault, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A signed message that the hub has not answered yet, and the index of the leaf that it answers by itself.

    `refusal`: what the hub said last, while it may have stored the message before.
    """

    number: int
    line: bytes
    answers: int | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """`last` number spent; smaller ones that a refusal set `free` again; indexes of leaves, -1 before the first.

    `prepared`: messages with numbers of their own that wait for a second signature, the newest last. `untold`: refused
    ones that nobody has been told of.
    """

    last: int = 0
    free: tuple[int, ...] = ()
    pending: tuple[Pending, ...] = ()
    answered: int = -1
    cursor: int = -1
    prepared: tuple[Pending, ...] = ()
    untold: tuple[Pending, ...] = ()

    def next_numbers(self, count: int) -> tuple[int, ...]:
        """The next numbers, those set free first; none that a pending message has."""
        held = {p.number for p in self.pending}
        free = sorted(set(self.free) - held)[:count]
        fresh = (number for number in counting(self.last + 1) if number not in held)
        return (*free, *islice(fresh, count - len(free)))

    def doubted(self, refusals: Mapping[int, Refusal]) -> "Entries":
        """With these numbers' messages in doubt: refused, though they may have been stored."""
        pending = (replace(p, refusal=refusals.get(p.number, p.refusal)) for p in self.pending)
        return replace(self, pending=tuple(pending))

    def settled(self, accepted: Iterable[int], refused: Iterable[int], untold: Iterable[Pending] = ()) -> "Entries":
        """After the hub's answer. A refused number is used again, and what that message answered is open again."""
        taken, turned_down = set(accepted), set(refused)
        back = turned_down - {p.number for p in self.prepared}
        last = max({self.last, *taken})
        answers = [p.answers for p in self.pending if p.number in taken and p.answers is not None]
        return replace(
            self,
            last=last,
            free=tuple(sorted(n for n in {*self.free, *back} - taken if n < last)),
            pending=tuple(p for p in self.pending if p.number not in taken | turned_down),
            answered=max([self.answered, *answers]),
            prepared=tuple(p for p in self.prepared if p.number not in taken),
            untold=(*self.untold, *untold),
        )

    def holding(self, one: Pending) -> "Entries":
        """With one more message prepared, whose number nobody else gets."""
        free = tuple(number for number in self.free if number != one.number)
        return replace(self, last=max(self.last, one.number), free=free, prepared=(*self.prepared, one))


class Journal:
    """The journal in a file. Everything that changes it happens within a turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._within = asyncio.Lock()  # flock does not hold between tasks of one process that share no descriptor
        self._entries = Entries()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    @property
    def entries(self) -> Entries:
        """As last read or written here; `turn` reads anew."""
        return self._entries

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """This writer alone, among all tasks and processes. Unavailable: BUSY after a minute and a half."""
        async with self._within:
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, durable_file.PRIVATE)
            try:
                await _flock(lock)
                self.reload()
                yield
            finally:
                os.close(lock)  # and with it the lock, as at the end of a process

    def reload(self) -> Entries:
        """The entries as the file has them. Tampered, if it cannot be read as what we write."""
        if self._path.exists():
            self._entries = _parse(durable_file.read(self._path), self._path.name)
        return self._entries

    def pend(self, pending: Iterable[Pending]) -> None:
        """Numbered, signed, to be posted; durable on return."""
        self._write(replace(self._entries, pending=(*self._entries.pending, *pending)))

    def prepare(self, one: Pending) -> None:
        """Numbered, signed, to be signed by another; durable on return."""
        self._write(self._entries.holding(one))

    def doubt(self, refusals: Mapping[int, Refusal]) -> None:
        """The hub has refused these numbers, whose messages it may have stored before; durable on return."""
        self._write(self._entries.doubted(refusals))

    def settle(self, accepted: Iterable[int], refused: Iterable[int], untold: Iterable[Pending] = ()) -> None:
        """The hub has answered on these numbers, and nobody waits to hear of `untold`; durable on return."""
        self._write(self._entries.settled(accepted, refused, untold))

    def told(self) -> None:
        """Somebody hears of all that was untold."""
        self._write(replace(self._entries, untold=()))

    def spend(self, number: int) -> None:
        """Numbers up to this one have been spent."""
        self._write(replace(self._entries, last=max(self._entries.last, number)))

    def answered(self, index: int) -> None:
        """No leaf up to this one is to be answered any more."""
        self._write(replace(self._entries, answered=max(self._entries.answered, index)))

    def taken(self, index: int) -> None:
        """The agency's own software has taken every item up to this index."""
        self._write(replace(self._entries, cursor=max(self._entries.cursor, index)))

    def _write(self, entries: Entries) -> None:
        if entries != self._entries or not self._path.exists():
            durable_file.replace(self._path, _dump(entries))
        self._entries = entries


async def _flock(lock: int) -> None:
    deadline = asyncio.get_running_loop().time() + WAIT_FOR_TURN_S
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable("another process is sending with this key", code="BUSY") from None
            await asyncio.sleep(_LOOK_AGAIN_S)


def _dump(entries: Entries) -> bytes:
    later = {name: _listed(messages) for name in _LATER if (messages := getattr(entries, name))}
    return strict_json.dump(
        {
            "last": entries.last,
            "free": entries.free,
            "pending": _listed(entries.pending),
            "answered": entries.answered,
            "cursor": entries.cursor,
            **later,
        }
    )


def _listed(messages: Iterable[Pending]) -> list[dict[str, Any]]:
    return [
        {"number": p.number, "message": p.line.decode(), "answers": p.answers, **_refused(p.refusal)} for p in messages
    ]


def _refused(refusal: Refusal | None) -> dict[str, Any]:
    return {"refusal": asdict(refusal)} if refusal else {}


def _parse(raw: bytes, name: str) -> Entries:
    try:
        document = strict_json.parse(raw)
        later = [document.pop(name, []) if isinstance(document, dict) else [] for name in _LATER]
        said = strict_json.members(document, _MEMBERS)
        pending, prepared, untold = (tuple(map(_pending, items)) for items in (said["pending"], *later))
        return Entries(said["last"], tuple(said["free"]), pending, said["answered"], said["cursor"], prepared, untold)
    except (HifadhiError, TypeError) as error:
        raise Tampered(f"{name} is not a journal of ours; restore it before anything is sent") from error


def _pending(item: Any) -> Pending:  # noqa: ANN401 (parsed JSON)
    refusal = item.pop("refusal", None) if isinstance(item, dict) else None
    said = strict_json.members(item, ("number", "message", "answers"))
    return Pending(said["number"], said["message"].encode(), said["answers"], refusal and _refusal(refusal))


def _refusal(item: Any) -> Refusal:  # noqa: ANN401 (parsed JSON)
    said = strict_json.members(item, ("at_ms", "faults", "evidence"))
    faults = (strict_json.members(fault, ("code", "pointer", "message")) for fault in said["faults"])
    return Refusal(said["at_ms"], tuple(Fault(**fault) for fault in faults), said["evidence"])
