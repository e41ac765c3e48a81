"""Reads everything that an exchange has left and finds whatever was promised and is not so."""

from pathlib import Path

from faults import projections, promises
from faults.folded import folded
from faults.journal import Journal
from faults.place import Place
from faults.remains import gathered, opened
from hifadhi.errors import Tampered
from hub_client import HubClient

PROMISES = (
    promises.honest_agencies_heard_no_refusal,
    promises.everything_posted_has_a_receipt,
    promises.every_receipt_has_its_leaf,
    promises.nothing_is_sealed_that_nobody_posted,
    promises.nothing_is_promised_that_is_not_stored,
    promises.every_position_has_one_outcome,
    promises.versions_run_from_one,
    promises.checkpoints_only_grow,
    promises.inboxes_are_the_ledger,
    promises.the_ledger_has_no_findings,
    projections.record_has_every_leaf_in_order,
    projections.directory_has_every_statement_in_order,
    projections.dead_letters_are_the_strangers,
    projections.progress_is_the_end,
    projections.heads_are_those_of_deciding_again,
    projections.deliveries_tell_what_is_fetched,
)


async def violations(place: Place, journal: Journal, client: HubClient, folder: Path) -> list[str]:
    """What is broken, in sentences, at an exchange that runs and that nobody posts to; empty if nothing is."""
    try:
        async with opened(place) as (stream, store):
            remains = await gathered(journal, client, stream, store)
            again = await folded(stream, journal.cast.root, folder)
    except Tampered as error:
        return [f"evidence contradicts itself: {error}"]
    found = [f"{promise.__name__}: {what}" for promise in PROMISES for what in promise(remains)]
    return found + [f"rows: {what}" for what in projections.rows_are_those_of_reading_again(remains, again)]
