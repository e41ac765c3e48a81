"""The bodies of an outcome, of the end of a case and of its new beginning."""

from hifadhi.referral.closed import Closed, Maybe
from hifadhi.referral.coded import Outcome, ReopeningReason
from hifadhi.referral.pieces import Date, Note


class OutcomeContent(Closed):
    """What came of a service, or of the case."""

    outcome: Outcome
    date: Date
    text: Maybe[Note] = None


class ClosedContent(Closed):
    """Why the case is closed."""

    closure: Outcome
    date: Date
    text: Maybe[Note] = None


class ReopenedContent(Closed):
    """Why the case is opened again."""

    reason: ReopeningReason
    text: Maybe[Note] = None
