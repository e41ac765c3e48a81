"""Whether readers of a schema can read what a newer number of it describes. Pure.

It is careful: what it does not know it does not let pass. Our objects are closed, so a newer number may only narrow: no
new member, none that ceases to be required, no wider bound, no other pattern, no further value. What is needed beyond
that is another type, which old readers refuse clearly. A code list is the other way round: it may grow, and no code
changes its meaning, for unknown codes are kept and shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_SAYS_NOTHING: Final = frozenset({"$schema", "$id", "$defs", "title", "description"})
# A bound that may rise, and one that may fall.
_RISES: Final = ("minLength", "minItems", "minimum")
_FALLS: Final = ("maxLength", "maxItems", "maximum")
_SAME: Final = ("type", "pattern", "not", "additionalProperties")
_KNOWN: Final = frozenset(
    {*_RISES, *_FALLS, *_SAME, "properties", "required", "items", "prefixItems", "const", "enum", "oneOf", "allOf"}
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Where in the newer schema, and why an old reader might not read what it describes."""

    pointer: str
    why: str


def obstacles(old: Schema, new: Schema) -> list[Obstacle]:
    """Everything that keeps readers of `old` from reading instances of `new`; none, if it may be released."""
    return list(_Comparison(old.get("$defs", {}), new.get("$defs", {})).of(old, new, ""))


def meanings_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The codes of a list that the newer version drops or calls something else."""
    before, after = ({one["code"]: one["label"] for one in listed["codes"]} for listed in (old, new))
    return sorted(code for code, label in before.items() if after.get(code) != label)


class _Comparison:
    """Of two schemas, each with its definitions."""

    def __init__(self, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def of(self, old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
        """What differs below `at`."""
        names = (old.get("$ref", ""), new.get("$ref", ""))
        if all(names):
            if names in self._seen:
                return
            self._seen.add(names)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        unknown = sorted((old.keys() | new.keys()) - _KNOWN - _SAYS_NOTHING)
        yield from (Obstacle(f"{at}/{name}", "a keyword that the checker does not know") for name in unknown)
        for compare in (_fixed, _bounds, _values, self._choices, self._members, self._elements):
            yield from compare(old, new, at)

    def _choices(self, old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
        for name in ("oneOf", "allOf"):
            before, after = old.get(name, ()), new.get(name, ())
            if len(before) != len(after):
                yield Obstacle(f"{at}/{name}", "other choices than before")
                continue
            for number, pair in enumerate(zip(before, after, strict=True)):
                yield from self.of(*pair, f"{at}/{name}/{number}")

    def _members(self, old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(after.keys() - before.keys()):
            yield Obstacle(f"{at}/properties/{name}", "a member that old readers refuse")
        for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
            yield Obstacle(f"{at}/required", f"{name} may be absent, and old readers require it")
        for name in sorted(before.keys() & after.keys()):
            yield from self.of(before[name], after[name], f"{at}/properties/{name}")

    def _elements(self, old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
        before, after = old.get("prefixItems", ()), new.get("prefixItems", ())
        if len(before) != len(after):
            yield Obstacle(f"{at}/prefixItems", "another number of elements")
        for number, pair in enumerate(zip(before, after, strict=False)):
            yield from self.of(*pair, f"{at}/prefixItems/{number}")
        items = old.get("items"), new.get("items")
        if isinstance(items[0], Mapping) and isinstance(items[1], Mapping):
            yield from self.of(items[0], items[1], f"{at}/items")
        elif items[0] != items[1]:
            yield Obstacle(f"{at}/items", "other elements than before")


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    return definitions[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema


def _fixed(old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
    for name in _SAME:
        if name in old and old[name] != new.get(name):
            yield Obstacle(f"{at}/{name}", "must stay as it is: nobody can tell here whether another one is narrower")


def _bounds(old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
    narrower: tuple[tuple[tuple[str, ...], Callable[[int, int], bool]], ...] = (
        (_RISES, lambda before, after: after >= before),
        (_FALLS, lambda before, after: after <= before),
    )
    for names, holds in narrower:
        for name in names:
            if name in old and (name not in new or not holds(old[name], new[name])):
                yield Obstacle(f"{at}/{name}", f"wider than {old[name]}, which old readers hold to")


def _values(old: Schema, new: Schema, at: str) -> Iterator[Obstacle]:
    before, after = _allowed(old), _allowed(new)
    if before is not None and (after is None or any(value not in before for value in after)):
        yield Obstacle(f"{at}/enum", "a value that old readers refuse")


def _allowed(schema: Schema) -> list[Any] | None:
    """The only values there are; None if there is no such list."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None
