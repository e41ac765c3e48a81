"""The invariants of `domain.md` §4 over random histories: several agencies, several cases, any of them at any time.

Next to the program's own state stands a second one, `Expected`, kept by the words of the design alone.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hifadhi.errors import Refused
from hifadhi.referral import admission, message
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.decide import Verdict
from hifadhi.referral.header import Header
from hifadhi.referral.table import State
from unit.referral.exchange import DAY, HOUR, ROLES, STATES, Ledger, bounced, header, within

ENDED = {State.ARRIVED, State.DECLINED_FINAL, State.WITHDRAWN, State.BOUNCED}
DECLINED = {State.DECLINED, State.REEXAMINATION}
FOR_STATE = {"NOT_ALLOWED_NOW", "STALE_STATE", "LIVE_REFERRAL", "NEW_ELEMENT_MISSING"}
ANSWERS = [
    "referral.received",
    "referral.accepted",
    "referral.declined",
    "referral.withdrawn",
    "reexamination.requested",
]

picks = st.integers(0, 1_000)
agencies = st.sampled_from(sorted(ROLES))
# Mostly what an honest agency does, or histories get nowhere.
rarely = st.integers(0, 7).map(lambda number: number == 7)
drift = st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1])


@dataclass
class Expected:
    """What the design says of one case, without looking at the program's state."""

    responsible: str
    parties: set[str]
    declined: set[tuple[str, str]] = field(default_factory=set)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.expected: dict[str, Expected] = {}
        self.posted: list[Header] = []

    # What happens. `wild`, `elsewhere` and `drift` are what honest agencies do not do.

    @initialize()
    def two_cases_are_open(self) -> None:
        for agency in STATES[:2]:
            self.post(header("encounter.reported", agency, ()))

    @rule(agency=agencies, to=st.sets(agencies, max_size=2), opens=rarely, pick=picks)
    def meet(self, agency: str, to: set[str], opens: bool, pick: int) -> None:
        case = None if opens else self.case(pick).id
        self.post(header("encounter.reported", agency, tuple(sorted(to - {agency})), case=case))

    @rule(
        pick=picks, wild=rarely, to=st.sampled_from(STATES),
        kind=st.sampled_from(["responsibility", "responsibility", "service"]), drift=drift, new=st.booleans(),
        urgency=st.sampled_from(["standard", "urgent", "emergency"]),
    )  # fmt: skip
    def request(self, pick: int, to: str, wild: bool, drift: int, new: bool, **said: str) -> None:
        case = self.case(pick)
        others = [agency for agency in STATES if agency != case.responsible]
        sender = others[pick % len(others)] if wild else case.responsible
        if sender != to:
            seen = max(1, case.version + drift)
            new_element = True if new else None
            self.post(
                header("referral.requested", sender, (to,), case=case.id, seen=seen, new_element=new_element, **said)
            )

    @precondition(lambda self: self.referrals())
    @rule(kind=st.sampled_from(ANSWERS), pick=picks, drift=drift, elsewhere=rarely, stranger=st.none() | agencies)
    def answer(self, kind: str, pick: int, drift: int, elsewhere: bool, stranger: str | None) -> None:
        case, referral = self.referrals()[pick % len(self.referrals())]
        changes: dict[str, Any] = {}
        if kind != "referral.received":
            changes["seen"] = max(1, referral.version + drift)
        if elsewhere and stranger and stranger not in {referral.sender, referral.receiver}:
            changes["sender"] = stranger
        about = self.case(pick).id if elsewhere else case.id
        self.post(within(kind, about, referral, **changes))

    @precondition(lambda self: self.referrals())
    @rule(pick=picks, wild=rarely, drift=drift)
    def accept_whom_the_receiver_has_met(self, pick: int, wild: bool, drift: int) -> None:
        case, referral = self.referrals()[pick % len(self.referrals())]
        if not wild:
            self.post(header("encounter.reported", referral.receiver, (), case=case.id))
        met = [said for said in self.posted if isinstance(said, message.EncounterReported)]
        elsewhere = [said for said in met if said.sender == referral.receiver and said.about != case.id]
        named = (elsewhere or met)[pick % len(elsewhere or met)] if wild else met[-1]
        seen = max(1, referral.version + drift)
        self.post(within("referral.accepted", case.id, referral, seen=seen, encounter=named.id))

    @precondition(lambda self: self.referrals())
    @rule(pick=picks, then=st.sampled_from(["lapse", "withdraw", "ask another", "look again"]))
    def decline(self, pick: int, then: str) -> None:
        case, referral = self.referrals()[pick % len(self.referrals())]
        self.post(within("referral.declined", case.id, referral))
        if then == "lapse":
            self.wait(22 * DAY)
        elif then == "withdraw":
            self.post(within("referral.withdrawn", case.id, self.ledger.referral(referral.id)))
        elif then == "look again":
            self.post(within("reexamination.requested", case.id, self.ledger.referral(referral.id)))
        else:
            self.ask(case.id, pick)

    def ask(self, case: str, pick: int) -> None:
        now = self.ledger.cases[case]
        to = [agency for agency in STATES if agency != now.responsible][pick % 3]
        said: dict[str, Any] = {"seen": now.version, "kind": "responsibility", "urgency": "urgent", "new_element": True}
        self.post(header("referral.requested", now.responsible, (to,), case=case, **said))

    @precondition(lambda self: self.declined())
    @rule(pick=picks, new=st.booleans())
    def ask_again(self, pick: int, new: bool) -> None:
        case, to, kind = self.declined()[pick % len(self.declined())]
        if to != case.responsible:
            said: dict[str, Any] = {"seen": case.version, "kind": kind, "urgency": "urgent"}
            said["new_element"] = True if new else None
            self.post(header("referral.requested", case.responsible, (to,), case=case.id, **said))

    @precondition(lambda self: self.addressed())
    @rule(pick=picks, elsewhere=rarely, wild=rarely, agency=agencies)
    def bounce(self, pick: int, elsewhere: bool, wild: bool, agency: str) -> None:
        broken = self.addressed()[pick % len(self.addressed())]
        sender = agency if wild else broken.addressees[0]
        if sender != broken.sender:
            about = self.case(pick).id if elsewhere else broken.about
            self.post(bounced(about, sender, broken.sender, broken.id))

    @precondition(lambda self: len(self.posted) % 8 == 0)
    @rule(pick=picks, agency=st.sampled_from(STATES))
    def use_an_id_again(self, pick: int, agency: str) -> None:
        earlier = self.posted[pick % len(self.posted)]
        self.post(header("encounter.reported", agency, (), id=earlier.id))

    @rule(milliseconds=st.sampled_from([1, HOUR, DAY, 3 * DAY, 8 * DAY, 22 * DAY, 40 * DAY]))
    def wait(self, milliseconds: int) -> None:
        before = dict(self.ledger.cases)
        for clock in self.ledger.wait(milliseconds):
            assert clock.due <= self.ledger.now
            self.lapsed(clock)
        for case, after in self.ledger.cases.items():
            assert after.version >= before[case].version

    def lapsed(self, clock: Clock) -> None:
        referral = self.ledger.cases[clock.case].referrals[clock.referral]
        if referral.state is State.DECLINED_FINAL:
            self.expected[clock.case].declined.add((referral.receiver, referral.kind))

    # What there is to choose from

    def case(self, pick: int) -> Case:
        cases = list(self.ledger.cases.values())
        return cases[pick % len(cases)]

    def referrals(self) -> list[tuple[Case, Referral]]:
        """Those that have not ended first: Hypothesis draws small numbers more often."""
        found = [(case, referral) for case in self.ledger.cases.values() for referral in case.referrals.values()]
        return sorted(found, key=lambda one: one[1].state in ENDED)

    def declined(self) -> list[tuple[Case, str, str]]:
        known = ((self.ledger.cases[case], sorted(said.declined)) for case, said in self.expected.items())
        return [(case, to, kind) for case, declined in known for to, kind in declined]

    def addressed(self) -> list[Header]:
        """The last messages to somebody, which somebody may bounce."""
        return [said for said in self.posted[-4:] if said.addressees]

    # What the design says of it

    def post(self, said: Header) -> None:
        try:
            admission.check_standing(said, self.ledger.directory)
        except Refused:
            return  # the gateway keeps nothing of it
        before, leaves = self.ledger.cases.get(said.about), len(self.ledger.leaves)
        verdict = self.ledger.post(said)
        after = self.ledger.cases.get(said.about)
        assert len(self.ledger.leaves) == leaves + 1  # whatever the verdict, it is in the record
        if verdict.code:
            assert after == before
        self.judge(said, before, verdict)
        if verdict.code is None:
            self.follow(said, before)
            self.versions(said, before, after, irregular=verdict.irregular)
        self.posted.append(said)

    def judge(self, said: Header, before: Case | None, verdict: Verdict) -> None:
        """Invariants 7, 8 and 9: what must be refused was, and what must not be was not."""
        if said.id in {earlier.id for earlier in self.posted}:
            assert verdict.code == "ID_REUSED"
        elif before is None:
            opens = isinstance(said, message.EncounterReported) and said.case is None
            assert verdict.code == (None if opens else "CASE_UNKNOWN")
        elif isinstance(said, message.EncounterReported):
            assert verdict == Verdict()
        elif said.sender not in self.expected[before.id].parties:
            assert verdict.code == "NOT_PARTY"
        else:
            self.judge_a_party(said, before, verdict)

    def judge_a_party(self, said: Header, case: Case, verdict: Verdict) -> None:
        named = getattr(said, "referral", None)
        if named and named not in case.referrals:
            assert verdict.code == "OTHER_CASE"
        elif isinstance(said, message.ReferralReceived | message.MessageBounced):
            assert verdict.code not in FOR_STATE
        else:
            version = case.referrals[named].version if named else case.version
            assert getattr(said, "seen") == version or verdict.code  # noqa: B009 (every other type has it)
        if isinstance(said, message.ReferralRequested) and verdict.code is None:
            known = self.expected[case.id]
            assert said.sender == known.responsible
            assert said.new_element or (said.to[0], said.kind) not in known.declined
        if isinstance(said, message.ReferralAccepted) and said.encounter and verdict.code is None:
            self.there(said)

    def there(self, said: message.ReferralAccepted) -> None:
        met = next(earlier for earlier in self.posted if earlier.id == said.encounter)
        assert isinstance(met, message.EncounterReported)
        assert (met.about, met.sender) == (said.case, said.sender)

    def follow(self, said: Header, before: Case | None) -> None:
        """Keeps the second state: who is responsible, who is a party, what was declined for good."""
        if before is None:
            own = ROLES[said.sender][1] != ["observer"]
            self.expected[said.id] = Expected(said.sender if own else said.addressees[0], set())
        known = self.expected[said.about]
        known.parties |= {said.sender, *said.addressees}
        referral = before.referrals.get(getattr(said, "referral", "")) if before else None
        if referral is None:
            return
        if isinstance(said, message.ReferralAccepted) and said.encounter and referral.kind == "responsibility":
            known.responsible = said.sender
        given_up = isinstance(said, message.ReferralWithdrawn) and referral.state in DECLINED
        twice = isinstance(said, message.ReferralDeclined) and referral.state is State.REEXAMINATION
        if given_up or twice:
            known.declined.add((referral.receiver, referral.kind))

    def versions(self, said: Header, before: Case | None, after: Case | None, *, irregular: bool) -> None:
        if before is None or after is None:
            return
        decided = hasattr(said, "seen")
        assert after.version == before.version + decided
        if irregular:
            assert replace(after, parties=before.parties) == before

    # What holds at every step

    @invariant()
    def exactly_one_agency_is_responsible_and_it_is_the_one_that_the_design_says(self) -> None:
        for case in self.ledger.cases.values():
            assert case.responsible == self.expected[case.id].responsible
            assert case.responsible in STATES
            assert case.parties == self.expected[case.id].parties
            assert case.responsible in case.parties

    @invariant()
    def responsibility_is_asked_of_one_agency_at_most(self) -> None:
        for case in self.ledger.cases.values():
            asked = [r for r in case.referrals.values() if r.kind == "responsibility" and r.state not in ENDED]
            assert len(asked) <= 1
            assert all(r.sender == case.responsible for r in asked)

    @invariant()
    def no_clock_is_overdue_or_runs_for_what_has_ended(self) -> None:
        for case in self.ledger.cases.values():
            for referral in case.referrals.values():
                assert (referral.due is None) == (referral.clock is None)
                assert referral.due is None or referral.due > self.ledger.now
                assert not (referral.state in ENDED and referral.clock)

    def teardown(self) -> None:
        """Invariant 11: the leaves alone, folded again over rows of a database, give the same at every index."""
        again = Ledger()
        for leaf in self.ledger.leaves:
            again.now = leaf.stored_at
            if isinstance(leaf.subject, Clock):
                assert leaf.subject == again.next_clock()
                again.lapse(leaf.subject)
            else:
                again.post(leaf.subject)
            assert again.leaves[-1] == leaf
            if leaf.case:
                again.cases[leaf.case.id] = Case.from_bytes(leaf.case.to_bytes())
        assert again.cases == self.ledger.cases
        assert again.past == self.ledger.past


TestHistories = pytest.mark.slow(Histories.TestCase)
