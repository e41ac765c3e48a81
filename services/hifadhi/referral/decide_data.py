"""May this be said of sealed data now? Rules 3 and 4 of `decide`: facts and notes, never refused for a state."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hifadhi.referral.case import Case
from hifadhi.referral.headers import ConsentChanged, DataCorrected, DataRestricted, ErasureOrdered
from hifadhi.referral.verdict import IRREGULAR, RECORDED, Known, Verdict


def _of_its_own(header: DataCorrected | ErasureOrdered, case: Case, known: Known) -> Verdict:
    """Who sealed a message corrects it, or has its parts destroyed; nobody else does."""
    sealed = known.in_case(header.in_reply_to, case.id)
    if sealed is None:  # rule 4
        return Verdict("OTHER_CASE")
    return RECORDED if sealed.sender == header.sender else Verdict("NOT_PARTY")  # rule 3


def _consent(_header: ConsentChanged, _case: Case, _known: Known) -> Verdict:
    return RECORDED


def _restricted(header: DataRestricted, case: Case, known: Known) -> Verdict:
    """The answer to a change of consent, or to a withdrawal after which the receiver restricts the data as well."""
    told = known.in_case(header.in_reply_to, case.id)
    if told is None:  # rule 4
        return Verdict("OTHER_CASE")
    if header.to != (told.sender,):  # rule 3
        return Verdict("NOT_PARTY")
    return RECORDED if told.type in {"consent.changed", "referral.withdrawn"} else IRREGULAR


RULES: Final[Mapping[str, Callable[[Any, Case, Known], Verdict]]] = {
    "data.corrected": _of_its_own,
    "erasure.ordered": _of_its_own,
    "consent.changed": _consent,
    "data.restricted": _restricted,
}
