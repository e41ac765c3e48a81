"""What a recorded message, or a lapse, makes of its case. Pure; the same leaves give the same case."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hifadhi.referral import clocks, evolve_case, evolve_referral
from hifadhi.referral.case import Case, Clock, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.moment import Moment
from hifadhi.referral.moves import moved
from hifadhi.referral.table import CONCILIATION, CONSENT, MOVES, STALLED


def evolve(case: Case | None, header: Header, stored_at: int, directory: Directory, past: Mapping[str, Sealed]) -> Case:
    """The case after a recorded, regular message, stored at `stored_at` (milliseconds UTC)."""
    now = Moment(stored_at, directory, past)
    after = _opened(header, directory) if case is None else _effect(_joined(case, header), header, now)
    return _heard(after, header, case, now)


def joined(case: Case, header: Header) -> Case:
    """The case after an irregular message: its parties, and an arrival that overtook its departure."""
    return evolve_referral.came(_joined(case, header), header)


def lapse(case: Case, clock: Clock, directory: Directory) -> Case:
    """The case after a clock has run out. What follows starts when it was due, not when the hub saw it."""
    over = _LAPSES.get(clock.clock)
    if over:
        return replace(over(case, clock), version=case.version + 1)
    referral = case.referrals[clock.subject]
    move = MOVES[referral.kind][referral.state, f"lapse:{clock.clock}"]
    return moved(case, referral, move, clock.due, directory, counts=True)


def _effect(case: Case, header: Header, now: Moment) -> Case:
    case, effect = evolve_referral.copied_in(case, header, now.directory), _EFFECTS.get(header.type)
    return effect(case, header, now) if effect else case


def _opened(header: Header, directory: Directory) -> Case:
    responsible = directory.owes_after(header) or ""  # admission has seen to it that there is one
    return Case(header.id, 1, responsible, frozenset({header.sender, *header.addressees}))


def _joined(case: Case, header: Header) -> Case:
    parties = case.parties.union((header.sender, *header.addressees))
    return case if parties == case.parties else replace(case, parties=parties)


def _heard(case: Case, header: Header, before: Case | None, now: Moment) -> Case:
    """Each word of the responsible agency, and each change of it, starts the time of its silence anew."""
    if case.is_closed:
        return replace(case, silent_due=None) if case.silent_due else case
    moved_here = before is None or before.owed_by != case.responsible
    if header.sender != case.responsible and not moved_here:
        return case
    offset = now.directory.agencies[case.responsible].utc_offset
    due = clocks.due(STALLED, "standard", now.at, offset)
    return case if due == case.silent_due else replace(case, silent_due=due)


_EFFECTS: Final[Mapping[str, Callable[[Case, Any, Moment], Case]]] = {
    **evolve_referral.EFFECTS,
    **evolve_case.EFFECTS,
}


def _silent(case: Case, _clock: Clock) -> Case:
    return replace(case, silent_due=None)


def _unsettled(case: Case, _clock: Clock) -> Case:
    return replace(case, dispute=replace(case.dispute, due=None)) if case.dispute else case


def _unconfirmed(case: Case, clock: Clock) -> Case:
    told = {holder: one for holder, one in case.restrictions.items() if one.message == clock.subject}
    late = {holder: replace(one, due=None) for holder, one in told.items()}
    return replace(case, restrictions={**case.restrictions, **late})


_LAPSES: Final[Mapping[str, Callable[[Case, Clock], Case]]] = {
    STALLED: _silent,
    CONCILIATION: _unsettled,
    CONSENT: _unconfirmed,
}
