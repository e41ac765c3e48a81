import asyncio
import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.agency.home import journal as journals
from hifadhi.agency.home.journal import Entries, Journal, Pending, Refusal
from hifadhi.errors import Fault, Tampered, Unavailable

REFUSAL = Refusal(7, (Fault("SCHEMA", "/parts/0/readers", "a reader is missing"),), "a.b.c")


def pend(entries: Entries, count: int) -> Entries:
    numbers = entries.next_numbers(count)
    pending = tuple(Pending(number, b"{}") for number in numbers)
    return Entries(entries.last, entries.free, (*entries.pending, *pending), entries.answered, entries.cursor)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), max_size=12))
def test_accepted_numbers_have_no_gap_but_for_what_is_free_and_none_is_used_twice(sendings: list[list[bool]]) -> None:
    entries, used = Entries(), list[int]()
    for accepted in sendings:
        entries = pend(entries, len(accepted))
        numbers = [pending.number for pending in entries.pending]
        taken = [number for number, yes in zip(numbers, accepted, strict=True) if yes]
        entries = entries.settled(taken, set(numbers) - set(taken))
        used += taken
        assert entries.pending == ()
        assert sorted(used) == sorted(set(used))
        assert set(used) | set(entries.free) == set(range(1, entries.last + 1))


def test_a_refused_number_is_used_again() -> None:
    entries = pend(Entries(), 3).settled({1, 3}, {2})
    assert entries.next_numbers(2) == (2, 4)


def test_what_the_hub_did_not_take_stays_pending_with_its_number() -> None:
    entries = pend(Entries(), 3).settled({1}, ())
    assert [pending.number for pending in entries.pending] == [2, 3]


@given(st.lists(st.sampled_from(["accepted", "refused", "prepared", "posted", "turned down"]), max_size=30))
def test_a_prepared_message_keeps_its_number_until_it_is_posted_and_nobody_else_gets_it(steps: list[str]) -> None:
    entries, used = Entries(), list[int]()
    for step in steps:
        if step in {"posted", "turned down"}:
            numbers = [one.number for one in entries.prepared[:1]]
            entries = replace(entries, pending=entries.prepared[:1])
        else:
            numbers = list(entries.next_numbers(1))
            entries = replace(entries, pending=(Pending(numbers[0], b"{}"),))
        if step == "prepared":
            entries = replace(entries, pending=()).holding(Pending(numbers[0], b"{}"))
        elif step in {"accepted", "posted"}:
            entries = entries.settled(numbers, ())
            used += numbers
        else:
            entries = entries.settled((), numbers)
        held = [one.number for one in entries.prepared]
        assert entries.pending == ()
        assert sorted([*used, *held]) == sorted({*used, *held})
        assert {*used, *held} | set(entries.free) == set(range(1, entries.last + 1))
        assert not set(entries.free) & {*used, *held}


def test_what_is_in_doubt_keeps_its_number_and_others_are_counted_past_it() -> None:
    doubted = pend(Entries(last=4, free=(2,)), 2).doubted({2: REFUSAL, 5: REFUSAL})
    assert [one.refusal for one in doubted.pending] == [REFUSAL, REFUSAL]
    assert doubted.next_numbers(2) == (6, 7)
    later = pend(doubted, 1).settled({6}, ())
    assert later.next_numbers(1) == (7,)
    assert later.settled({5}, {2}).next_numbers(2) == (2, 7)
    assert later.settled({2}, {5}).next_numbers(2) == (5, 7)


def test_only_an_accepted_answer_is_given() -> None:
    entries = Entries(pending=(Pending(1, b"{}", answers=7),))
    assert entries.settled((), {1}).answered == -1
    assert entries.settled({1}, ()).answered == 7


async def test_entries_survive_the_process(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.json")
    async with first.turn():
        first.pend([Pending(1, '{"id":"é"}'.encode(), answers=4)])
        first.settle({1}, ())
        first.pend([Pending(2, b"{}")])
        first.taken(9)
        first.prepare(Pending(3, b'{"id":"prepared"}'))
        first.pend([Pending(4, b'{"id":"untold"}')])
        first.doubt({2: REFUSAL, 4: REFUSAL})
        first.settle((), {4}, [first.entries.pending[-1]])
    later = Journal(tmp_path / "journal.json")
    assert later.reload() == first.entries
    assert [one.refusal for one in (*later.entries.pending, *later.entries.untold)] == [REFUSAL, REFUSAL]
    assert (later.entries.last, later.entries.answered, later.entries.cursor) == (3, 4, 9)


async def test_marks_never_fall(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.json")
    async with journal.turn():
        journal.taken(9)
        journal.taken(3)
        journal.spend(5)
        journal.spend(2)
    assert (journal.entries.cursor, journal.entries.last) == (9, 5)


async def test_two_writers_take_turns(tmp_path: Path) -> None:
    numbers: list[int] = []

    async def write(journal: Journal) -> None:
        async with journal.turn():
            number = journal.entries.next_numbers(1)[0]
            journal.pend([Pending(number, b"{}")])
            await asyncio.sleep(0)
            journal.settle({number}, ())
            numbers.append(number)

    one, other = Journal(tmp_path / "journal.json"), Journal(tmp_path / "journal.json")
    await asyncio.gather(*(write(one) for _ in range(5)), *(write(other) for _ in range(5)))
    assert sorted(numbers) == list(range(1, 11))


async def test_a_key_that_another_process_holds_is_waited_for_and_then_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "WAIT_FOR_TURN_S", 0.05)
    held = os.open(tmp_path / "journal.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(Unavailable, match="another process"):
        async with Journal(tmp_path / "journal.json").turn():
            pass
    os.close(held)
    async with Journal(tmp_path / "journal.json").turn():
        pass


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"last":1}', b"[]", b'{"last":1,"free":3,"pending":[],"answered":0,"cursor":0}']
)
def test_a_journal_that_cannot_be_read_stops_everything(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "journal.json").write_bytes(raw)
    with pytest.raises(Tampered, match=r"journal\.json"):
        Journal(tmp_path / "journal.json").reload()
