"""What the design says of one case, kept by its words alone: the second state beside the program's own."""

from dataclasses import dataclass, field
from typing import Any

from hifadhi.referral import headers
from hifadhi.referral.case import Referral
from hifadhi.referral.header import Header
from hifadhi.referral.table import State
from unit.referral.exchange import ROLES

DECLINED = {State.DECLINED, State.REEXAMINATION}


@dataclass
class Plan:
    """How far the transfer of a referral is."""

    transfer: str | None = None
    agreed: bool = False
    departed: str | None = None
    came_first: str | None = None


@dataclass
class ByDesign:
    """Who owes protection, who is a party, what was declined for good, planned, contested, or is to be confirmed."""

    responsible: str
    parties: set[str]
    is_open: bool = True
    declined: set[tuple[str, str]] = field(default_factory=set)
    plans: dict[str, Plan] = field(default_factory=dict)
    dispute: str | None = None
    unconfirmed: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    copied: set[str] = field(default_factory=set)
    """The referrals of which an observer was told when they were escalated or contested."""

    @classmethod
    def opened(cls, said: Header) -> "ByDesign":
        return cls(_under(said) or "", set())

    def follow(self, said: Header, referral: Referral | None) -> None:
        """A recorded, regular message. `referral`: the one that it names, as it stood before."""
        self.parties |= {said.sender, *said.addressees}
        happens = getattr(self, f"_{said.type.replace('.', '_')}", None)
        if happens:
            happens(said, referral)

    def follow_irregular(self, said: Header, referral: Referral | None) -> None:
        self.parties |= {said.sender, *said.addressees}
        if isinstance(said, headers.ArrivalConfirmed) and referral and not referral.has_ended:
            self.plan(said.referral).came_first = said.transfer

    def plan(self, referral: str) -> Plan:
        return self.plans.setdefault(referral, Plan())

    def may_be_regular(self, said: Header) -> bool:
        """Invariants 2 and 5: whether a departure, or an arrival, fits what was said before."""
        plan = self.plan(getattr(said, "referral", ""))
        if isinstance(said, headers.DepartureConfirmed):
            return plan.agreed and plan.transfer == said.transfer and not self.unconfirmed
        if isinstance(said, headers.ArrivalConfirmed):
            return plan.departed == said.transfer
        return True

    def _encounter_reported(self, said: Any, _: Referral | None) -> None:
        under = _under(said)
        if not self.is_open and under:
            self.is_open, self.responsible = True, under

    def _referral_accepted(self, said: Any, referral: Referral) -> None:
        if said.encounter and referral.kind == "responsibility":
            self.responsible = said.sender

    def _referral_declined(self, _: Any, referral: Referral) -> None:
        if referral.state is State.REEXAMINATION:
            self.declined.add((referral.receiver, referral.kind))

    def _referral_withdrawn(self, _: Any, referral: Referral) -> None:
        if referral.state in DECLINED:
            self.declined.add((referral.receiver, referral.kind))

    def _transfer_proposed(self, said: Any, _: Referral) -> None:
        self.plans[said.referral] = Plan(said.transfer)

    def _transfer_agreed(self, said: Any, _: Referral) -> None:
        self.plan(said.referral).agreed = True

    def _transfer_suspended(self, said: Any, _: Referral) -> None:
        self.plan(said.referral).agreed = False

    _transfer_resumed = _transfer_agreed

    def _departure_confirmed(self, said: Any, referral: Referral) -> None:
        plan = self.plan(said.referral)
        plan.departed, plan.agreed = said.transfer, False
        if plan.came_first == said.transfer:
            self.responsible = referral.receiver

    def _arrival_confirmed(self, said: Any, _: Referral) -> None:
        self.responsible = said.sender

    def _responsibility_assumed(self, said: Any, _: Referral | None) -> None:
        self.responsible, self.dispute = said.sender, None

    def _case_closed(self, _: Any, __: Referral | None) -> None:
        self.is_open = False

    def _case_reopened(self, _: Any, __: Referral | None) -> None:
        self.is_open = True

    def _dispute_opened(self, said: Any, _: Referral) -> None:
        self.dispute = said.id

    def _dispute_resolved(self, said: Any, _: Referral | None) -> None:
        self.dispute, self.responsible = None, said.responsible

    def _consent_changed(self, said: Any, _: Referral | None) -> None:
        recipients = self.parties - {said.sender}
        if recipients:
            self.unconfirmed[said.sender] = (said.id, recipients)

    def _data_restricted(self, said: Any, _: Referral | None) -> None:
        for holder, (message, pending) in list(self.unconfirmed.items()):
            if message == said.in_reply_to:
                pending.discard(said.sender)
                if not pending:
                    del self.unconfirmed[holder]


def _under(said: Header) -> str | None:
    """The state's agency that met the person, or the first focal one that an observer tells."""
    if {"state", "focal"} & set(ROLES[said.sender][1]):
        return said.sender
    return next((one for one in said.addressees if "focal" in ROLES[one][1]), None)
