"""Rules 1 to 6 of `edge`: those that one piece of a body shows by itself, wherever in a body it stands.

What follows from a piece's type alone is worked out once for each type: both edges look at every piece of every body.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed
from hifadhi.referral.pieces import DATE_FIELDS, BestInterests, Birth, Moment, Name, Narrative, Note

_DATE_LENGTH = {"DAY": len("YYYY-MM-DD"), "MONTH": len("YYYY-MM"), "YEAR": 4, "ESTIMATED": 4, "UNKNOWN": 0}


def pieces(value: object, pointer: str) -> Iterator[tuple[str, Closed]]:
    """A body and every piece in it, each with its JSON pointer."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from pieces(item, f"{pointer}/{index}")
    elif isinstance(value, Closed):
        yield pointer, value
        for name, wire_name in _fields(type(value)):
            inner = getattr(value, name)
            if inner is not None and not isinstance(inner, _LEAVES):
                yield from pieces(inner, f"{pointer}/{wire_name}")


def name_is_not_empty(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 1."""
    if isinstance(piece, Name) and not any(map(_says_something, (*piece.given, *piece.family))):
        yield Fault(
            "NAME_EMPTY", f"{pointer}/given", "give a given or a family name; without either, leave the name out"
        )


def birth_agrees_with_precision(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 2."""
    if isinstance(piece, Birth) and len(piece.date or "") != _DATE_LENGTH[piece.precision]:
        says = "DAY has YYYY-MM-DD, MONTH YYYY-MM, YEAR and ESTIMATED a year only, UNKNOWN no date"
        yield Fault("BIRTH_PRECISION", f"{pointer}/date", says)


def text_says_something(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 3."""
    if isinstance(piece, Note | Narrative) and not _says_something(piece.text):
        yield Fault("TEXT_EMPTY", f"{pointer}/text", "write at least a word, or leave an optional text out")


def dates_exist(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 4."""
    for name in _dates(type(piece)):
        if not _exists(getattr(piece, name)):
            yield Fault("NO_SUCH_DATE", f"{pointer}/{name}", "there is no such day; give a real date")


def best_interests_can_be_found(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 5."""
    if isinstance(piece, BestInterests) and piece.kind != "NONE":
        for name in ("ref", "date"):
            if getattr(piece, name) is None:
                yield Fault("BEST_INTERESTS_REF", f"{pointer}/{name}", "any procedure has its reference and its date")


def other_is_explained(pointer: str, piece: Closed) -> Iterator[Fault]:
    """Rule 6. A decline has its full reasons always, whatever its codes: rule 3 sees to them."""
    codes = {getattr(piece, name) for name in _explained(type(piece))}
    if "OTHER" in codes and getattr(piece, "text", None) is None:
        yield Fault("TEXT_MISSING", f"{pointer}/text", "OTHER needs a text that says what it is")


_EXPLAINED = ("kind", "reason", "ground", "outcome", "closure")
_LEAVES = (str, int)

PieceRule = Callable[[str, Closed], Iterator[Fault]]


@cache
def rules_of(kind: type[Closed]) -> tuple[PieceRule, ...]:
    """Those of the rules, in their order, that have anything to say of pieces of this type."""
    asked: tuple[tuple[PieceRule, object], ...] = (
        (name_is_not_empty, issubclass(kind, Name)),
        (birth_agrees_with_precision, issubclass(kind, Birth)),
        (text_says_something, issubclass(kind, Note | Narrative)),
        (dates_exist, _dates(kind)),
        (best_interests_can_be_found, issubclass(kind, BestInterests)),
        (other_is_explained, _explained(kind)),
    )
    return tuple(rule for rule, concerns in asked if concerns)


@cache
def _fields(kind: type[Closed]) -> tuple[tuple[str, str], ...]:
    """The fields of a type, each with its name on the wire."""
    return tuple((name, field.alias or name) for name, field in kind.model_fields.items())


@cache
def _dates(kind: type[Closed]) -> tuple[str, ...]:
    fields = {"utc"} if issubclass(kind, Moment) else DATE_FIELDS
    return tuple(sorted(fields & kind.model_fields.keys()))


@cache
def _explained(kind: type[Closed]) -> tuple[str, ...]:
    """The fields whose OTHER asks for a text; none where there is no text."""
    fields = kind.model_fields
    return tuple(name for name in _EXPLAINED if name in fields and "text" in fields)


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _exists(date: str | None) -> bool:
    """Whether a date or instant that its pattern matched exists; a month or a year always does."""
    if date is None or len(date) < _DATE_LENGTH["DAY"]:
        return True
    try:
        datetime.fromisoformat(date)
    except ValueError:
        return False
    return True
