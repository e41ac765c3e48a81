"""What corrections make of the bodies of a message (`data.corrected`). Pure, and the same for all who read them.

1. A pointer goes into the body as it was sealed: what is taken out of a list moves no other entry, and a further entry
   stands behind the last. So a correction means the same, whatever was corrected before it.
2. It ends at one value, which `value` replaces: text, or `true` and `false` where a boolean stands or nothing. Without
   a `value` what stands there is taken away, be it one or many. Nothing else appears but optional fields of the schema.
3. The newest correction of a place counts.
4. The corrections of one message stand or fall together: a date and its precision are wrong if only one is changed.
5. What comes out must pass its schema, and the rules of the edge.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from hifadhi.errors import Fault, Refused
from hifadhi.referral import parts, places
from hifadhi.referral.closed import Closed
from hifadhi.referral.parts.data import CorrectedContent, Correction

MISFIT: Final = "CORRECTION_MISFIT"
NOT_OPEN: Final = "PART_NOT_OPEN"

Bodies: TypeAlias = Mapping[str, Closed]
Documents: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Bodies], None]
"""The rules of the edge: Refused, if the bodies of a message break one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A correction: the JSON value that stood at its pointer and that which stands there now, None for nothing.

    `number`: its place in the list of its part. `fault`: why it was not applied; then nothing has changed.
    """

    part: str
    number: int
    correction: Correction
    before: object = None
    after: object = None
    fault: Fault | None = None

    @property
    def pointer(self) -> str:
        """Where it stands in the message that corrects."""
        return f"/{self.part}/corrections/{self.number}"


@dataclass(frozen=True, slots=True)
class Corrected:
    """The bodies as they stand, and the changes by each message that corrects."""

    bodies: Bodies
    changes: tuple[tuple[Change, ...], ...]


def correct(message_type: str, sealed: Bodies, corrections: Sequence[Bodies], check: Check) -> Corrected:
    """The bodies of a message of this type after `corrections`: the bodies of each message that corrects it, in order.

    What is not applied has a fault: MISFIT, or NOT_OPEN where its part is not among `sealed`.
    """
    documents: Documents = {name: parts.as_json(body) for name, body in sealed.items()}
    bodies, changes = sealed, []
    for one in corrections:
        found = _found(one, documents)
        tried = deepcopy(documents)
        try:
            _put(found, tried)
            bodies = _checked(message_type, tried, check)
        except Refused as refusal:
            changes.append(tuple(_turned_down(found, refusal)))
        else:
            documents = tried
            changes.append(tuple(_applied(change, documents) for change in found))
    return Corrected(bodies, tuple(changes))


def misfits(changes: Sequence[Change]) -> list[Fault]:
    """What is wrong with corrections whose part lies open, each fault once."""
    return list(dict.fromkeys(change.fault for change in changes if change.fault and change.fault.code == MISFIT))


def _found(one: Bodies, documents: Documents) -> list[Change]:
    """The corrections of a message with what stands where they point."""
    return [
        _looked_at(Change(part, number, correction), documents)
        for part, body in one.items()
        if isinstance(body, CorrectedContent)
        for number, correction in enumerate(body.corrections)
    ]


def _looked_at(change: Change, documents: Documents) -> Change:
    if change.part in documents:
        return replace(change, before=places.value_at(documents[change.part], change.correction.pointer))
    return replace(change, fault=Fault(NOT_OPEN, change.pointer, "the part that this corrects does not lie open here"))


def _applied(change: Change, documents: Documents) -> Change:
    if change.fault:
        return change
    return replace(change, after=places.value_at(documents[change.part], change.correction.pointer))


def _put(found: Sequence[Change], documents: Documents) -> None:
    """Rules 1 to 3, as far as their parts lie open."""
    for change in found:
        if change.fault:
            continue
        wrong = places.put(documents[change.part], change.correction.pointer, change.correction.value)
        if wrong:
            raise Refused(Fault(MISFIT, f"{change.pointer}/pointer", wrong))


def _checked(message_type: str, documents: Documents, check: Check) -> Bodies:
    """Rule 5."""
    try:
        bodies = {
            part: parts.body(f"{message_type}.{part}/1", places.purged(document), pointer=f"/{part}")
            for part, document in documents.items()
        }
        check(bodies)
    except Refused as refusal:
        raise Refused(*map(_about_what_comes_out, refusal.faults)) from None
    return bodies


def _about_what_comes_out(fault: Fault) -> Fault:
    part = "sensitive" if fault.pointer.startswith("/sensitive") else "content"
    says = f"with this, {fault.code} at {fault.pointer}: {fault.message}"
    return Fault(MISFIT, f"/{part}/corrections", says)


def _turned_down(found: Sequence[Change], refusal: Refused) -> Sequence[Change]:
    """Rule 4."""
    return [change if change.fault else replace(change, fault=refusal.faults[0]) for change in found]
