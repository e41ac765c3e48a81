"""Instants: milliseconds since 1970 UTC inside, `2026-11-23T10:00:00.000Z` on the wire."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from hifadhi.errors import Fault, Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def parse(instant: str, *, pointer: str = "") -> int:
    """Milliseconds since the epoch, of what the `Instant` pattern matched; `Refused` SCHEMA on 30 February."""
    try:
        return _milliseconds(instant)
    except ValueError:
        raise Refused(Fault("SCHEMA", pointer, "there is no such day; give a real date")) from None


@lru_cache(maxsize=256)  # the instants of one message, and those of one batch, are asked for several times
def _milliseconds(instant: str) -> int:
    return (datetime.fromisoformat(instant) - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=256)
def write(milliseconds: int) -> str:
    """The wire form of an instant, always with milliseconds and `Z`."""
    return as_datetime(milliseconds).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def as_datetime(milliseconds: int) -> datetime:
    """The same instant as an aware datetime in UTC."""
    return _EPOCH + milliseconds * _MILLISECOND
