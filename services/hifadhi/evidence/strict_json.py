"""JSON that every parser reads alike (RFC 8259, RFC 7493), and in bounded time.

What is refused, and the attack that it stops:

1. Bytes that are not UTF-8, and escapes that stand for half a character: one text that two systems store differently.
2. Nesting deeper than `max_depth`, found before anything is parsed: a parser that exhausts its stack.
3. The same key twice in one object: two readers who each take another value.
4. Fractions, exponents, NaN, Infinity, whole numbers beyond 2^53 - 1: one number that two systems round differently.
5. More than 16 digits, before they are converted: a conversion whose time grows with the square of their number.
"""

import json
from collections.abc import Collection, Iterator
from itertools import accumulate
from typing import Any, NoReturn

from hifadhi.errors import Fault, Refused

MAX_INTEGER = 2**53 - 1
_MAX_DIGITS = 16
_MAX_POINTER = 200  # characters; a longer one would only hand the sender's own text back

_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# What is left of a text are its brackets, its quotes, and its escapes whole: `\\` and the letters that may follow it.
_NEITHER_BRACKET_NOR_ESCAPE = bytes(set(range(256)) - set(b'[]{}"\\/bfnrtu'))
_NOT_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def parse(raw: bytes, *, max_depth: int = 16, pointer: str = "") -> Any:  # noqa: ANN401 - JSON is any of six types
    """The value of one JSON text; `pointer` is where this text itself stands.

    Refused: BAD_ENCODING, TOO_DEEP, NOT_JSON, DUPLICATE_KEY.
    """
    try:
        text = raw.decode("utf-8")  # rule 1
        if _depth(raw, max_depth) > max_depth:  # rule 2
            raise Refused(Fault("TOO_DEEP", pointer, f"nested deeper than {max_depth} levels"))
        value = _decoded(text)
        if b"\\u" in raw:
            _ENCODER.encode(value).encode("utf-8")  # rule 1: half a character has no UTF-8
    except UnicodeError:
        raise Refused(Fault("BAD_ENCODING", pointer, "must be UTF-8, with no half of a surrogate pair")) from None
    except _DuplicateKeyError:
        where = pointer + _duplicate_at(text)
        raise Refused(Fault("DUPLICATE_KEY", where, "an object must not have the same key twice")) from None
    except _NumberError as error:
        raise Refused(Fault("NOT_JSON", pointer, str(error))) from None
    except ValueError:
        raise Refused(Fault("NOT_JSON", pointer, "must be one JSON text (RFC 8259)")) from None
    return value


def dump(value: object) -> bytes:
    """The JSON text of a value: UTF-8, no white space, keys in the order they have. Refused: NOT_JSON."""
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise Refused(Fault("NOT_JSON", "", "holds something that JSON cannot say")) from None


def members(value: object, names: Collection[str], *, pointer: str = "") -> dict[str, Any]:
    """The value as an object with exactly these members, or Refused: SCHEMA."""
    if not isinstance(value, dict) or value.keys() != set(names):
        raise Refused(Fault("SCHEMA", pointer, f"must be an object with exactly the members {', '.join(names)}"))
    return value


class _DuplicateKeyError(Exception):
    pass


class _NumberError(Exception):
    pass


def _depth(raw: bytes, enough: int) -> int:
    """How deep the brackets nest, or their number if that is small. Exact up to where a parser would stop."""
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets <= enough:
        return brackets
    short = raw.translate(None, _NEITHER_BRACKET_NOR_ESCAPE)
    without_escapes = short.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    steps = map(_STEP.__getitem__, outside_strings.translate(None, _NOT_BRACKET))
    return max(accumulate(steps), default=0)


def _decoded(text: str) -> Any:  # noqa: ANN401 - JSON is any of six types
    """What the decoder makes of the text; without its search for white space around an object, where there is none."""
    if text.startswith("{"):
        value, end = _STRICT.raw_decode(text)
        if end == len(text):
            return value
    return _STRICT.decode(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):  # rule 3
        raise _DuplicateKeyError
    return members


def _integer(digits: str) -> int:
    if len(digits) - (digits[0] == "-") > _MAX_DIGITS:  # rule 5
        raise _NumberError("numbers have at most 16 digits")
    number = int(digits)
    if abs(number) > MAX_INTEGER:  # rule 4
        raise _NumberError("numbers are at most 2^53 - 1, so that every JSON library reads them exactly")
    return number


def _not_whole(_: str) -> NoReturn:  # rule 4
    raise _NumberError("numbers are whole: no fraction, no exponent, no NaN, no Infinity")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_not_whole, parse_constant=_not_whole
)


class _Doubled(dict[str, Any]):
    """An object that had a key twice."""


def _mark(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Doubled(members)


_MARKING = json.JSONDecoder(object_pairs_hook=_mark, parse_int=str, parse_float=str, parse_constant=str)


def _duplicate_at(text: str) -> str:
    """The JSON pointer of an object with a key twice; empty if the text cannot tell or the pointer would be long."""
    try:
        found = next(_doubled(_MARKING.decode(text), ""), "")
    except ValueError:
        return ""
    return found if len(found) <= _MAX_POINTER else ""


def _doubled(value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, _Doubled):
        yield pointer
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _doubled(member, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _doubled(item, f"{pointer}/{index}")
