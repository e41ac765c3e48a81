"""The fold over random histories: what it seals verifies, however the registry cuts it into batches."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hifadhi.evidence.fold import NO_NAMES, DeadLetter, Fold, NewLeaf, Repeat, names_in
from hifadhi.evidence.jws import MESSAGE, read_envelope, sign
from hifadhi.evidence.leaf import LAPSED, parse
from hifadhi.evidence.verify import Verifier
from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.directory import Directory
from sealed_ledgers import DAY, HOUR, Exchange, everything, key, the_root, uuid7

STATES = ("MZ-INAR", "TZ-RSD", "ZA-DHA")
KINDS = (
    "encounter.reported",
    "referral.requested",
    "referral.received",
    "referral.accepted",
    "referral.declined",
    "reexamination.requested",
    "referral.withdrawn",
    "message.bounced",
    "tick",
    "repeat",
    "dead letter",
)
GAPS = (0, 1, HOUR, DAY, 8 * DAY, 35 * DAY)
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(STATES),
        st.sampled_from(STATES),
        st.integers(0, 5),
        st.sampled_from(GAPS),
        st.booleans(),
    ),
    max_size=25,
)


def test_everything_that_has_a_leaf_has_happened() -> None:
    sealed = everything()
    rulings = [parse(leaf).ruling for leaf in sealed.exchange.leaves]
    assert {r.ruling for r in rulings} == {"recorded", "refused", "lapsed"}
    assert {r.clock for r in rulings if r.ruling == LAPSED} == {"receipt", "reply", "reexamination"}
    codes = {r.code for r in rulings if r.code}
    assert codes == {"NEW_ELEMENT_MISSING", "STALE_STATE", "ID_REUSED", "NOT_PARTY", "SCHEMA", "KEY_NOT_VALID"}


def test_the_same_message_again_makes_no_leaf() -> None:
    exchange = Exchange()
    exchange.admit_all()
    once = exchange.envelope("MZ-INAR", "encounter.reported", to=[])
    first = exchange.submit(once)
    assert isinstance(first, NewLeaf)
    assert exchange.submit(once) == Repeat(first.index)


def test_every_clock_of_a_case_lapses_in_the_order_of_their_ends() -> None:
    exchange = Exchange()
    exchange.admit_all()
    case = exchange.opened()
    slow = exchange.asked(case, "MZ-INAR", "ZA-DHA")
    quick = exchange.asked(case, "MZ-INAR", "TZ-RSD", kind="service", urgency="emergency")
    exchange.tick(40 * DAY)
    lapses = [(r.clock, r.referral) for r in (parse(leaf).ruling for leaf in exchange.leaves) if r.clock]
    assert lapses == [("receipt", slow), ("receipt", quick), ("reply", quick), ("reply", slow)]


def test_a_refused_encounter_moves_no_responsibility() -> None:
    exchange = Exchange()
    exchange.admit_all()
    case = exchange.opened()
    referral = exchange.asked(case, "MZ-INAR", "ZA-DHA")
    refused = exchange.say("ZA-DHA", "encounter.reported", case=case, to=[], sent_at="2026-12-24T00:00:00.000Z")
    assert refused.leaf.ruling.code == "SENT_IN_FUTURE"
    named = exchange.answer("referral.accepted", case, referral, "ZA-DHA", "MZ-INAR", encounter=refused.message)
    assert (named.leaf.ruling.code, named.leaf.ruling.responsible) == ("OTHER_CASE", "MZ-INAR")


def test_an_id_stands_for_one_payload_even_if_that_was_refused() -> None:
    exchange = Exchange()
    exchange.admit_all()
    refused = exchange.say("ZA-DHA", "encounter.reported", to=["MZ-INAR"], case=uuid7(999))
    assert refused.leaf.ruling.code == "CASE_UNKNOWN"
    assert exchange.say("ZA-DHA", "encounter.reported", id=refused.message, to=[]).leaf.ruling.code == "ID_REUSED"


def test_a_message_that_another_signed_first_is_not_taken_for_a_repeat_when_its_sender_signs_it() -> None:
    exchange = Exchange()
    exchange.admit_all()
    own = exchange.envelope("MZ-INAR", "encounter.reported", to=[])
    payload = read_envelope(own, typ=MESSAGE).payload
    stolen = exchange.submit(sign(payload, typ=MESSAGE, keys=[key("ZA-DHA/sign")]).to_bytes())
    assert isinstance(stolen, NewLeaf) and (stolen.leaf.ruling.code, stolen.message) == ("SENDER_MISMATCH", None)
    genuine = exchange.submit(own)
    assert isinstance(genuine, NewLeaf) and genuine.leaf.ruling.ruling == "recorded"
    assert isinstance(exchange.submit(own), Repeat)


@pytest.mark.parametrize(
    ("payload", "keys"),
    [
        (b"not json", ["MZ-INAR/sign"]),
        (b"[]", ["MZ-INAR/sign"]),
        (b'{"id":[]}', ["MZ-INAR/sign"]),
        (b'{"id":{"a":1},"case":[],"in_reply_to":[[]]}', ["MZ-INAR/sign"]),
        (b"{}", ["MZ-INAR/sign"]),
        (b'{"id":"01930000-0000-7000-8000-00000000000f"}', ["stranger"]),
    ],
)
def test_what_proves_nothing_is_a_dead_letter_and_never_an_exception(payload: bytes, keys: list[str]) -> None:
    exchange = Exchange()
    exchange.admit_all()
    raw = sign(payload, typ=MESSAGE, keys=[key(name) for name in keys]).to_bytes()
    names_in(raw)
    assert isinstance(exchange.submit(raw), DeadLetter)


@given(raw=st.binary(max_size=60))
def test_any_bytes_at_all_are_a_dead_letter(raw: bytes) -> None:
    assert names_in(raw) == NO_NAMES
    assert isinstance(Fold(Directory.of(the_root())).rule(0, 0, raw), DeadLetter)


def test_a_signed_message_that_breaks_every_rule_of_its_form_gets_a_leaf() -> None:
    exchange = Exchange()
    exchange.admit_all()
    payload = b'{"id":"01930000-0000-7000-8000-00000000000f","case":7,"type":{"a":[]},"format":true,"sequence":"x"}'
    outcome = exchange.submit(sign(payload, typ=MESSAGE, keys=[key("MZ-INAR/sign")]).to_bytes())
    assert isinstance(outcome, NewLeaf)
    assert (outcome.leaf.ruling.ruling, outcome.leaf.ruling.code) == ("refused", "FORMAT_UNKNOWN")
    verify_all(exchange.leaves)


@settings(max_examples=40, deadline=None)
@given(history=steps)
def test_what_the_fold_seals_verifies_and_no_case_is_ever_without_one_responsible_state(history: list[Any]) -> None:
    exchange = happened(history)
    verify_all(exchange.leaves)
    for leaf in map(parse, exchange.leaves):
        assert leaf.ruling.case_version is None or leaf.ruling.responsible in STATES


@settings(max_examples=40, deadline=None)
@given(history=steps, size=st.integers(1, 9))
def test_batches_with_only_what_they_need_at_hand_seal_the_same_bytes(history: list[Any], size: int) -> None:
    exchange = happened(history)
    assert InBatches().seal(exchange.submissions, size) == exchange.leaves


def verify_all(leaves: Iterable[bytes]) -> None:
    verifier = Verifier(the_root())
    for leaf in leaves:
        verifier.add(leaf)


def happened(history: list[Any]) -> Exchange:
    """Mostly sensible messages: agencies that may know what they do, on the cases and referrals that there are."""
    exchange = Exchange()
    exchange.admit_all()
    for state in STATES[:2]:
        exchange.opened(state)
    for kind, sender, other, pick, gap, right in history:
        exchange.now += gap
        if kind == "tick":
            exchange.submit(b"")
        elif kind == "repeat":
            exchange.submit(exchange.submissions[-1 - pick][2])
        elif kind == "dead letter":
            exchange.submit(b"dead")
        else:
            exchange.submit(_message(exchange, kind, sender, other, pick, right=right))
    return exchange


def _message(exchange: Exchange, kind: str, sender: str, other: str, pick: int, *, right: bool) -> bytes:
    cases = sorted(exchange.fold.cases.values(), key=lambda case: (-len(case.referrals), case.id))
    case = cases[pick // 2 % len(cases)]
    if kind == "encounter.reported":
        named = case.id if pick else None
        return exchange.envelope(sender, kind, case=named, to=[other] if named and other != sender else [])
    if kind == "referral.requested":
        sender = case.responsible if right else sender
        to = other if other != sender else STATES[STATES.index(sender) - 1]
        asked: dict[str, Any] = {
            "kind": "responsibility" if pick % 2 else "service",
            "urgency": "urgent",
            "seen": case.version,
        }
        return exchange.envelope(sender, kind, case=case.id, to=[to], **asked)
    return _answer(exchange, kind, (sender, other), case, right=right)


def _answer(exchange: Exchange, kind: str, agencies: tuple[str, str], case: Case, *, right: bool) -> bytes:
    if not case.referrals:
        return exchange.envelope(agencies[0], "encounter.reported", case=case.id, to=[])
    last = list(case.referrals.values())[-1]
    sender, to = (last.receiver, last.sender) if right else agencies
    if right and kind in {"referral.withdrawn", "reexamination.requested"}:
        sender, to = to, sender
    facts: dict[str, Any] = {"case": case.id, "to": [to] if to != sender else ["UNHCR-RO"]}
    if kind == "message.bounced":
        return exchange.envelope(sender, kind, in_reply_to=last.id, reason="SCHEMA", **facts)
    if kind != "referral.received":
        facts["seen"] = last.version if right else 1
    if kind == "referral.accepted":
        facts["encounter"] = _own_encounter(exchange, case, sender)
    return exchange.envelope(sender, kind, referral=last.id, **facts)


def _own_encounter(exchange: Exchange, case: Case, sender: str) -> str | None:
    own = (name for name, sealed in exchange.fold.past.items() if (sealed.case, sealed.sender) == (case.id, sender))
    return next(own, None)


class InBatches:
    """A registry's rows: each batch is ruled with what `names_in` and the due clocks ask for, and nothing else."""

    def __init__(self) -> None:
        self.fold = Fold(Directory.of(the_root()))
        self.cases: dict[str, Case] = {}
        self.past: dict[str, Sealed] = {}
        self.leaves: list[bytes] = []

    def seal(self, submissions: list[tuple[int, int, bytes]], size: int) -> list[bytes]:
        for first in range(0, len(submissions), size):
            batch = submissions[first : first + size]
            self._load(batch)
            for position, time_ms, raw in batch:
                self._rule(position, time_ms, raw)
            self.cases |= self.fold.cases
            self.past |= self.fold.past
        return self.leaves

    def _load(self, batch: list[tuple[int, int, bytes]]) -> None:
        asked = [names_in(raw) for _, _, raw in batch]
        until = max(self.fold.stored_at, *(time_ms for _, time_ms, _ in batch))
        due = {name for name, case in self.cases.items() if any(clock.due <= until for clock in case.clocks)}
        cases = due.union(*(names.cases for names in asked))
        messages = frozenset[str]().union(*(names.messages for names in asked))
        self.fold.load(
            {name: self.cases[name] for name in cases if name in self.cases},
            {name: self.past[name] for name in messages if name in self.past},
        )

    def _rule(self, position: int, time_ms: int, raw: bytes) -> None:
        while lapse := self.fold.lapse(position, time_ms):
            self.leaves.append(lapse.leaf.to_bytes())
        outcome = self.fold.rule(position, time_ms, raw) if raw else None
        if isinstance(outcome, NewLeaf):
            self.leaves.append(outcome.leaf.to_bytes())
