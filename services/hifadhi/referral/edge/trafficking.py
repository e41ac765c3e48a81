"""Rules 10 and 11: what a victim of trafficking has agreed to, and whether the way is safe."""

from collections.abc import Iterator

from hifadhi.errors import Fault
from hifadhi.referral.edge.consent import in_force
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.parts.request import RequestContent, RequestSensitive

TRAFFICKED = frozenset({"VOT_PRESUMED", "VOT_IDENTIFIED"})


def victim_consented(opened: Opened) -> Iterator[Fault]:
    """Rule 10."""
    content = opened.part("content", RequestContent)
    if content is None or not _trafficked(opened):
        return
    consent = in_force(opened)
    if consent is None:
        says = "a trafficking victim's consent must be in force, and given after any change that was told of it"
        yield Fault("CONSENT_MISSING", "/content/processing/consent", says)
        return
    allowed = {(use.agency, use.purpose) for use in consent.scope}
    if not allowed.issuperset((agency, purpose) for agency in opened.receivers for purpose in content.purposes):
        says = "must name every receiver of content or sensitive, with every purpose of the request"
        yield Fault("CONSENT_MISSING", "/content/processing/consent/scope", says)


def victim_has_risk_assessment(opened: Opened) -> Iterator[Fault]:
    """Rule 11."""
    sensitive = opened.part("sensitive", RequestSensitive)
    if sensitive and _trafficked(opened) and sensitive.trafficking is None:
        says = "a trafficking victim is referred with a risk assessment; name it here"
        yield Fault("RISK_ASSESSMENT_MISSING", "/sensitive/trafficking", says)


def _trafficked(opened: Opened) -> bool:
    sensitive = opened.part("sensitive", RequestSensitive)
    if sensitive is None:
        return False
    return sensitive.trafficking is not None or any(entry.profile in TRAFFICKED for entry in sensitive.profiles)
