"""Deadlines, counted as courts count days (`domain.md` §5).

The day of the event is excluded, weekends and holidays count, a month ends on the same day number or on the month's
last day, and a day ends at 24:00 at the receiver's fixed UTC offset. Hours count to the millisecond.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hifadhi.referral import instant
from hifadhi.referral.table import ANSWER, RECEIPT, REEXAMINATION, REPLY

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """How long: whole months or days by the calendar, or hours."""

    months: int = 0
    days: int = 0
    hours: int = 0


PERIODS: Final[Mapping[tuple[str, str], Period]] = {
    (RECEIPT, "standard"): Period(hours=24),
    (RECEIPT, "urgent"): Period(hours=24),
    (RECEIPT, "emergency"): Period(hours=24),
    (REPLY, "standard"): Period(months=1),
    (REPLY, "urgent"): Period(days=7),
    (REPLY, "emergency"): Period(hours=72),
    (REEXAMINATION, "standard"): Period(days=21),
    (REEXAMINATION, "urgent"): Period(days=21),
    (REEXAMINATION, "emergency"): Period(days=21),
    (ANSWER, "standard"): Period(days=14),
    (ANSWER, "urgent"): Period(days=14),
    (ANSWER, "emergency"): Period(days=14),
}


def due(clock: str, urgency: str, start_ms: int, utc_offset: str) -> int:
    """When the clock lapses, milliseconds UTC, if it starts at `start_ms` in a place at `utc_offset` (`+02:00`)."""
    period = PERIODS[clock, urgency]
    if period.hours:
        return start_ms + period.hours * _HOUR_MS
    offset_ms = _offset_ms(utc_offset)
    last_day = _add(instant.as_datetime(start_ms + offset_ms).date(), period)
    return ((last_day - _EPOCH).days + 1) * _DAY_MS - offset_ms


def _add(day: date, period: Period) -> date:
    months = day.year * 12 + day.month - 1 + period.months
    year, month = divmod(months, 12)
    in_month = min(day.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, in_month) + timedelta(days=period.days)


def _offset_ms(utc_offset: str) -> int:
    minutes = int(utc_offset[1:3]) * 60 + int(utc_offset[4:6])
    return (-minutes if utc_offset[0] == "-" else minutes) * 60_000
