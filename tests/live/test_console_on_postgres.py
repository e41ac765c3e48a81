"""What only a database could do otherwise: the console's own tests, on PostgreSQL."""

import pytest

from unit.hub.console.conftest import ledger, place
from unit.hub.console.test_ledger import (
    test_everything_can_be_made_again_from_index_0,
    test_the_rows_hold_the_heads_that_the_fold_has,
    test_two_consoles_on_one_store_hurt_nothing,
    test_who_lost_the_swap_has_written_nothing,
)
from unit.hub.console.test_live import (
    test_a_page_is_told_of_every_kind_of_change_and_of_its_own_new_revision,
)
from unit.hub.console.test_overview import (
    test_clocks_due_at_the_same_moment_are_all_shown_over_the_page_border,
    test_open_deadlines_stand_in_pages_of_one_order_without_gap_or_double,
    test_the_oldest_unfetched_entry_names_the_agency_until_it_has_fetched_it,
    test_the_order_is_that_of_the_deadlines_whatever_the_ids,
)
from unit.hub.console.test_referral_page import (
    test_a_long_timeline_stands_in_pages_without_gap_or_double,
    test_another_referral_of_the_case_shows_only_where_it_moves_responsibility,
)

__all__ = [
    "ledger",
    "place",
    "test_a_long_timeline_stands_in_pages_without_gap_or_double",
    "test_a_page_is_told_of_every_kind_of_change_and_of_its_own_new_revision",
    "test_another_referral_of_the_case_shows_only_where_it_moves_responsibility",
    "test_clocks_due_at_the_same_moment_are_all_shown_over_the_page_border",
    "test_everything_can_be_made_again_from_index_0",
    "test_open_deadlines_stand_in_pages_of_one_order_without_gap_or_double",
    "test_the_oldest_unfetched_entry_names_the_agency_until_it_has_fetched_it",
    "test_the_order_is_that_of_the_deadlines_whatever_the_ids",
    "test_the_rows_hold_the_heads_that_the_fold_has",
    "test_two_consoles_on_one_store_hurt_nothing",
    "test_who_lost_the_swap_has_written_nothing",
]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("on_postgres")]
