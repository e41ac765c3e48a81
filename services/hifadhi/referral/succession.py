"""What becomes of a case when an agency is removed: its successor stands in its place, with all that it owed."""

from collections.abc import Iterator
from dataclasses import replace

from hifadhi.referral.case import Case, Referral
from hifadhi.referral.directory import Directory
from hifadhi.referral.moves import overtaken
from hifadhi.referral.overlays import Restriction


def inherited(case: Case, directory: Directory) -> Case:
    """The case as the directory makes it; the same one where nobody of it was removed.

    It is asked whenever a case is taken up, so that one statement need not touch every case; asked twice, it gives the
    same. The version rises once: a decision on what it was before is stale.
    """
    if not directory.removed or not _named(case) & directory.removed.keys():
        return case
    referrals = {name: _referral(one, directory) for name, one in case.referrals.items()}
    after = replace(
        case,
        version=case.version + 1,
        responsible=directory.heir(case.responsible),
        parties=case.parties | {directory.heir(party) for party in case.parties},
        referrals=referrals,
        restrictions=dict(_restrictions(case, directory)),
    )
    if after.dispute:
        first, second = map(directory.heir, after.dispute.sides)
        after = replace(after, dispute=replace(after.dispute, sides=(first, second)) if first != second else None)
    with_itself = [one.id for one in referrals.values() if one.sender == one.receiver]
    return overtaken(after, 0, directory, only=with_itself)


def _referral(referral: Referral, directory: Directory) -> Referral:
    """One that has ended stays as it was: it is history."""
    if referral.has_ended:
        return referral
    sides = (directory.heir(referral.sender), directory.heir(referral.receiver))
    if sides == (referral.sender, referral.receiver):
        return referral
    return replace(referral, sender=sides[0], receiver=sides[1], version=referral.version + 1)


def _restrictions(case: Case, directory: Directory) -> Iterator[tuple[str, Restriction]]:
    """Nobody waits for the confirmation of who takes no part any more and has no successor."""
    for holder, one in case.restrictions.items():
        pending = frozenset(heir for heir in map(directory.heir, one.pending) if heir not in directory.removed)
        if pending:
            yield directory.heir(holder), replace(one, pending=pending)


def _named(case: Case) -> set[str]:
    """Those in whose place a successor would stand."""
    open_ones = [one for one in case.referrals.values() if not one.has_ended]
    sides = {agency for one in open_ones for agency in (one.sender, one.receiver)}
    pending = {agency for one in case.restrictions.values() for agency in one.pending}
    return {case.responsible, *sides, *pending, *(case.dispute.sides if case.dispute else ())}
