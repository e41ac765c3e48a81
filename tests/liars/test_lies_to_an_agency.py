"""Lies that only the agency can see to whom they are told: its own client stops, and keeps what proves it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hifadhi.agency.composing.compose import Message
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.receiving.opening import Item, open_item, read_leaf
from hifadhi.agency.wire import receipt
from hifadhi.agency.wire.exchange import InboxRow
from hifadhi.errors import Tampered
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.referral.directory import Directory
from liars import agency_lies as lies
from liars import view_lies
from liars.liar import Caught, Liar, lie

READER = "ZA-DHA"


@pytest.fixture
def directory(liar: Liar) -> Directory:
    """As the agency has folded it from its own root."""
    return folded(liar, liar.honest.directory_page)


@pytest.fixture
def request_row(liar: Liar) -> InboxRow:
    """The inbox row of the request, with its sealed parts."""
    return next(row for row in liar.honest.inbox if row.index == liar.at("asked"))


def folded(liar: Liar, page: bytes) -> Directory:
    known = KnownDirectory(liar.root, LatestCheckpoint(liar.root))
    assert known.take(page, at_least=0)
    return known.directory


def opened(liar: Liar, row: InboxRow, directory: Directory) -> Item:
    return open_item(row, *read_leaf(row), liar.honest.keyrings[READER], directory)


def with_part(row: InboxRow, name: str, sealed: str) -> InboxRow:
    return replace(row, parts={**row.parts, name: sealed})


def test_the_honest_request_opens(liar: Liar, request_row: InboxRow, directory: Directory) -> None:
    item = opened(liar, request_row, directory)
    assert item.problems == () and set(item.bodies) == {"content", "sensitive"}


def test_substitute_a_part_for_another_of_the_same_message(
    liar: Liar, request_row: InboxRow, directory: Directory
) -> None:
    lied = with_part(request_row, "content", request_row.parts["sensitive"])
    why = "the part 'content' is not the one that was signed"
    assert lie(lambda: opened(liar, lied, directory)) == Caught(request_row.index, why)


def test_substitute_a_part_by_one_bit(liar: Liar, request_row: InboxRow, directory: Directory) -> None:
    sealed = request_row.parts["content"]
    at = sealed.index('"ciphertext":"') + 20
    lied = with_part(request_row, "content", sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :])
    why = "the part 'content' is not the one that was signed"
    assert lie(lambda: opened(liar, lied, directory)) == Caught(request_row.index, why)


def test_forge_a_message_in_one_inbox(liar: Liar, request_row: InboxRow, directory: Directory) -> None:
    at = request_row.index
    lied = replace(request_row, leaf=lies.forge_a_message_in_one_inbox(liar)[1])
    assert lie(lambda: opened(liar, lied, directory)) == Caught(at, "not signed by keys of the directory")


def test_answer_for_another_agency_in_one_inbox(liar: Liar, directory: Directory) -> None:
    at = liar.at("asked")
    row = InboxRow(at, "addressee", lies.answer_for_another_agency_in_one_inbox(liar)[1], {}, frozenset())
    assert lie(lambda: opened(liar, row, directory)) == Caught(at, "recorded, but not signed by its sender")


def test_show_one_agency_a_leaf_that_nobody_else_has(liar: Liar) -> None:
    """No hashes lead from it to a root that the ledger signed."""
    true, lied = lies.show_one_agency_another_leaf(liar)
    assert true.verify(liar.honest.leaves[true.index], liar.root.origin, ledger_verifiers(liar.root)).size
    with pytest.raises(Tampered):
        true.verify(lied, liar.root.origin, ledger_verifiers(liar.root))


@pytest.mark.parametrize("row", [0, 3, 7])
def test_swap_a_key_in_the_directory_that_one_agency_is_shown(liar: Liar, row: int) -> None:
    with pytest.raises(Tampered):
        folded(liar, lies.swap_a_key_in_the_directory(liar, row))


def test_swap_a_key_in_a_tree_made_for_one_agency(liar: Liar) -> None:
    """The statement itself is not its agency's."""
    told = lies.swap_a_key_in_a_tree_made_for_one_agency(liar)
    assert lie(lambda: folded(liar, told)).index == view_lies.statement(liar)


@pytest.mark.parametrize(
    "told", [lies.swap_a_key_in_a_tree_made_for_one_agency, lies.strip_a_signature_in_a_tree_made_for_one_agency]
)
def test_the_checkpoint_of_a_tree_made_for_one_agency_is_kept_and_is_of_another_history(
    liar: Liar, tmp_path: Path, told: Callable[[Liar], bytes]
) -> None:
    known = KnownDirectory(liar.root, LatestCheckpoint(liar.root, tmp_path / "checkpoint"))
    why = lie(lambda: known.take(told(liar), at_least=0)).why
    kept = tmp_path / "checkpoint.directory-1"
    assert f"the checkpoint lies in {kept}; " in why  # and nothing was known
    assert lie(lambda: liar.compared(kept.read_bytes(), liar.honest.files)).why.startswith("the ledger shows two")


def test_strip_a_signature_of_governance_in_a_tree_made_for_one_agency(liar: Liar) -> None:
    found = lie(lambda: folded(liar, lies.strip_a_signature_in_a_tree_made_for_one_agency(liar)))
    assert found.index == 0 and "SENDER_MISMATCH" in found.why


def test_replay_an_old_receipt_for_a_new_message(liar: Liar) -> None:
    """The hub keeps nothing, and answers with a receipt that it gave before."""
    old, new = liar.at("unrelated"), liar.at("last")
    token = liar.receipt(old).decode()
    true, other = (Message(str(liar.said(at)["id"]), "TZ-RSD", liar.envelope(at).digest, 1, b"") for at in (old, new))
    assert receipt.check_receipt(token, true, Directory.of(liar.root)).digest == true.digest
    assert (
        lie(lambda: receipt.check_receipt(token, other, Directory.of(liar.root))).why
        == "the receipt is of another message"
    )
