"""The invariants of `domain.md` §4 over random histories: several agencies, several cases, any of them at any time.

Next to the program's own state stands a second one, `ByDesign`, kept by the words of the design alone.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hifadhi.errors import Refused
from hifadhi.referral import admission, headers
from hifadhi.referral.case import Case, Clock, Referral
from hifadhi.referral.decide import OPEN_TO_ALL
from hifadhi.referral.decide_referral import DISPUTABLE
from hifadhi.referral.header import Header
from hifadhi.referral.table import ENDED, KIND, LIVE, Kind, State
from hifadhi.referral.verdict import Verdict
from unit.referral.by_design import ByDesign
from unit.referral.exchange import DAY, DIGEST, HOUR, ROLES, STATES, UNHCR, Ledger, bounced, header, uuid, within

FOR_STATE = {"NOT_ALLOWED_NOW", "STALE_STATE", "LIVE_REFERRAL", "NEW_ELEMENT_MISSING"}
ANSWERS = [
    "referral.received",
    "referral.accepted",
    "referral.declined",
    "referral.withdrawn",
    "reexamination.requested",
]

# What comes next on the way of an accepted request; the first is what mostly does.
NEXT = {
    State.SENT: ["referral.accepted"],
    State.RECEIVED: ["referral.accepted"],
    State.ESCALATED: ["referral.accepted"],
    State.ACCEPTED: ["transfer.proposed", "outcome.reported"],
    State.PROPOSED: ["transfer.agreed", "transfer.agreed", "transfer.proposed"],
    State.PLANNED: ["departure.confirmed", "departure.confirmed", "transfer.suspended"],
    State.SUSPENDED: ["transfer.resumed", "referral.withdrawn"],
    State.DEPARTED: ["arrival.confirmed", "non_arrival.reported"],
    State.NOT_ARRIVED: ["transfer.proposed", "arrival.confirmed"],
}
OUT_OF_ORDER = ["departure.confirmed", "arrival.confirmed", "non_arrival.reported"]

picks = st.integers(0, 1_000)
agencies = st.sampled_from(sorted(ROLES))
# Mostly what an honest agency does, or histories get nowhere.
rarely = st.integers(0, 7).map(lambda number: number == 7)
drift = st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1])


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.expected: dict[str, ByDesign] = {}
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
    @rule(kind=st.sampled_from(["information.requested", *ANSWERS]), pick=picks)
    def copy_an_observer_in(self, kind: str, pick: int) -> None:
        case, referral = self.referrals()[pick % len(self.referrals())]
        both = {"sender": referral.sender, "to": referral.receiver} if kind == "information.requested" else {}
        said = within(kind, case.id, referral, **both)
        seen = {"seen": referral.version} if KIND[kind] is Kind.DECISION else {}
        to = tuple(sorted((*said.addressees, UNHCR)))
        self.post(header(kind, said.sender, to, case=case.id, referral=referral.id, **seen))

    @precondition(lambda self: self.referrals())
    @rule(pick=picks, wild=rarely, drift=drift)
    def accept_whom_the_receiver_has_met(self, pick: int, wild: bool, drift: int) -> None:
        case, referral = self.referrals()[pick % len(self.referrals())]
        if not wild:
            self.post(header("encounter.reported", referral.receiver, (), case=case.id))
        met = [said for said in self.posted if isinstance(said, headers.EncounterReported)]
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

    @precondition(lambda self: self.referrals())
    @rule(pick=picks, choices=st.lists(picks, min_size=1, max_size=7), drift=drift)
    def go_on(self, pick: int, choices: list[int], drift: int) -> None:
        """What honest agencies do next, from the acceptance to the arrival."""
        case, referral = self.referrals()[pick % len(self.referrals())]
        for choice in choices:
            now = self.ledger.referral(referral.id)
            if now.state in NEXT and now.kind == "responsibility":
                self.next_step(case.id, now, NEXT[now.state][choice % len(NEXT[now.state])], drift)
                drift = 0

    def next_step(self, case: str, referral: Referral, kind: str, drift: int) -> None:
        seen = {"seen": max(1, referral.version + drift)} if KIND[kind] is Kind.DECISION else {}
        anew = {"transfer": uuid(10_000 + len(self.posted))} if kind == "transfer.proposed" else {}
        self.post(within(kind, case, referral, **seen, **anew))

    @precondition(lambda self: self.planned())
    @rule(pick=picks, kind=st.sampled_from(OUT_OF_ORDER), which=st.sampled_from([0, -1, -1]), elsewhere=rarely)
    def out_of_order(self, pick: int, kind: str, which: int, elsewhere: bool) -> None:
        case, referral = self.planned()[pick % len(self.planned())]
        transfer = uuid(9_999) if elsewhere else referral.transfers[which]
        self.post(within(kind, case.id, referral, transfer=transfer))

    @precondition(lambda self: len(self.posted) % 5 == 0)
    @rule(pick=picks, agency=st.sampled_from(STATES), told=st.booleans())
    def assume(self, pick: int, agency: str, told: bool) -> None:
        case = self.case(pick)
        to = {case.responsible} - {agency} if told else set[str]()
        self.post(header("responsibility.assumed", agency, tuple(to), case=case.id))

    @precondition(lambda self: len(self.posted) % 5 == 0)
    @rule(pick=picks, kind=st.sampled_from(["case.closed", "case.reopened"]), drift=drift, wild=rarely)
    def close_or_reopen(self, pick: int, kind: str, drift: int, wild: bool) -> None:
        case = self.case(pick)
        sender = STATES[pick % len(STATES)] if wild else case.responsible
        self.post(header(kind, sender, (), case=case.id, seen=max(1, case.version + drift)))

    @precondition(lambda self: len(self.posted) % 4 == 0)
    @rule(pick=picks, agency=agencies, kind=st.sampled_from(["removal.recorded", "outcome.reported"]))
    def tell(self, pick: int, agency: str, kind: str) -> None:
        self.post(header(kind, agency, (), case=self.case(pick).id))

    @precondition(lambda self: len(self.posted) % 6 == 0)
    @rule(pick=picks, who=picks)
    def change_consent(self, pick: int, who: int) -> None:
        case = self.case(pick)
        holder, *others = _rotated(sorted(case.parties), who)
        if others:
            self.post(header("consent.changed", holder, tuple(sorted(others)), case=case.id))

    @precondition(lambda self: self.of_type("consent.changed"))
    @rule(pick=picks, everybody=st.booleans(), agency=agencies)
    def restrict(self, pick: int, everybody: bool, agency: str) -> None:
        changes = self.of_type("consent.changed")
        change = changes[-1 - pick % len(changes)]
        parties = self.ledger.cases[change.about].parties if change.about in self.ledger.cases else ()
        for one in sorted(parties) if everybody else [agency]:
            if one != change.sender:
                said = {"case": change.about, "in_reply_to": change.id}
                self.post(header("data.restricted", one, (change.sender,), **said))

    @precondition(lambda self: self.referrals())
    @rule(pick=picks, by_receiver=st.booleans(), drift=drift)
    def dispute(self, pick: int, by_receiver: bool, drift: int) -> None:
        found = sorted(self.referrals(), key=lambda one: one[1].state not in DISPUTABLE)
        case, referral = found[pick % 2 if len(found) > 1 else 0]
        sender, to = (referral.sender, referral.receiver)[:: -1 if by_receiver else 1]
        said = {"case": case.id, "referral": referral.id, "seen": max(1, referral.version + drift)}
        self.post(header("dispute.opened", sender, tuple(sorted((UNHCR, to))), **said))

    @precondition(lambda self: any(known.dispute for known in self.expected.values()) or len(self.posted) % 9 == 8)
    @rule(pick=picks, wild=rarely, drift=drift, advised=st.booleans())
    def settle(self, pick: int, wild: bool, drift: int, advised: bool) -> None:
        disputes = {known.dispute for known in self.expected.values()}
        asked = sorted(self.of_type("dispute.opened"), key=lambda said: said.id in disputes)
        if not asked:
            return
        opened = asked[-1]
        sides = sorted({opened.sender, *opened.addressees} - {UNHCR})
        about = {"case": opened.about, "in_reply_to": opened.id}
        if advised:
            self.post(header("observer.advised", UNHCR, tuple(sides), **about))
        responsible = STATES[pick % len(STATES)] if wild else sides[pick % 2]
        seen = max(1, self.ledger.cases[opened.about].version + drift)
        self.post(header("dispute.resolved", sides[0], (sides[1],), **about, seen=seen, responsible=responsible))

    @precondition(lambda self: len(self.posted) % 5 == 0)
    @rule(pick=picks, other=picks, wild=rarely, answer=st.sampled_from(["yes", "yes", "no"]))
    def link(self, pick: int, other: int, wild: bool, answer: str) -> None:
        earlier, later = sorted((self.case(pick), self.case(other)), key=lambda case: case.id)
        asks, told = (STATES[pick % 4], STATES[other % 4]) if wild else (later.responsible, earlier.responsible)
        if earlier.id == later.id or asks == told:
            return
        about = {"case": later.id, "other_case": earlier.id}
        asked = header("link.proposed", asks, (told,), **about)
        self.post(asked)
        self.post(header("link.answered", told, (asks,), **about, in_reply_to=asked.id, answer=answer))
        case = self.ledger.cases[later.id]
        self.post(header("case.closed", case.responsible, (), case=case.id, seen=case.version, linked_to=earlier.id))

    @precondition(lambda self: len(self.posted) % 5 == 4)
    @rule(pick=picks, kind=st.sampled_from(["data.corrected", "erasure.ordered"]), wild=rarely)
    def correct_or_erase(self, pick: int, kind: str, wild: bool) -> None:
        sealed = self.posted[pick % len(self.posted)]
        sender = STATES[pick % len(STATES)] if wild else sealed.sender
        others = tuple(agency for agency in STATES if agency != sender)
        digests = {"digests": [DIGEST]} if kind == "erasure.ordered" else {}
        self.post(header(kind, sender, others, case=sealed.about, in_reply_to=sealed.id, **digests))

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
        referral = self.ledger.cases[clock.case].referrals.get(clock.subject)
        if referral and referral.state is State.DECLINED_FINAL:
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

    def planned(self) -> list[tuple[Case, Referral]]:
        return [one for one in self.referrals() if one[1].transfers]

    def of_type(self, kind: str) -> list[Header]:
        return [said for said in self.posted if said.type == kind]

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
        if before and verdict.code is None:
            self.overhear(said, before)
        if verdict.code is None:
            self.follow(said, before, irregular=verdict.irregular)
            self.versions(said, before, after, irregular=verdict.irregular)
        self.posted.append(said)

    def overhear(self, said: Header, before: Case) -> None:
        """No observer is told of a referral, but of what was escalated or contested when it was first copied in."""
        referral = before.referrals.get(getattr(said, "referral", None) or "")
        if referral is None or UNHCR not in said.addressees or said.type == "outcome.reported":
            return
        escalated = referral.state is State.ESCALATED or before.dispute is not None or said.type == "dispute.opened"
        copied = self.expected[before.id].copied
        assert escalated or referral.id in copied
        copied.add(referral.id)

    def judge(self, said: Header, before: Case | None, verdict: Verdict) -> None:
        """Invariants 7, 8 and 9: what must be refused was, and what must not be was not."""
        if KIND[said.type] is not Kind.DECISION:
            assert verdict.code not in FOR_STATE
        if said.id in {earlier.id for earlier in self.posted}:
            assert verdict.code == "ID_REUSED"
        elif before is None:
            opens = isinstance(said, headers.EncounterReported) and said.case is None
            assert verdict.code == (None if opens else "CASE_UNKNOWN")
        elif said.sender not in self.expected[before.id].parties:
            assert verdict.code == "NOT_PARTY" or said.type in OPEN_TO_ALL
        else:
            self.judge_a_party(said, before, verdict)

    def judge_a_party(self, said: Header, case: Case, verdict: Verdict) -> None:
        named, known = getattr(said, "referral", None), self.expected[case.id]
        if named and named not in case.referrals:
            assert verdict.code == "OTHER_CASE"
            return
        version = case.referrals[named].version if named else case.version
        assert getattr(said, "seen", version) == version or verdict.code
        if verdict.code:
            return
        assert verdict.irregular or known.may_be_regular(said)
        if isinstance(said, headers.ReferralRequested):
            assert said.sender == known.responsible
            assert said.new_element or (said.to[0], said.kind) not in known.declined
        if isinstance(said, headers.ReferralAccepted) and said.encounter:
            self.there(said)
        if isinstance(said, headers.CaseClosed):  # invariant 6
            assert said.sender == known.responsible
            assert not known.dispute
            assert State.DEPARTED not in {referral.state for referral in case.referrals.values()}

    def there(self, said: headers.ReferralAccepted) -> None:
        met = next(earlier for earlier in self.posted if earlier.id == said.encounter)
        assert isinstance(met, headers.EncounterReported)
        assert (met.about, met.sender) == (said.case, said.sender)

    def follow(self, said: Header, before: Case | None, *, irregular: bool) -> None:
        """Keeps the second state."""
        known = self.expected.setdefault(said.about, ByDesign.opened(said))
        referral = before.referrals.get(getattr(said, "referral", None) or "") if before else None
        happens = known.follow_irregular if irregular else known.follow
        happens(said, referral)

    def versions(self, said: Header, before: Case | None, after: Case | None, *, irregular: bool) -> None:
        if before is None or after is None:
            return
        moved = (before.owed_by, before.responsible) != (after.owed_by, after.responsible)
        assert after.version == before.version + (moved or hasattr(said, "seen"))
        if irregular:
            waits = {name: replace(one, came=None) for name, one in after.referrals.items()}
            was = {name: replace(one, came=None) for name, one in before.referrals.items()}
            assert replace(after, parties=before.parties, referrals=waits) == replace(before, referrals=was)

    # What holds at every step

    @invariant()
    def exactly_one_agency_is_responsible_and_it_is_the_one_that_the_design_says(self) -> None:
        for case in self.ledger.cases.values():
            assert case.responsible == self.expected[case.id].responsible
            assert case.owed_by == (case.responsible if self.expected[case.id].is_open else None)
            assert case.responsible in STATES
            assert case.parties == self.expected[case.id].parties
            assert case.responsible in case.parties

    @invariant()
    def responsibility_is_asked_of_one_agency_at_most(self) -> None:
        for case in self.ledger.cases.values():
            asked = [r for r in case.referrals.values() if r.kind == "responsibility" and r.state in LIVE]
            assert len(asked) <= 1
            assert all(r.sender == case.responsible for r in asked)
            assert not (case.is_closed and any(not r.has_ended for r in case.referrals.values()))

    @invariant()
    def it_is_known_who_has_not_confirmed_and_what_is_contested(self) -> None:
        for case in self.ledger.cases.values():
            known = self.expected[case.id]
            pending = {holder: (one.message, set(one.pending)) for holder, one in case.restrictions.items()}
            assert pending == known.unconfirmed
            assert (case.dispute.id if case.dispute else None) == known.dispute

    @invariant()
    def every_open_case_has_a_clock_or_has_been_found_silent(self) -> None:
        for case in self.ledger.cases.values():
            assert case.silent_due is None or (case.silent_due > self.ledger.now and not case.is_closed)

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


def _rotated(names: list[str], by: int) -> list[str]:
    at = by % len(names)
    return names[at:] + names[:at]


TestHistories = pytest.mark.slow(Histories.TestCase)
