"""A message whose parts lie open, as the rules of an edge see it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from hifadhi.errors import Fault
from hifadhi.referral.closed import Closed

B = TypeVar("B", bound=Closed)

# The other parts say nothing of who the person is, and their readers are fixed for all messages.
_PARTS_ABOUT_THE_PERSON = ("content", "sensitive")


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose parts lie open; `readers` are its header's, by part.

    `country_of` has the alpha-3 code of every agency that acts for a state. `earlier`: the bodies of the case that this
    edge has sent or opened before, the newest last. `copied`: who may be copied in whatever the person asked; None
    where this edge cannot know.
    """

    sender: str
    readers: Mapping[str, Sequence[str]]
    bodies: Mapping[str, Closed]
    country_of: Mapping[str, str]
    earlier: Sequence[Closed] = ()
    copied: frozenset[str] | None = None

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


Rule: TypeAlias = Callable[[Opened], Iterator[Fault]]
