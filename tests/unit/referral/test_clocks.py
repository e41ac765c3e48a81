import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.referral import clocks, instant
from hifadhi.referral.clocks import PERIODS, Period
from hifadhi.referral.table import ANSWER, RECEIPT, REEXAMINATION, REPLY
from unit.referral.exchange import DAY, HOUR, MZ, ZA, Ledger

# fmt: off
GOLDEN = [
    # a month: S6, received 31 January 23:30 local
    (REPLY, "standard", "2027-01-31T21:30:00.000Z", "+02:00", "2027-02-28T22:00:00.000Z"),
    (REPLY, "standard", "2028-01-31T21:30:00.000Z", "+02:00", "2028-02-29T22:00:00.000Z"),
    (REPLY, "standard", "2028-01-31T22:00:00.000Z", "+02:00", "2028-03-01T22:00:00.000Z"),  # 1 February 00:00 local
    (REPLY, "standard", "2028-01-29T10:00:00.000Z", "+02:00", "2028-02-29T22:00:00.000Z"),
    (REPLY, "standard", "2028-02-29T10:00:00.000Z", "+02:00", "2028-03-29T22:00:00.000Z"),  # not the month's last day
    (REPLY, "standard", "2100-01-31T10:00:00.000Z", "+02:00", "2100-02-28T22:00:00.000Z"),  # 2100 is no leap year
    (REPLY, "standard", "2027-03-31T10:00:00.000Z", "+02:00", "2027-04-30T22:00:00.000Z"),
    (REPLY, "standard", "2026-11-30T10:00:00.000Z", "+02:00", "2026-12-30T22:00:00.000Z"),
    (REPLY, "standard", "2026-12-31T10:00:00.000Z", "+02:00", "2027-01-31T22:00:00.000Z"),  # over the year's end
    (REPLY, "standard", "2026-11-23T10:00:00.000Z", "+00:00", "2026-12-24T00:00:00.000Z"),
    # negative, half-hour and quarter-hour offsets: whose day it is
    (REPLY, "standard", "2027-02-01T02:59:59.999Z", "-03:00", "2027-03-01T03:00:00.000Z"),
    (REPLY, "standard", "2027-02-01T03:00:00.000Z", "-03:00", "2027-03-02T03:00:00.000Z"),
    (REPLY, "standard", "2027-01-01T03:29:59.999Z", "-03:30", "2027-02-01T03:30:00.000Z"),
    (REPLY, "standard", "2027-01-31T18:29:59.999Z", "+05:30", "2027-02-28T18:30:00.000Z"),
    (REPLY, "standard", "2027-01-31T18:30:00.000Z", "+05:30", "2027-03-01T18:30:00.000Z"),
    (REPLY, "standard", "2027-01-31T10:00:00.000Z", "+05:45", "2027-02-28T18:15:00.000Z"),
    # days: the event's own is excluded, the last ends at 24:00, the weekend of the 28th counts
    (REPLY, "urgent",   "2026-11-22T22:00:00.000Z", "+02:00", "2026-11-30T22:00:00.000Z"),  # 23 November 00:00 local
    (REPLY, "urgent",   "2026-11-23T21:59:59.999Z", "+02:00", "2026-11-30T22:00:00.000Z"),  # 23 November 23:59 local
    (REPLY, "urgent",   "2028-02-26T10:00:00.000Z", "+02:00", "2028-03-04T22:00:00.000Z"),
    (REEXAMINATION, "standard",  "2026-11-23T10:00:00.000Z", "+02:00", "2026-12-14T22:00:00.000Z"),
    (REEXAMINATION, "emergency", "2026-11-23T10:00:00.000Z", "+02:00", "2026-12-14T22:00:00.000Z"),
    (ANSWER, "standard",  "2026-11-23T10:00:00.000Z", "+02:00", "2026-12-07T22:00:00.000Z"),
    (ANSWER, "emergency", "2028-02-20T22:00:00.000Z", "+02:00", "2028-03-06T22:00:00.000Z"),  # over a leap day
    # hours: to the millisecond, wherever
    (REPLY, "emergency",   "2026-11-23T10:00:00.001Z", "+02:00", "2026-11-26T10:00:00.001Z"),
    (REPLY, "emergency",   "2026-11-23T10:00:00.001Z", "-11:30", "2026-11-26T10:00:00.001Z"),
    (RECEIPT, "standard",  "2028-02-28T23:59:59.999Z", "+02:00", "2028-02-29T23:59:59.999Z"),
    (RECEIPT, "urgent",    "2026-11-23T10:00:00.001Z", "+02:00", "2026-11-24T10:00:00.001Z"),
    (RECEIPT, "emergency", "2026-11-23T10:00:00.001Z", "+02:00", "2026-11-24T10:00:00.001Z"),
]
# fmt: on


