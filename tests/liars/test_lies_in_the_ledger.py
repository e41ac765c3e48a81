"""Lies that the ledger itself gives away: `hifadhi verify FOLDER`, offline, says which leaf does not stand."""

import pytest

from liars import ledger_lies as lies
from liars.liar import Caught, Liar, lie

NOT_SIGNED = "what cannot have a leaf, for it proves nothing (SIGNATURE)"
NOT_KNOWN = (
    "what cannot have a leaf, for it proves nothing (KEY_UNKNOWN); "
    "verify from the first root.json, not from one that a rotation brought"
)
ONE_OF_TWO = "the checkpoint lacks a signature: its origin has keys of two types, and one of each must sign"
RULED_OTHERWISE = "its 'ruling' is not what the rules give: refused"


def test_forge_a_message_in_an_agencys_name(liar: Liar) -> None:
    told = lies.forge_a_message_in_an_agencys_name(liar)
    assert liar.caught(told) == Caught(liar.at("accepted"), NOT_SIGNED)


def test_forge_an_agency_that_nobody_admitted(liar: Liar) -> None:
    assert liar.caught(lies.forge_an_agency_that_nobody_admitted(liar)) == Caught(0, NOT_KNOWN)


def test_drop_a_message_that_others_build_on(liar: Liar) -> None:
    told = lies.drop_a_message_that_others_build_on(liar)
    assert liar.caught(told) == Caught(liar.at("opened"), RULED_OTHERWISE)


def test_drop_the_newest_leaves_but_keep_the_checkpoint(liar: Liar) -> None:
    told = lies.drop_the_newest_leaves_but_keep_the_checkpoint(liar)
    assert liar.caught(told).index == 0  # the bundle of the whole tree is not there


def test_drop_a_message_that_nothing_builds_on_leaves_a_gap_in_its_keys_numbers(liar: Liar) -> None:
    """A receipt proves it, the gap only raises the question."""
    findings = liar.passes(lies.drop_a_message_that_nothing_builds_on(liar)).report.findings
    assert [(one.code, one.agency) for one in findings] == [("SEQUENCE_GAP", "TZ-RSD")]


def test_reorder_two_messages(liar: Liar) -> None:
    assert liar.caught(lies.reorder_two_messages(liar)).index == liar.at("asked") - 1


def test_reorder_two_messages_that_keep_each_others_places(liar: Liar) -> None:
    told = lies.reorder_two_messages_that_keep_each_others_places(liar)
    assert liar.caught(told) == Caught(liar.at("asked") - 1, RULED_OTHERWISE)


def test_alter_one_bit_of_a_message(liar: Liar) -> None:
    for told in lies.alter_one_bit_of_a_message(liar):
        assert lie(lambda told=told: liar.passes(told)).index == liar.at("last")  # type: ignore[misc]


def test_alter_one_bit_of_any_file(liar: Liar) -> None:
    for told in lies.alter_one_bit_of_any_file(liar):
        lie(lambda told=told: liar.passes(told))  # type: ignore[misc]


def test_backdate_a_message_to_before_the_leaf_before_it(liar: Liar) -> None:
    told = lies.backdate_a_message_to_before_the_leaf_before_it(liar)
    assert liar.caught(told) == Caught(liar.at("last"), "stored before the leaf before it")


def test_backdate_an_answer_to_before_its_deadline(liar: Liar) -> None:
    assert liar.caught(lies.backdate_an_answer_to_before_its_deadline(liar)).index == liar.lapse


def test_replay_a_message(liar: Liar) -> None:
    why = f"the same message has its leaf already, at index {liar.at('opened')}"
    assert liar.caught(lies.replay_a_message(liar)) == Caught(len(liar.leaves), why)


def test_replay_a_message_under_a_new_signature(liar: Liar) -> None:
    assert liar.caught(lies.replay_a_message_under_a_new_signature(liar)).index == len(liar.leaves)


@pytest.mark.parametrize("number", [0, 1])
def test_strip_a_signature_of_governance(liar: Liar, number: int) -> None:
    assert liar.caught(lies.strip_a_signature_of_governance(liar, number)) == Caught(0, RULED_OTHERWISE)


