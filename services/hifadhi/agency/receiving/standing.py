"""A message as it stands by now: what was sealed, and what its sender has corrected in it since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hifadhi.agency.receiving.opening import Item, for_the_edge
from hifadhi.errors import Fault
from hifadhi.referral import edge
from hifadhi.referral.closed import Closed
from hifadhi.referral.corrections import Bodies, Change, Check, correct
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header

UNKNOWN: Fault = Fault("MESSAGE_UNKNOWN", "/in_reply_to", "the message that this corrects did not come to this agency")


@dataclass(frozen=True, slots=True)
class Standing:
    """The item as it was sealed, its bodies as they stand, and the messages that correct it with their changes."""

    item: Item
    bodies: Mapping[str, Closed]
    corrections: tuple[tuple[Item, tuple[Change, ...]], ...] = ()


def standing(item: Item, corrections: Sequence[Item], directory: Directory) -> Standing:
    """The item after the messages of its own sender that correct it; nobody else's count."""
    header = item.header
    if header is None:
        return Standing(item, item.bodies)
    own = [one for one in corrections if one.header and one.header.sender == header.sender]
    done = correct(header.type, item.bodies, [one.bodies for one in own], rules_of(header, directory))
    return Standing(item, done.bodies, tuple(zip(own, done.changes, strict=True)))


def changes_of(stands: Standing | None, correcting: Item) -> tuple[Change, ...]:
    """What a message that corrects has changed, of a message as it stands right after it."""
    if stands is None:
        unknown = correct("", {}, [correcting.bodies], lambda _: None).changes[0]
        return tuple(replace(change, fault=UNKNOWN) for change in unknown)
    return next((changes for one, changes in stands.corrections if one.index == correcting.index), ())


def rules_of(header: Header, directory: Directory) -> Check:
    """The rules of the edge that hold for the bodies of this message by themselves."""

    def check(bodies: Bodies) -> None:
        edge.check_body(header.type, for_the_edge(header, bodies, directory))

    return check