@pytest.mark.parametrize(("clock", "urgency", "start", "offset", "due"), GOLDEN)
def test_a_deadline_is_the_one_a_court_would_count(clock: str, urgency: str, start: str, offset: str, due: str) -> None:
    assert instant.write(clocks.due(clock, urgency, instant.parse(start), offset)) == due


def test_the_periods_are_those_of_the_design() -> None:
    assert {PERIODS[REPLY, urgency] for urgency in ("standard", "urgent", "emergency")} == {
        Period(months=1), Period(days=7), Period(hours=72),
    }  # fmt: skip
    assert {period for (clock, _), period in PERIODS.items() if clock == REEXAMINATION} == {Period(days=21)}
    assert {period for (clock, _), period in PERIODS.items() if clock == ANSWER} == {Period(days=14)}
    assert {period for (clock, _), period in PERIODS.items() if clock == RECEIPT} == {Period(hours=24)}


@pytest.mark.parametrize(("year", "last"), [(2027, "2027-02-28T22:00:00.000Z"), (2028, "2028-02-29T22:00:00.000Z")])
def test_what_is_received_on_31_january_is_answered_by_the_end_of_february(year: int, last: str) -> None:
    ledger = Ledger(now=instant.parse(f"{year}-01-31T08:00:00.000Z"))
    referral = ledger.requested(ledger.opened(MZ).id, ZA)
    ledger.now = instant.parse(f"{year}-01-31T21:30:00.000Z")
    ledger.answer("referral.received", referral)
    due = ledger.referral(referral.id).due
    assert due is not None
    assert instant.write(due) == last
    assert not ledger.wait(due - ledger.now - 1)
    assert [clock.clock for clock in ledger.wait(1)] == [REPLY]


offsets = st.builds(
    "{}{:02}:{}".format, st.sampled_from("+-"), st.integers(0, 14), st.sampled_from(["00", "15", "30", "45"])
)
starts = st.integers(instant.parse("2026-01-01T00:00:00.000Z"), instant.parse("2099-12-31T23:59:59.999Z"))
kinds = st.sampled_from(sorted(PERIODS))


@given(kind=kinds, start=starts, later=st.integers(0, 3 * DAY), offset=offsets)
def test_who_starts_later_is_never_due_earlier(kind: tuple[str, str], start: int, later: int, offset: str) -> None:
    assert clocks.due(*kind, start, offset) <= clocks.due(*kind, start + later, offset)


@given(kind=kinds.filter(lambda kind: not PERIODS[kind].hours), start=starts, offset=offsets)
def test_a_deadline_in_days_gives_them_all_whole_and_ends_at_local_midnight(
    kind: tuple[str, str], start: int, offset: str
) -> None:
    due, period = clocks.due(*kind, start, offset), PERIODS[kind]
    shortest = period.days or 28 * period.months
    assert due - start > shortest * DAY
    assert due - start <= (shortest + 1 + 3 * period.months) * DAY
    minutes = int(f"{offset[0]}1") * (int(offset[1:3]) * 60 + int(offset[4:6]))
    assert (due + minutes * 60_000) % DAY == 0


@given(start=starts, offset=offsets)
def test_hours_do_not_ask_where(start: int, offset: str) -> None:
    assert clocks.due(REPLY, "emergency", start, offset) == start + 72 * HOUR