def test_strip_the_second_states_signature(liar: Liar) -> None:
    told = lies.strip_the_second_states_signature(liar)
    assert liar.caught(told) == Caught(liar.at("arranged"), RULED_OTHERWISE)


def test_strip_the_checkpoints_signature(liar: Liar) -> None:
    why = "a note is a text, an empty line, and signature lines that end with a newline"
    assert liar.caught(lies.strip_the_checkpoints_signature(liar)) == Caught(None, why)


def test_strip_the_post_quantum_signature(liar: Liar) -> None:
    assert liar.caught(lies.strip_the_post_quantum_signature(liar)) == Caught(None, ONE_OF_TWO)


def test_forge_the_post_quantum_signature(liar: Liar) -> None:
    """A stranger's key is nobody's; and under the true key's id it does not verify."""
    assert liar.caught(lies.forge_the_post_quantum_signature(liar)) == Caught(None, ONE_OF_TWO)
    why = f"the note's signature by {liar.root.origin} does not verify"
    assert liar.caught(lies.forge_the_post_quantum_signature_under_its_keys_id(liar)) == Caught(None, why)


def test_swap_an_agencys_key_for_the_hubs(liar: Liar) -> None:
    told = lies.swap_an_agencys_key_for_the_hubs(liar)
    assert liar.caught(told) == Caught(lies.added_key(liar, "ZA-DHA", "sign"), NOT_SIGNED)


def test_swap_a_key_by_adding_one_with_a_key_of_the_hub(liar: Liar) -> None:
    told = lies.swap_a_key_by_adding_one_with_a_key_of_the_hub(liar)
    assert liar.caught(told) == Caught(lies.added_key(liar, "ZA-DHA", "read"), NOT_KNOWN)


def test_swap_the_ledgers_key(liar: Liar) -> None:
    assert liar.caught(lies.swap_the_ledgers_key(liar)) == Caught(None, "the note is not signed by a known key")


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("stale", {"ruling": "recorded", "code": None}, RULED_OTHERWISE),
        ("stale", {"code": "NOT_PARTY"}, "its 'code' is not what the rules give: STALE_STATE"),
        ("accepted", {"ruling": "refused", "code": "STALE_STATE"}, "its 'ruling' is not what the rules give: recorded"),
        ("accepted", {"responsible": "ZA-DHA"}, "its 'responsible' is not what the rules give: MZ-INAR"),
        ("accepted", {"irregular": True}, "its 'irregular' is not what the rules give: none"),
        ("asked", {"case_version": 9}, "its 'case_version' is not what the rules give: 2"),
    ],
)
def test_rule_wrongly(liar: Liar, name: str, said: dict[str, object], why: str) -> None:
    assert liar.caught(lies.rule_wrongly(liar, name, **said)) == Caught(liar.at(name), why)


def test_skip_a_lapse(liar: Liar) -> None:
    """The next leaf stands where the lapse was due."""
    why = f"a lapse was due at {liar.leaves[liar.lapse].ruling.due} and is not sealed before this"
    assert liar.caught(lies.skip_a_lapse(liar)) == Caught(liar.lapse, why)


def test_put_a_lapse_off(liar: Liar) -> None:
    assert liar.caught(lies.put_a_lapse_off(liar)).index == liar.lapse


def test_make_a_lapse_up(liar: Liar) -> None:
    told = lies.make_a_lapse_up(liar)
    assert liar.caught(told) == Caught(liar.at("stale"), "a lapse of which nothing was due")


def test_bring_a_lapse_forward(liar: Liar) -> None:
    told = lies.bring_a_lapse_forward(liar)
    assert liar.caught(told) == Caught(liar.at("stale") + 1, "stored before the leaf before it")


def test_answer_for_another_agency(liar: Liar) -> None:
    told = lies.answer_for_another_agency(liar)
    assert liar.caught(told) == Caught(liar.at("accepted"), RULED_OTHERWISE)


def test_answer_for_an_agency_that_was_not_asked(liar: Liar) -> None:
    told = lies.answer_for_an_agency_that_was_not_asked(liar)
    assert liar.caught(told) == Caught(liar.at("accepted"), RULED_OTHERWISE)
