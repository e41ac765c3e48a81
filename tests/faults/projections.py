"""What topics and rows must hold at rest: each promise a function that yields what breaks it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from faults.remains import Remains, Rows
from hifadhi.hub.console import tables as console
from hifadhi.hub.delivery import tables as delivery
from hifadhi.hub.registry import tables as registry
from hifadhi.stream.port import Record
from hifadhi.stream.topics import DEAD_LETTERS, DELIVERIES, DIRECTORY, PARTS, PROGRESS, RECORD, SUBMISSIONS
from topic_order import index_of


def record_has_every_leaf_in_order(remains: Remains) -> Iterator[str]:
    """Each for the first time behind those before it; a second time only as it was."""
    seen = 0
    for one in remains.topics[RECORD]:
        index = index_of(one)
        if index > seen:
            yield f"record skips index {seen} at position {one.position}"
        if index >= len(remains.ledger.raw) or one.value != remains.ledger.raw[index]:
            yield f"record has another leaf for index {index}"
        seen = max(seen, index + 1)
    if seen != len(remains.ledger.raw):
        yield f"record ends at {seen} of {len(remains.ledger.raw)} leaves"


def directory_has_every_statement_in_order(remains: Remains) -> Iterator[str]:
    expected = [row.leaf_index for row in remains.rows[registry.leaves.name] if row.is_statement]
    first: dict[int, Record] = {}
    for one in remains.topics[DIRECTORY]:
        if one.value != first.setdefault(index_of(one), one).value:
            yield f"directory has two leaves for index {index_of(one)}"
    if [*first] != expected:
        yield f"directory has the statements {[*first]}, not {expected}"
    for index, before in zip(expected, [-1, *expected], strict=False):
        for one in remains.topics[DIRECTORY]:
            if index_of(one) == index and int(dict(one.headers)["previous"]) != before:
                yield f"directory says that {dict(one.headers)['previous']!r} comes before {index}, not {before}"


def dead_letters_are_the_strangers(remains: Remains) -> Iterator[str]:
    at = {record.position: record.value for record in remains.topics[SUBMISSIONS]}
    strange = sorted(position for position, value in at.items() if value in {*remains.journal.strange})
    found = {int(one.key.partition(b":")[2]): one.value for one in remains.topics[DEAD_LETTERS]}
    if sorted(found) != strange:
        yield f"dead letters at {sorted(found)}, not {strange}"
    yield from (f"the dead letter {place} has other bytes" for place, value in found.items() if at.get(place) != value)
    if remains.rows[registry.dead_letters.name]:
        yield "dead letters still wait to be published"


def progress_is_the_end(remains: Remains) -> Iterator[str]:
    [state] = remains.rows[registry.state.name]
    said = json.loads(remains.topics[PROGRESS][-1].value or b"{}")
    end = remains.topics[SUBMISSIONS][-1].position + 1
    size = len(remains.ledger.raw)
    if said != {"position": end, "size": size}:
        yield f"progress says {said}, not position {end}, size {size}"
    if (state.position, state.size, state.published, state.checkpoint_size) != (end, size, size, size):
        yield f"the registry's row says {state.position, state.size, state.published, state.checkpoint_size}"


def heads_are_those_of_deciding_again(remains: Remains) -> Iterator[str]:
    """By an auditor, from the ledger alone."""
    for table in (registry.cases, delivery.cases, console.cases):
        heads = {row.id: row.head for row in remains.rows[table.name]}
        if heads != remains.ledger.cases:
            other = [case for case, head in heads.items() if remains.ledger.cases.get(case) != head]
            yield f"{table.name} differs: {len(heads)} of {len(remains.ledger.cases)} cases, other heads {other[:3]}"


def deliveries_tell_what_is_fetched(remains: Remains) -> Iterator[str]:
    """The newest record of each message names who has fetched it, and when, as the rows do."""
    told = {}
    for one in remains.topics[DELIVERIES]:
        state = json.loads(one.value or b"{}")
        told[state["index"]] = {by["agency"]: by["at"] for by in state["delivered"] if "at" in by}
    roles = {(row.agency, row.leaf_index): row.role for row in remains.rows[delivery.inbox.name]}
    messages = {row.leaf_index for row in remains.rows[delivery.messages.name]}
    for row in remains.rows[delivery.handovers.name]:
        if row.leaf_index in messages and roles[row.agency, row.leaf_index] != "sender":
            at = told.get(row.leaf_index, {}).get(row.agency)
            if at != row.at:
                yield f"{row.agency} fetched {row.leaf_index} at {row.at}; deliveries says {at}"


def _comparable(rows: Sequence[Any]) -> list[Any]:
    """Without the place in `parts`: the tombstones at its end are passed over with the next leaf, and not before.

    And without the size of an inbox item: one that was there before a part of it was erased counts that still.
    """
    shown = [vars(row) for row in rows if getattr(row, "topic", None) != PARTS]
    return [{name: value for name, value in row.items() if name != "size" or "agency" not in row} for row in shown]


def rows_are_those_of_reading_again(remains: Remains, folded: Rows) -> Iterator[str]:
    """Table by table, what following every topic from its beginning gives."""
    for table, rows in folded.items():
        found, expected = _comparable(remains.rows[table]), _comparable(rows)
        if found != expected:
            more = [row for row in found if row not in expected][:1]
            less = [row for row in expected if row not in found][:1]
            yield f"{table} has {len(found)} rows, not {len(expected)}; for example {more} for {less}"
