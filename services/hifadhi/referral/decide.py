"""May this happen to this case now? Pure functions of this message and earlier leaves (`domain.md` §§3-4).

The first rule that fails gives the code:

1. ID_REUSED: an id stands for one payload, for ever.
2. CASE_UNKNOWN: the case was opened by a recorded encounter.
3. NOT_PARTY: only parties act in a case, and within a referral only its two sides, each in its own part; an encounter
   and an assumption of responsibility may come from others.
4. OTHER_CASE: what a message names belongs to its own case.
5. NOT_RESPONSIBLE: only who owes protection may ask another for it, close the case, or open it again.
6. NOT_ALLOWED_NOW: a decision fits the state in the table (a fact or a note that does not is recorded as irregular),
   and a case has a bounded number of requests: what one agency sends must not slow the rulings of all.
7. STALE_STATE: a decision was made on the version in force: nobody answers what was changed meanwhile.
8. LIVE_REFERRAL: one live request for responsibility in a case: no person is offered to two.
9. NEW_ELEMENT_MISSING: what was finally declined is not asked again of the same agency without something new.

This module has the rules that hold for every message; `decide_referral`, `decide_case` and `decide_data` the rest.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hifadhi.referral import decide_case, decide_data, decide_referral
from hifadhi.referral.case import Case
from hifadhi.referral.header import Header
from hifadhi.referral.headers import EncounterReported
from hifadhi.referral.verdict import RECORDED, Known, Verdict

# These may come from an agency that is no party yet.
OPEN_TO_ALL: Final = frozenset({"encounter.reported", "responsibility.assumed", "link.proposed"})


def decide(header: Header, case: Case | None, known: Known) -> Verdict:
    """The verdict on an admitted message, given its case and what it names."""
    if header.id in known.past:  # rule 1
        return Verdict("ID_REUSED")
    if isinstance(header, EncounterReported) and header.case is None:
        return RECORDED
    if case is None:  # rule 2
        return Verdict("CASE_UNKNOWN")
    if header.type not in OPEN_TO_ALL and header.sender not in case.parties:  # rule 3
        return Verdict("NOT_PARTY")
    return _RULES[header.type](header, case, known)


_RULES: Final[Mapping[str, Callable[[Any, Case, Known], Verdict]]] = {
    **decide_referral.RULES,
    **decide_case.RULES,
    **decide_data.RULES,
}
