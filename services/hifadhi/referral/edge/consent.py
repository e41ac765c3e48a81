"""Whom the person lets have their data, by the newest consent that this edge knows of."""

from hifadhi.referral.closed import Closed
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.data import ConsentContent
from hifadhi.referral.parts.request import RequestContent


def consented(opened: Opened) -> set[str]:
    """The agencies that it names; none, if it was withdrawn or there is none."""
    for body in opened.ever(Closed):
        if isinstance(body, ConsentContent):
            return {use.agency for use in body.scope}
        if isinstance(body, RequestContent) and body.processing.consent:
            consent = body.processing.consent
            return set() if consent.withdrawn_at else {use.agency for use in consent.scope}
    return set()
