"""Deadlines, counted as courts count days (`domain.md` §5).

The day of the event is excluded, weekends and holidays count, a month ends on the same day number or on the month's
last day, and a day ends at 24:00 at the receiver's fixed UTC offset. Hours count to the millisecond.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from hifadhi.referral import instant
from hifadhi.referral.table import ANSWER, CONCILIATION, CONSENT, RECEIPT, REEXAMINATION, REPLY, STALLED, TRANSFER

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """How long: whole months or days by the calendar, or hours."""

    months: int = 0
    days: int = 0
    hours: int = 0


def _always(clock: str, period: Period) -> dict[tuple[str, str], Period]:
    return {(clock, urgency): period for urgency in ("standard", "urgent", "emergency")}


PERIODS: Final[Mapping[tuple[str, str], Period]] = {
    **_always(RECEIPT, Period(hours=24)),
    (REPLY, "standard"): Period(months=1),
    (REPLY, "urgent"): Period(days=7),
    (REPLY, "emergency"): Period(hours=72),
    **_always(REEXAMINATION, Period(days=21)),
    **_always(ANSWER, Period(days=14)),
    **_always(TRANSFER, Period(days=30)),
    (TRANSFER, "standard"): Period(days=180),
    **_always(STALLED, Period(days=90)),
    **_always(CONSENT, Period(hours=72)),
    **_always(CONCILIATION, Period(days=30)),
}
"""By the clock and the urgency of the referral. The arrival clock ends when the plan says."""


def due(clock: str, urgency: str, start_ms: int, utc_offset: str, *, days: int | None = None) -> int:
    """When the clock lapses, milliseconds UTC, if it starts at `start_ms` in a place at `utc_offset` (`+02:00`).

    `days`: as two states have agreed, instead of the usual period.
    """
    period = PERIODS[clock, urgency] if days is None else Period(days=days)
    if period.hours:
        return start_ms + period.hours * _HOUR_MS
    offset_ms = _offset_ms(utc_offset)
    return _end((start_ms + offset_ms) // _DAY_MS, period) - offset_ms


@lru_cache(maxsize=1024)  # every message starts a clock, and those of one day end together
def _end(day: int, period: Period) -> int:
    """The end of the last day of a period that starts within `day`, by the day's number and the clock of the place."""
    last_day = _add(_EPOCH + timedelta(days=day), period)
    return ((last_day - _EPOCH).days + 1) * _DAY_MS


def resumed(due_ms: int, since_ms: int, now_ms: int, utc_offset: str) -> int:
    """When a clock of days lapses that stood still from `since_ms` until now: so many days later than it would have."""
    offset_ms = _offset_ms(utc_offset)
    return due_ms + (_day(now_ms, offset_ms) - _day(since_ms, offset_ms)).days * _DAY_MS


def _day(at_ms: int, offset_ms: int) -> date:
    return instant.as_datetime(at_ms + offset_ms).date()


def _add(day: date, period: Period) -> date:
    months = day.year * 12 + day.month - 1 + period.months
    year, month = divmod(months, 12)
    in_month = min(day.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, in_month) + timedelta(days=period.days)


def _offset_ms(utc_offset: str) -> int:
    minutes = int(utc_offset[1:3]) * 60 + int(utc_offset[4:6])
    return (-minutes if utc_offset[0] == "-" else minutes) * 60_000
