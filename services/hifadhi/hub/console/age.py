"""How long, in words: one unit, or two where the second still says something. Pure."""

from typing import Final

_UNITS: Final = ((86_400_000, "day"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def age(milliseconds: int) -> str:
    """`3 days 4 h`, `12 min`, `0 s`; of a time that has not come yet `0 s`."""
    left, words = max(0, milliseconds), []
    for unit, name in _UNITS:
        count, rest = divmod(left, unit)
        if count:
            words.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
        elif words:
            break
        left = rest
    return " ".join(words[:2]) or "0 s"


def until(due_ms: int, now_ms: int) -> str:
    """`in 3 days 4 h`, or `2 h ago`."""
    return f"in {age(due_ms - now_ms)}" if due_ms > now_ms else f"{age(now_ms - due_ms)} ago"
