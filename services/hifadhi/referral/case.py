"""A case as the ledger's leaves have made it: one person, one responsible agency, the referrals about them."""

from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, TypeAlias

from pydantic import PlainSerializer, TypeAdapter, ValidationError

from hifadhi.errors import Tampered
from hifadhi.referral.table import LIVE, State

# A set's order is each process's own; sorted, the same case is the same bytes everywhere, and rows can be compared.
Parties: TypeAlias = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str], when_used="json")]


class Clock(NamedTuple):
    """A running deadline, milliseconds UTC. Clocks lapse in the order of this tuple."""

    due: int
    case: str
    referral: str
    clock: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A request of one agency to another. `version` counts what a later decision must have seen."""

    id: str
    kind: str
    urgency: str
    sender: str
    receiver: str
    state: State = State.SENT
    version: int = 1
    clock: str | None = None
    due: int | None = None

    def runs(self, clock: str, due: int) -> bool:
        """Whether this deadline is the one that runs."""
        return self.clock == clock and self.due == due

    @property
    def is_live(self) -> bool:
        """Whether it asks for responsibility and has not ended: a case has at most one such."""
        return self.kind == "responsibility" and self.state in LIVE

    def other(self, agency: str) -> str | None:
        """The other side, or None for an agency that is neither."""
        return {self.sender: self.receiver, self.receiver: self.sender}.get(agency)


@dataclass(frozen=True, slots=True)
class Case:
    """`version` rises with every decision, lapse and move of responsibility; the parties only grow."""

    id: str
    version: int
    responsible: str
    parties: Parties
    referrals: dict[str, Referral] = field(default_factory=dict)

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The running deadlines, unsorted."""
        return tuple(
            Clock(r.due, self.id, r.id, r.clock) for r in self.referrals.values() if r.due is not None and r.clock
        )

    def runs(self, clock: Clock) -> bool:
        """Whether this deadline of ours runs."""
        referral = self.referrals.get(clock.referral)
        return referral is not None and referral.runs(clock.clock, clock.due)

    def to_bytes(self) -> bytes:
        """As a database row keeps it: of the same case the same bytes."""
        return _ADAPTER.dump_json(self)

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
