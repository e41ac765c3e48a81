"""Rules 17 and 18: an answer is one thing, and a correction corrects something."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.data import CorrectedContent
from hifadhi.referral.parts.information import Provided


def answers_or_refuses(opened: Opened) -> Iterator[Fault]:
    """Rule 17."""
    for part, body in opened.bodies.items():
        for number, value in enumerate(body.values if isinstance(body, Provided) else ()):
            if (value.value is None) == (value.refused is None):
                says = "an answer has either its `value` or the code why it is `refused`"
                yield Fault("VALUE_OR_REFUSAL", f"/{part}/values/{number}", says)


def corrects_something(opened: Opened) -> Iterator[Fault]:
    """Rule 18. Who cannot read the sensitive part cannot tell."""
    bodies = [opened.part(name, CorrectedContent) for name in ("content", "sensitive")]
    if all(body is not None and not body.corrections for body in bodies):
        yield Fault("NOTHING_CORRECTED", "/content/corrections", "say here or in `sensitive` what is wrong")
