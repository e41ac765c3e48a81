"""What only a database could do otherwise: the registry's own tests, on PostgreSQL."""

import pytest

from unit.hub.registry.conftest import place
from unit.hub.registry.test_dead_letters import (
    test_a_dead_letter_as_large_as_an_entry_can_be_is_told_by_its_beginning,
)
from unit.hub.registry.test_lease import (
    test_it_is_taken_from_one_that_is_silent_and_not_sooner,
    test_of_two_that_see_it_silent_one_takes_it,
    test_one_that_wakes_finds_out_at_its_next_beat,
)
from unit.hub.registry.test_publisher import (
    test_a_publisher_paused_before_the_dead_letters_overwrites_nothing_newer,
    test_a_publisher_paused_before_the_directory_overwrites_nothing_newer,
    test_a_publisher_paused_before_the_record_overwrites_nothing_newer,
)
from unit.hub.registry.test_recovery import (
    test_an_empty_database_beside_a_full_record_is_folded_back_from_the_first_leaf,
    test_different_leaves_at_the_overlap_stop_the_start,
)
from unit.hub.registry.test_service import (
    test_a_commit_in_doubt_that_did_happen_is_not_made_again,
    test_more_lapses_at_once_than_one_transaction_takes_are_all_sealed_in_order,
    test_of_two_registries_one_wins_every_swap_and_no_leaf_is_lost_or_doubled,
    test_who_stands_by_publishes_what_a_dead_registry_had_only_sealed,
    test_who_stands_by_ticks_for_the_deadlines_that_a_dead_registry_saw,
)
from unit.hub.registry.test_tiling import (
    test_at_every_size_the_files_are_those_of_the_tree_and_every_leaf_is_proven,
    test_tiles_made_again_in_steps_are_the_same,
)

__all__ = [
    "place",
    "test_a_commit_in_doubt_that_did_happen_is_not_made_again",
    "test_a_dead_letter_as_large_as_an_entry_can_be_is_told_by_its_beginning",
    "test_a_publisher_paused_before_the_dead_letters_overwrites_nothing_newer",
    "test_a_publisher_paused_before_the_directory_overwrites_nothing_newer",
    "test_a_publisher_paused_before_the_record_overwrites_nothing_newer",
    "test_an_empty_database_beside_a_full_record_is_folded_back_from_the_first_leaf",
    "test_at_every_size_the_files_are_those_of_the_tree_and_every_leaf_is_proven",
    "test_different_leaves_at_the_overlap_stop_the_start",
    "test_it_is_taken_from_one_that_is_silent_and_not_sooner",
    "test_more_lapses_at_once_than_one_transaction_takes_are_all_sealed_in_order",
    "test_of_two_registries_one_wins_every_swap_and_no_leaf_is_lost_or_doubled",
    "test_of_two_that_see_it_silent_one_takes_it",
    "test_one_that_wakes_finds_out_at_its_next_beat",
    "test_tiles_made_again_in_steps_are_the_same",
    "test_who_stands_by_publishes_what_a_dead_registry_had_only_sealed",
    "test_who_stands_by_ticks_for_the_deadlines_that_a_dead_registry_saw",
]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("on_postgres")]
