"""Rules 1 to 6 of `edge`: those that one piece of a body shows by itself, wherever in a body it stands."""

from collections.abc import Callable, Iterator
from datetime import datetime

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed
from hifadhi.referral.pieces import DATE_FIELDS, BestInterests, Birth, Moment, Name, Narrative, Note

_DATE_LENGTH = {"DAY": len("YYYY-MM-DD"), "MONTH": len("YYYY-MM"), "YEAR": 4, "ESTIMATED": 4, "UNKNOWN": 0}


def pieces(value: object, pointer: str) -> Iterator[tuple[str, Closed]]:
    """A body and every piece in it, each with its JSON pointer."""
    if isinstance(value, Closed):
        yield pointer, value
        for name, field in type(value).model_fields.items():
            yield from pieces(getattr(value, name), f"{pointer}/{field.alias or name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from pieces(item, f"{pointer}/{index}")


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
    fields = {"utc"} if isinstance(piece, Moment) else DATE_FIELDS
    for name in sorted(fields & type(piece).model_fields.keys()):
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
    codes = {getattr(piece, name, None) for name in _EXPLAINED if "text" in type(piece).model_fields}
    if "OTHER" in codes and getattr(piece, "text", None) is None:
        yield Fault("TEXT_MISSING", f"{pointer}/text", "OTHER needs a text that says what it is")


_EXPLAINED = ("kind", "reason", "ground", "outcome", "closure")

PIECE_RULES: tuple[Callable[[str, Closed], Iterator[Fault]], ...] = (
    name_is_not_empty,
    birth_agrees_with_precision,
    text_says_something,
    dates_exist,
    best_interests_can_be_found,
    other_is_explained,
)


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
