"""The bodies of a responsibility that is assumed, contested, advised on, and settled."""

from hifadhi.referral.closed import Closed
from hifadhi.referral.coded import AssumptionGround, DisputeIssue
from hifadhi.referral.pieces import Narrative, Note


class AssumedContent(Closed):
    """Why the agency takes responsibility by itself."""

    ground: AssumptionGround
    text: Note


class DisputeContent(Closed):
    """What is contested, and why."""

    issue: DisputeIssue
    text: Narrative


class AdviceContent(Closed):
    """What the observer thinks of it. It binds nobody."""

    issue: DisputeIssue
    advice: Narrative


class ResolutionContent(Closed):
    """How the two states settled it."""

    issue: DisputeIssue
    result: Narrative
