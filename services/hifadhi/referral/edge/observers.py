"""Rule 19: when an observer reads about a person (`domain.md` §8)."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.edge.consent import consented, in_force
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.request import RequestContent


def observers_are_invited(opened: Opened) -> Iterator[Fault]:
    """Rule 19. A message within a referral needs no such rule: there the registry knows who may be copied in."""
    if opened.copied is None:
        return
    observers = {agency for agency in opened.receivers if agency not in opened.country_of}
    for agency in sorted(observers - opened.copied - _asked_for(opened)):
        says = f"{agency} observes: it reads this by an arrangement, by a consent that names it, or if it is escalated"
        yield Fault("OBSERVER_UNINVITED", "/content", says)


def _asked_for(opened: Opened) -> set[str]:
    """A request bears the consent itself, so that its receiver sees it too."""
    if opened.part("content", RequestContent) is None:
        return consented(opened)
    consent = in_force(opened)
    return {use.agency for use in consent.scope} if consent else set()
