"""One batch of submissions, ruled in memory: what a transaction will then make true, all of it or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hifadhi.errors import Tampered
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf
from hifadhi.evidence.leaf import LAPSED, Leaf
from hifadhi.evidence.submission import Submission
from hifadhi.referral import instant
from hifadhi.referral.case import Clock
from hifadhi.stream.port import Record


@dataclass(slots=True)
class Batch:
    """Leaves and dead letters of the records from `position` up to (not including) `next_position`."""

    position: int
    size: int
    next_position: int
    leaves: list[NewLeaf] = field(default_factory=list)
    dead: list[tuple[Record, DeadLetter]] = field(default_factory=list)


def rule(fold: Fold, position: int, records: Sequence[Record], read: Mapping[int, Submission]) -> Batch:
    """Rule all the records; `fold` has at hand every case that is due or named in them.

    `read`: by position, the submissions in those that have been read already.
    """
    batch = Batch(position, fold.size, records[-1].position + 1)
    for record in records:
        batch.leaves.extend(_lapses(fold, record, None))
        if not record.value:  # a tick: it only brings the time
            continue
        submission = read.get(record.position)
        if submission:
            outcome = fold.rule_read(record.position, record.time_ms, submission)
        else:
            outcome = fold.rule(record.position, record.time_ms, record.value)
        if isinstance(outcome, NewLeaf):
            batch.leaves.append(outcome)
        elif isinstance(outcome, DeadLetter):
            batch.dead.append((record, outcome))
    return batch


def lapses_only(fold: Fold, position: int, trigger: Record, last: Clock) -> Batch:
    """Seal the lapses that `trigger` brings, up to the clock `last`; the position stays, so the rest follows."""
    batch = Batch(position, fold.size, position)
    batch.leaves.extend(_lapses(fold, trigger, last))
    return batch


def _lapses(fold: Fold, trigger: Record, last: Clock | None) -> Iterable[NewLeaf]:
    while (first := fold.next_clock()) and (last is None or first <= last):
        sealed = fold.lapse(trigger.position, trigger.time_ms)
        if sealed is None:
            return
        yield sealed


def stored_at(leaf: Leaf) -> int:
    """When the leaf's trigger was stored, milliseconds UTC."""
    return instant.parse(leaf.ruling.stored_at)


def refold(fold: Fold, position: int, leaves: Sequence[Leaf]) -> Batch:
    """The batch that these leaves of `record` once were; `Tampered` if they are not what the rules give."""
    batch = Batch(position, fold.size, position)
    for leaf in leaves:
        ruling = leaf.ruling
        time_ms, index = stored_at(leaf), fold.size
        lapsed = ruling.ruling == LAPSED
        outcome = fold.lapse(ruling.position, time_ms) if lapsed else fold.rule(ruling.position, time_ms, leaf.envelope)
        if not isinstance(outcome, NewLeaf) or outcome.leaf != leaf:
            raise Tampered("record holds a leaf that the rules do not give", index=index)
        batch.leaves.append(outcome)
        # A lapse may have been one of several of its trigger, and its trigger may still be to rule.
        batch.next_position = ruling.position + (not lapsed)
    return batch
