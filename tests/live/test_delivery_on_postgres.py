"""What only a database could do otherwise: delivery's own tests, on PostgreSQL."""

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.util import await_only

from delivery_place import Place
from hifadhi.hub.delivery import handovers
from hifadhi.hub.delivery.handovers import Outbox
from unit.hub.delivery.conftest import place
from unit.hub.delivery.test_erased_on_the_way import (
    crossed,
    test_a_page_that_lands_behind_the_tombstone_leaves_nothing_in_the_topic,
    test_a_part_that_comes_while_its_tombstone_is_on_its_way_gets_another,
)
from unit.hub.delivery.test_erasures import (
    asked,
    test_a_reader_that_names_a_part_as_its_own_does_not_destroy_it,
    test_rows_made_again_from_index_0_do_not_wait_for_what_was_erased,
)
from unit.hub.delivery.test_follower import (
    test_a_crash_before_the_commit_leaves_nothing_and_the_batch_is_followed_again,
    test_a_rebuild_from_index_0_gives_the_same_inboxes,
    test_items_are_the_sealed_bytes_in_the_order_of_the_ledger,
    test_two_followers_of_one_database_deliver_once,
)
from unit.hub.delivery.test_handovers import READERS, in_both_inboxes, untold
from unit.hub.delivery.test_reissue import (
    scene,
    test_a_second_erasure_while_the_item_is_on_its_way_for_the_first_is_told_last,
    test_an_agency_that_has_the_part_by_another_message_only_is_told_too,
    test_an_item_stands_before_the_tombstone_with_all_who_named_the_part,
    test_however_many_items_name_a_part_they_are_appended_in_pieces_with_the_tombstone_behind_all,
    test_what_a_release_without_the_rows_has_followed_is_found_by_its_own_message,
    test_while_the_inboxes_are_made_again_nothing_is_taken_for_told,
)
from unit.hub.delivery.test_web import (
    test_a_case_is_shown_to_its_parties_and_unknown_to_all_others,
    test_a_rebuild_keeps_what_was_fetched,
    test_coming_back_acknowledges_once_and_is_made_known,
    test_pages_follow_each_other_without_gap_or_double,
    test_what_was_noted_and_not_published_is_published_after_a_restart,
)

__all__ = [
    "asked",
    "crossed",
    "place",
    "scene",
    "test_a_case_is_shown_to_its_parties_and_unknown_to_all_others",
    "test_a_crash_before_the_commit_leaves_nothing_and_the_batch_is_followed_again",
    "test_a_page_that_lands_behind_the_tombstone_leaves_nothing_in_the_topic",
    "test_a_part_that_comes_while_its_tombstone_is_on_its_way_gets_another",
    "test_a_reader_that_names_a_part_as_its_own_does_not_destroy_it",
    "test_a_rebuild_from_index_0_gives_the_same_inboxes",
    "test_a_rebuild_keeps_what_was_fetched",
    "test_a_second_erasure_while_the_item_is_on_its_way_for_the_first_is_told_last",
    "test_an_agency_that_has_the_part_by_another_message_only_is_told_too",
    "test_an_item_stands_before_the_tombstone_with_all_who_named_the_part",
    "test_coming_back_acknowledges_once_and_is_made_known",
    "test_however_many_items_name_a_part_they_are_appended_in_pieces_with_the_tombstone_behind_all",
    "test_items_are_the_sealed_bytes_in_the_order_of_the_ledger",
    "test_pages_follow_each_other_without_gap_or_double",
    "test_rows_made_again_from_index_0_do_not_wait_for_what_was_erased",
    "test_two_followers_of_one_database_deliver_once",
    "test_what_a_release_without_the_rows_has_followed_is_found_by_its_own_message",
    "test_what_was_noted_and_not_published_is_published_after_a_restart",
    "test_while_the_inboxes_are_made_again_nothing_is_taken_for_told",
]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("on_postgres")]


async def test_what_is_fetched_while_another_hand_over_is_marked_as_told_is_told(place: Place) -> None:
    """SQLite lets nobody write in between."""
    await in_both_inboxes(place)
    await handovers.note(place.store, READERS[0], 0, "first")
    due = [READERS[1]]

    def fetched_meanwhile(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if due and statement.startswith("UPDATE delivery_handovers"):
            await_only(handovers.note(place.store, due.pop(), 0, "later"))

    event.listen(Engine, "before_cursor_execute", fetched_meanwhile)
    try:
        await Outbox(place.store, place.stream).run_once()
    finally:
        event.remove(Engine, "before_cursor_execute", fetched_meanwhile)
    assert due == []
    assert await untold(place) == 0
    assert [one["at"] for one in (await place.deliveries())["0"]["delivered"]] == ["first", "later"]
