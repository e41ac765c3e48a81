"""Instants: milliseconds since 1970 UTC inside, `2026-11-23T10:00:00.000Z` on the wire."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from hifadhi.errors import Fault, Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# The library reads many more spellings than the wire has, some of them without a zone.
_WIRE: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def parse(instant: str, *, pointer: str = "") -> int:
    """Milliseconds since the epoch; `Refused` SCHEMA on anything but an instant of the wire, and on 30 February."""
    try:
        return _milliseconds(instant)
    except ValueError:
        says = "there is no such instant; give a real one, as 2026-11-23T10:00:00.000Z"
        raise Refused(Fault("SCHEMA", pointer, says)) from None


@lru_cache(maxsize=256)  # the instants of one message, and those of one batch, are asked for several times
def _milliseconds(instant: str) -> int:
    if not _WIRE.fullmatch(instant):
        raise ValueError(instant)
    return (datetime.fromisoformat(instant) - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=256)
def write(milliseconds: int) -> str:
    """The wire form of an instant, always with milliseconds and `Z`."""
    return as_datetime(milliseconds).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def as_datetime(milliseconds: int) -> datetime:
    """The same instant as an aware datetime in UTC."""
    return _EPOCH + milliseconds * _MILLISECOND
