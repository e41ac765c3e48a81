"""A message whose parts lie open, as the rules of an edge see it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed

B = TypeVar("B", bound=Closed)

# The other parts say nothing of who the person is, and their readers are fixed for all messages.
_PARTS_ABOUT_THE_PERSON = ("content", "sensitive")


@dataclass(frozen=True, slots=True)
class Past:
    """What an edge knows of a case before a message: `earlier` and `bound` of `Opened`."""

    bodies: Sequence[Closed] = ()
    bound: frozenset[str] | None = frozenset()


NOTHING = Past()


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose parts lie open; `readers` are its header's, by part.

    `country_of` has the alpha-3 code of every agency that acts for a state. `earlier`: the bodies of the case that this
    edge has sent or opened before, the newest last. `copied`: who may be copied in whatever the person asked; `bound`:
    who has to be told whatever the person fears; each None where this edge cannot know. `arrival_due`: the header's,
    milliseconds UTC.
    """

    sender: str
    readers: Mapping[str, Sequence[str]]
    bodies: Mapping[str, Closed]
    country_of: Mapping[str, str]
    earlier: Sequence[Closed] = ()
    copied: frozenset[str] | None = None
    bound: frozenset[str] | None = frozenset()
    arrival_due: int | None = None

    def part(self, name: str, of: type[B]) -> B | None:
        """The body of a part; None if this reader cannot open it or the type has no such part."""
        body = self.bodies.get(name)
        return body if isinstance(body, of) else None

    def ever(self, of: type[B]) -> Iterator[B]:
        """All bodies of that type that this edge knows of the case, the newest first."""
        known = (*self.earlier, *self.bodies.values())
        return (body for body in reversed(known) if isinstance(body, of))

    @property
    def receivers(self) -> frozenset[str]:
        """Who else than the sender reads about the person."""
        named = (self.readers.get(part, ()) for part in _PARTS_ABOUT_THE_PERSON)
        return frozenset(agency for agencies in named for agency in agencies if agency != self.sender)

    def states(self, agencies: Iterable[str]) -> frozenset[str]:
        """The countries of those of the agencies that act for a state."""
        return frozenset(self.country_of[agency] for agency in agencies if agency in self.country_of)

    @property
    def is_observed(self) -> bool:
        """Whether an observer reads the content."""
        return any(agency not in self.country_of for agency in self.readers.get("content", ()))


Rule: TypeAlias = Callable[[Opened], Iterator[Fault]]
