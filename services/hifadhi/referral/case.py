"""A case as the ledger's leaves have made it: one person, one responsible agency, the referrals about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from hifadhi.errors import Tampered
from hifadhi.referral.overlays import Dispute, Link, Parties, Restriction
from hifadhi.referral.table import CONCILIATION, CONSENT, ENDED, LIVE, STALLED, State


class Clock(NamedTuple):
    """A running deadline, milliseconds UTC. Clocks lapse in the order of this tuple.

    `subject`: the referral, agency or message that it runs on; see `table.SUBJECT`.
    """

    due: int
    case: str
    subject: str
    clock: str


class Held(NamedTuple):
    """A transfer clock that stands still: when it would lapse had it run on, and since when it stands."""

    due: int
    since: int


@dataclass(frozen=True, slots=True)
class Referral:
    """A request of one agency to another. `version` counts what a later decision must have seen.

    `transfers`: all that were proposed, the newest last. `arrival_due`: of the newest. `came`: the transfer of which
    an arrival was confirmed before its departure. `observers`: those who may be copied in.
    """

    id: str
    kind: str
    urgency: str
    sender: str
    receiver: str
    state: State = State.SENT
    version: int = 1
    clock: str | None = None
    due: int | None = None
    held: Held | None = None
    transfers: tuple[str, ...] = ()
    arrival_due: int | None = None
    came: str | None = None
    arrangement: str | None = None
    observers: tuple[str, ...] = ()

    def runs(self, clock: str, due: int) -> bool:
        """Whether this deadline is the one that runs."""
        return self.clock == clock and self.due == due

    @property
    def is_live(self) -> bool:
        """Whether it asks for responsibility and has not ended: a case has at most one such."""
        return self.kind == "responsibility" and self.state in LIVE

    @property
    def has_ended(self) -> bool:
        """Whether nothing can move it any more."""
        return self.state in ENDED

    def other(self, agency: str) -> str | None:
        """The other side, or None for an agency that is neither."""
        if agency == self.sender:
            return self.receiver
        return self.sender if agency == self.receiver else None


@dataclass(frozen=True, slots=True)
class Case:
    """`version` rises with every decision, lapse and move of responsibility; the parties only grow.

    `responsible`: who owes protection, or owed it when the case was closed. `silent_due`: when the responsible agency
    will have been silent for too long. `restrictions` by the agency that told the change of consent, `links` by the
    other case.
    """

    id: str
    version: int
    responsible: str
    parties: Parties
    referrals: dict[str, Referral] = field(default_factory=dict)
    is_closed: bool = False
    silent_due: int | None = None
    dispute: Dispute | None = None
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    @property
    def owed_by(self) -> str | None:
        """Who owes protection now; nobody while the case is closed."""
        return None if self.is_closed else self.responsible

    @property
    def is_restricted(self) -> bool:
        """Whether somebody has not confirmed a change of consent."""
        return bool(self.restrictions)

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The running deadlines, unsorted."""
        return tuple(self._clocks())

    def _clocks(self) -> Iterator[Clock]:
        for referral in self.referrals.values():
            if referral.due is not None and referral.clock:
                yield Clock(referral.due, self.id, referral.id, referral.clock)
        if self.silent_due is not None:
            yield Clock(self.silent_due, self.id, self.responsible, STALLED)
        if self.dispute and self.dispute.due is not None:
            yield Clock(self.dispute.due, self.id, self.dispute.id, CONCILIATION)
        for restriction in self.restrictions.values():
            if restriction.due is not None:
                yield Clock(restriction.due, self.id, restriction.message, CONSENT)

    def runs(self, clock: Clock) -> bool:
        """Whether this deadline of ours runs."""
        referral = self.referrals.get(clock.subject)
        if referral:
            return referral.runs(clock.clock, clock.due)
        if clock.clock == STALLED:  # every case has it, and it is asked for with every message
            return (clock.due, clock.subject) == (self.silent_due, self.responsible)
        return clock in self._clocks()

    def to_bytes(self) -> bytes:
        """As a database row keeps it: of the same case the same bytes, without what is as it was at first."""
        return _ADAPTER.dump_json(self, exclude_defaults=True)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Case":
        """From a database row; `Tampered` if that is not what `to_bytes` writes."""
        try:
            return _ADAPTER.validate_json(raw)
        except ValidationError:
            raise Tampered("the row of a case cannot be read") from None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What later messages may ask of an earlier leaf's message."""

    index: int
    digest: str
    type: str
    sender: str
    to: tuple[str, ...]
    case: str
    recorded: bool


_ADAPTER = TypeAdapter(Case)
