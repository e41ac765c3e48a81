"""Readers of the ledger come to the same cases as the fold that ruled it, and notice a leaf that does not fit."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hifadhi.errors import Tampered
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.projection import project, read
from hifadhi.referral import directory_changes
from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.directory import Directory
from ledger_maker import LedgerMaker

STATES = ("MZ-INAR", "ZA-DHA", "KE-DRS")
HOUR_MS = 3_600_000
REPLIES = (
    "referral.received",
    "referral.accepted",
    "referral.declined",
    "referral.withdrawn",
    "reexamination.requested",
    "message.bounced",
)

Step = Callable[[LedgerMaker], object]


def projected(raws: Iterable[bytes], root_of: LedgerMaker) -> tuple[dict[str, Case], Directory]:
    directory, cases, past = Directory.of(root_of.root), dict[str, Case](), dict[str, Sealed]()
    for index, raw in enumerate(raws):
        entry = read(index, raw)
        case = project(entry, cases.get(entry.case or ""), directory, past)
        if case:
            cases[case.id] = case
        if entry.message:
            past.setdefault(entry.message, entry.as_past())
        if entry.statement:
            directory = directory_changes.evolve(directory, entry.statement)
    return cases, directory


def _reply(kind: str, agency: str, number: int, seen: int) -> Step:
    def step(ledger: LedgerMaker) -> None:
        asked = [(case.id, r) for case in ledger.fold.cases.values() for r in case.referrals.values()]
        if not asked:
            return
        case, referral = asked[number % len(asked)]
        to = [referral.other(agency) or referral.sender]
        if agency in to:
            return
        facts: dict[str, Any] = {"case": case, "referral": referral.id}
        if kind == "message.bounced":
            facts = {"case": case, "in_reply_to": referral.id, "reason": "UNOPENABLE"}
        elif kind != "referral.received":
            facts["seen"] = seen
        ledger.send(kind, agency, to, **facts)

    return step


def _ask(agency: str, other: str, number: int, kind: str) -> Step:
    def step(ledger: LedgerMaker) -> None:
        cases = list(ledger.fold.cases)
        if cases and agency != other:
            ledger.request(cases[number % len(cases)], agency, other, kind=kind)

    return step


def _met(agency: str, number: int) -> Step:
    def step(ledger: LedgerMaker) -> None:
        cases = list(ledger.fold.cases)
        ledger.send("encounter.reported", agency, **({"case": cases[number % len(cases)]} if cases else {}))

    return step


agencies, few = st.sampled_from(STATES), st.integers(0, 3)
steps = st.one_of(
    st.builds(_reply, st.sampled_from(REPLIES), agencies, few, st.integers(1, 3)),
    st.builds(_ask, agencies, agencies, few, st.sampled_from(["service", "responsibility"])),
    st.builds(_met, agencies, few),
    agencies.map(lambda agency: lambda ledger: ledger.open_case(agency)),
    st.sampled_from([1, 25, 24 * 8, 24 * 40]).map(lambda hours: lambda ledger: ledger.tick(hours * HOUR_MS)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_the_cases_of_a_reader_are_those_of_the_fold(story: list[Step]) -> None:
    ledger = LedgerMaker.with_agencies(STATES)
    ledger.request(ledger.open_case())
    for step in story:
        step(ledger)

    cases, directory = projected((sealed.leaf.to_bytes() for sealed in ledger.leaves), ledger)
    assert cases == ledger.fold.cases
    assert directory == ledger.fold.directory


def _lapsed() -> LedgerMaker:
    ledger = LedgerMaker.with_agencies(STATES)
    ledger.request(ledger.open_case())
    ledger.tick(25 * HOUR_MS)
    return ledger


@pytest.mark.parametrize(
    "change",
    [
        {"case_version": 7},
        {"responsible": "ZA-DHA"},
        {"parties": ("MZ-INAR",)},
        {"clock": "reply"},
        {"due": "2026-11-24T10:00:00.000Z"},
        {"case": "01920000-0000-7000-8000-ffffffffffff"},
    ],
)
def test_a_lapse_that_the_case_does_not_bear_out_is_tampered(change: dict[str, Any]) -> None:
    ledger = _lapsed()
    *sound, last = [sealed.leaf for sealed in ledger.leaves]
    false = Leaf(replace(last.ruling, **change), b"")
    with pytest.raises(Tampered):
        projected([leaf.to_bytes() for leaf in (*sound, false)], ledger)


@pytest.mark.parametrize("change", [{"case_version": 7}, {"responsible": "ZA-DHA"}, {"irregular": True}])
def test_a_ruling_that_the_rules_do_not_give_is_tampered(change: dict[str, Any]) -> None:
    ledger = LedgerMaker.with_agencies(STATES)
    ledger.request(ledger.open_case())
    *sound, last = [sealed.leaf for sealed in ledger.leaves]
    false = Leaf(replace(last.ruling, **change), last.envelope)
    with pytest.raises(Tampered):
        projected([leaf.to_bytes() for leaf in (*sound, false)], ledger)


def test_a_message_of_a_case_that_was_never_opened_is_tampered() -> None:
    ledger = LedgerMaker.with_agencies(STATES)
    ledger.request(ledger.open_case())
    leaves = [sealed.leaf for sealed in ledger.leaves]
    with pytest.raises(Tampered, match="never opened"):
        projected([leaf.to_bytes() for leaf in (*leaves[:-2], leaves[-1])], ledger)


@given(st.integers(0, 600), st.binary(max_size=3))
def test_bytes_that_are_no_leaf_are_tampered_and_never_another_error(cut: int, put: bytes) -> None:
    raw = LEAF[:cut] + put + LEAF[cut + len(put) :][:-1]
    with pytest.raises(Tampered):
        read(0, raw)


LEAF = _lapsed().leaves[-2].leaf.to_bytes()
