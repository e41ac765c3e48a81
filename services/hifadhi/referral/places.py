"""Places of a JSON document by pointer (RFC 6901): what stands there, and how one value there is replaced. Pure.

What is taken out of a list leaves its place behind, until `purged`: so every pointer keeps its meaning meanwhile.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,3}")
_NOWHERE: Final = "the pointer leads nowhere in what was sealed"


class _Place(Enum):
    """Nothing stands here, or no longer. An enum, so that a copy of it is itself."""

    EMPTY = "empty"


def value_at(document: object, pointer: str) -> object:
    """The value that the pointer leads to; None, where nothing stands."""
    value = document
    for step in _steps(pointer):
        value = _inside(value, step)
    return None if value is _Place.EMPTY else purged(value)


def put(document: object, pointer: str, value: str | None) -> str | None:
    """Changes one place of the document, or says why it cannot. None as `value` takes away what stands there.

    Where a boolean stands, or nothing, `true` and `false` are booleans. What leads to a new value is made on the way.
    """
    *way, last = _steps(pointer)
    holder = document
    for step in way:
        inside = _inside(holder, step)
        if inside is _Place.EMPTY:
            inside = {}
            if not _replace(holder, step, inside):
                return _NOWHERE
        holder = inside
    stands = _inside(holder, last)
    if value is None:
        return _take_away(holder, last, stands)
    if isinstance(stands, dict | list):
        return "many values stand there; point to each that is wrong"
    is_one = isinstance(stands, bool | _Place) and value in {"true", "false"}
    fits = _replace(holder, last, value == "true" if is_one else value)
    return None if fits else _NOWHERE


def purged(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """The same without the places that were left behind."""
    if isinstance(value, dict):
        return {name: purged(member) for name, member in value.items()}
    if isinstance(value, list):
        return [purged(item) for item in value if item is not _Place.EMPTY]
    return value


def _steps(pointer: str) -> Sequence[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _inside(holder: object, step: str) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(holder, dict):
        return holder.get(step, _Place.EMPTY)
    if isinstance(holder, list) and _INDEX.fullmatch(step) and int(step) < len(holder):
        return holder[int(step)]
    return _Place.EMPTY


def _take_away(holder: Any, last: str, stands: object) -> str | None:  # noqa: ANN401 (JSON)
    if stands is _Place.EMPTY:
        return "nothing stands there that could be taken away"
    if isinstance(holder, list):
        holder[int(last)] = _Place.EMPTY
    else:
        del holder[last]
    return None


def _replace(holder: object, last: str, value: object) -> bool:
    """Whether there is such a place: any name of an object, an entry of a list or the place behind its last."""
    if isinstance(holder, dict):
        holder[last] = value
        return True
    if isinstance(holder, list) and _INDEX.fullmatch(last) and int(last) <= len(holder):
        holder[int(last) : int(last) + 1] = [value]
        return True
    return False
