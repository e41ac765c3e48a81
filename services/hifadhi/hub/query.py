"""What stands in an address: bounded numbers and ids, or `Refused` with where it is wrong."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from hifadhi.errors import Fault, Refused
from hifadhi.evidence.strict_json import MAX_INTEGER
from hifadhi.referral.closed import is_uuid7


class Number(NamedTuple):
    """A whole number between two bounds, and its value where it is left out."""

    least: int
    most: int
    default: int


INDEX: Final = Number(0, MAX_INTEGER, 0)
AFTER: Final = Number(-1, MAX_INTEGER, -1)
LIMIT: Final = Number(1, 500, 100)
WAIT_S: Final = Number(0, 30, 0)
YES: Final = Number(0, 1, 0)


def numbers(pairs: Iterable[tuple[str, str]], expected: Mapping[str, Number]) -> dict[str, int]:
    """The value of each expected parameter. `Refused` SCHEMA: another, the same twice, no number, out of bounds."""
    given: dict[str, str] = {}
    for name, text in pairs:
        if name not in expected:
            raise Refused(Fault("SCHEMA", "", f"the parameters here are: {', '.join(expected) or 'none'}"))
        if name in given:
            raise Refused(Fault("SCHEMA", f"/{name}", "a parameter stands once"))
        given[name] = text
    return {
        name: number(given[name], name, bounds) if name in given else bounds.default
        for name, bounds in expected.items()
    }


def number(text: str, name: str, bounds: Number) -> int:
    """The number that a text writes in decimal. `Refused` SCHEMA: none, or out of bounds."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 16 and bounds.least <= int(text) <= bounds.most:  # noqa: PLR2004 (digits of 2^53)
        return int(text)
    raise Refused(Fault("SCHEMA", f"/{name}", f"must be a whole number from {bounds.least} to {bounds.most}"))


def uuid7(text: str, name: str) -> str:
    """The id, or `Refused` SCHEMA."""
    if not is_uuid7(text):
        raise Refused(Fault("SCHEMA", f"/{name}", "must be a UUIDv7 in lower case"))
    return text
