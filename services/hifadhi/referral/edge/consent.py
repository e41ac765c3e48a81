"""Whom the person lets have their data, by the newest consent that this edge knows of.

A request bears a consent that was given at some time before: what was changed or withdrawn since is not revived by it.
"""

from hifadhi.referral.closed import Closed
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.data import ConsentContent
from hifadhi.referral.parts.request import Consent, RequestContent


def consented(opened: Opened) -> set[str]:
    """The agencies that it names; none, if it was withdrawn or there is none."""
    changed = _last_changed(opened)
    for body in opened.ever(Closed):
        if isinstance(body, ConsentContent):
            return {use.agency for use in body.scope}
        consent = _borne(body)
        if consent and consent.withdrawn_at:
            return set()
        if consent and consent.at.utc >= changed:
            return {use.agency for use in consent.scope}
    return set()


def in_force(opened: Opened) -> Consent | None:
    """The consent that this request bears; None, if it bears none, or one that was withdrawn or changed since."""
    consent = _borne(opened.bodies.get("content"))
    holds = consent and consent.withdrawn_at is None and consent.at.utc >= _last_changed(opened)
    return consent if holds else None


def _last_changed(opened: Opened) -> str:
    """From when on the latest change or withdrawal holds. Instants of the wire sort as text."""
    changes = [body.effective_at.utc for body in opened.ever(ConsentContent)]
    consents = [_borne(body) for body in opened.ever(RequestContent)]
    withdrawn = [one.withdrawn_at.utc for one in consents if one and one.withdrawn_at]
    return max((*changes, *withdrawn), default="")


def _borne(body: Closed | None) -> Consent | None:
    return body.processing.consent if isinstance(body, RequestContent) else None
