"""What of each lie can be shown to programs that know trees and nothing of leaves: ledgers, and proofs of leaves."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from hifadhi.agency.auditor import dossier
from hifadhi.evidence import b64u
from hifadhi.evidence.proof import Proof
from liars import agency_lies, ledger_lies, view_lies
from liars.liar import Files, Liar


@dataclass(frozen=True, slots=True)
class Shown:
    """A ledger's files, or proofs with their leaves.

    `elsewhere`: a checkpoint that others were shown; of proofs, their own, to be held against the honest ledger.
    """

    elsewhere: bytes
    ledger: Files | None = None
    proofs: tuple[tuple[str, bytes], ...] = ()


MOST: Final = 3
"""So many proofs are shown of several that hang together; the lie is among them."""

Told = Callable[[Liar], Iterable[Shown]]


def a_ledger(told: Callable[[Liar], Files], elsewhere: Callable[[Liar], bytes] | None = None) -> Told:
    """Held against the newest honest checkpoint, or another."""

    def show(liar: Liar) -> Iterable[Shown]:
        yield Shown((elsewhere or _newest)(liar), told(liar))

    return show


def ledgers(told: Callable[[Liar], Iterable[Files]]) -> Told:
    return lambda liar: (Shown(_newest(liar), files) for files in told(liar))


def a_leaf(told: Callable[[Liar], agency_lies.Shown]) -> Told:
    def show(liar: Liar) -> Iterable[Shown]:
        proof, leaf = told(liar)
        yield Shown(proof.checkpoint_note.encode(), proofs=((proof.format(), leaf),))

    return show


def a_page(told: Callable[[Liar], bytes]) -> Told:
    """The row of each statement, as a proof of its own."""

    def show(liar: Liar) -> Iterable[Shown]:
        page = json.loads(told(liar))
        proofs = (
            Proof(row["index"], tuple(map(b64u.decode, row["proof"])), page["checkpoint"])
            for row in page["data"][:MOST]
        )
        pairs = zip(proofs, page["data"][:MOST], strict=True)
        shown = tuple((proof.format(), b64u.decode(row["leaf"])) for proof, row in pairs)
        yield Shown(page["checkpoint"].encode(), proofs=shown)

    return show


def a_dossier(told: Callable[[Liar], Files]) -> Told:
    def show(liar: Liar) -> Iterable[Shown]:
        files = told(liar)
        proved = [name.removesuffix(dossier.PROOF) for name in files if name.endswith(dossier.PROOF)]
        shown = tuple((files[name + dossier.PROOF].decode(), files[name]) for name in proved[:MOST])
        yield Shown(files["checkpoint"], proofs=shown)

    return show


def nothing(_: Liar) -> Iterable[Shown]:
    return ()


def _newest(liar: Liar) -> bytes:
    return liar.honest.files["checkpoint"]


def _earlier(liar: Liar) -> Files:
    return dict(liar.honest.earlier)


SHOWN: Mapping[str, Told] = {
    "test_forge_a_message_in_an_agencys_name": a_ledger(ledger_lies.forge_a_message_in_an_agencys_name),
    "test_forge_a_message_in_one_inbox": a_leaf(agency_lies.forge_a_message_in_one_inbox),
    "test_show_one_agency_a_leaf_that_nobody_else_has": a_leaf(agency_lies.show_one_agency_another_leaf),
    "test_forge_a_message_for_a_judge": a_dossier(view_lies.forge_a_message_for_a_judge),
    "test_forge_an_agency_that_nobody_admitted": a_ledger(ledger_lies.forge_an_agency_that_nobody_admitted),
    "test_drop_a_message_that_others_build_on": a_ledger(ledger_lies.drop_a_message_that_others_build_on),
    "test_drop_the_newest_leaves_but_keep_the_checkpoint": a_ledger(
        ledger_lies.drop_the_newest_leaves_but_keep_the_checkpoint
    ),
    "test_drop_a_message_that_nothing_builds_on_leaves_a_gap_in_its_keys_numbers": a_ledger(
        ledger_lies.drop_a_message_that_nothing_builds_on
    ),
    "test_drop_a_message_and_deny_the_receipt": a_ledger(view_lies.withhold_a_message),
    "test_reorder_two_messages": a_ledger(ledger_lies.reorder_two_messages),
    "test_reorder_two_messages_that_keep_each_others_places": a_ledger(
        ledger_lies.reorder_two_messages_that_keep_each_others_places
    ),
    "test_reorder_by_ruling_in_another_order": a_ledger(view_lies.reorder_by_ruling_in_another_order),
    "test_alter_one_bit_of_a_message": ledgers(partial(ledger_lies.alter_one_bit_of_a_message, apart=700)),
    "test_alter_one_bit_of_any_file": ledgers(partial(ledger_lies.alter_one_bit_of_any_file, apart=7919)),
    "test_backdate_a_message_to_before_the_leaf_before_it": a_ledger(
        ledger_lies.backdate_a_message_to_before_the_leaf_before_it
    ),
    "test_backdate_an_answer_to_before_its_deadline": a_ledger(ledger_lies.backdate_an_answer_to_before_its_deadline),
    "test_backdate_within_what_the_neighbours_allow": a_ledger(view_lies.backdate_within_what_the_neighbours_allow),
    "test_postdate_a_message": a_ledger(view_lies.postdate_a_message),
    "test_fork_two_views_of_one_size": a_ledger(view_lies.fork_of_the_same_size),
    "test_fork_two_views_of_different_sizes": a_ledger(
        view_lies.fork_that_an_older_checkpoint_shows, lambda liar: liar.honest.earlier["checkpoint"]
    ),
    "test_fork_for_a_judge": a_dossier(view_lies.fork_for_a_judge),
    "test_fork_before_an_agencys_eyes": a_ledger(view_lies.fork_of_the_same_size),
    "test_fork_before_a_mirrors_eyes": a_ledger(view_lies.fork_that_has_grown),
    "test_roll_back_before_an_agencys_eyes": a_ledger(_earlier),
    "test_roll_back_before_a_mirrors_eyes": a_ledger(_earlier),
    "test_roll_back_an_auditor_who_has_only_the_old_mirror": a_ledger(_earlier),
    "test_withhold_a_message": a_ledger(view_lies.withhold_a_message),
    "test_withhold_the_newest_message_is_open_until_the_ledger_goes_on": a_ledger(
        view_lies.withhold_the_newest_message
    ),
    "test_withhold_a_message_behind_a_receipt_that_says_no_instant": a_ledger(view_lies.withhold_a_message),
    "test_replay_a_message": a_ledger(ledger_lies.replay_a_message),
    "test_replay_a_message_under_a_new_signature": a_ledger(ledger_lies.replay_a_message_under_a_new_signature),
    "test_replay_an_old_receipt_for_a_new_message": nothing,
    "test_substitute_a_part_for_another_of_the_same_message": nothing,
    "test_substitute_a_part_by_one_bit": nothing,
    "test_strip_a_signature_of_governance": a_ledger(ledger_lies.strip_a_signature_of_governance),
    "test_strip_the_second_states_signature": a_ledger(ledger_lies.strip_the_second_states_signature),
    "test_strip_the_checkpoints_signature": a_ledger(ledger_lies.strip_the_checkpoints_signature),
    "test_strip_the_post_quantum_signature": a_ledger(ledger_lies.strip_the_post_quantum_signature),
    "test_forge_the_post_quantum_signature": ledgers(
        lambda liar: (
            ledger_lies.forge_the_post_quantum_signature(liar),
            ledger_lies.forge_the_post_quantum_signature_under_its_keys_id(liar),
        )
    ),
    "test_strip_a_signature_of_governance_in_a_tree_made_for_one_agency": a_page(
        agency_lies.strip_a_signature_in_a_tree_made_for_one_agency
    ),
    "test_swap_an_agencys_key_for_the_hubs": a_ledger(ledger_lies.swap_an_agencys_key_for_the_hubs),
    "test_swap_a_key_by_adding_one_with_a_key_of_the_hub": a_ledger(
        ledger_lies.swap_a_key_by_adding_one_with_a_key_of_the_hub
    ),
    "test_swap_the_ledgers_key": a_ledger(ledger_lies.swap_the_ledgers_key),
    "test_swap_a_key_in_the_directory_that_one_agency_is_shown": a_page(agency_lies.swap_a_key_in_the_directory),
    "test_swap_a_key_in_a_tree_made_for_one_agency": a_page(agency_lies.swap_a_key_in_a_tree_made_for_one_agency),
    "test_swap_a_key_for_a_judge": a_dossier(view_lies.swap_a_key_for_a_judge),
    "test_rule_wrongly": a_ledger(ledger_lies.rule_wrongly),
    "test_skip_a_lapse": a_ledger(ledger_lies.skip_a_lapse),
    "test_put_a_lapse_off": a_ledger(ledger_lies.put_a_lapse_off),
    "test_make_a_lapse_up": a_ledger(ledger_lies.make_a_lapse_up),
    "test_bring_a_lapse_forward": a_ledger(ledger_lies.bring_a_lapse_forward),
    "test_answer_for_another_agency": a_ledger(ledger_lies.answer_for_another_agency),
    "test_answer_for_an_agency_that_was_not_asked": a_ledger(ledger_lies.answer_for_an_agency_that_was_not_asked),
    "test_answer_for_another_agency_before_a_judge": a_dossier(view_lies.answer_for_another_agency_before_a_judge),
    "test_answer_for_another_agency_in_one_inbox": a_leaf(agency_lies.answer_for_another_agency_in_one_inbox),
}
"""By the test that plays it."""
