"""Lies that only the agency can see to whom they are told: its own client stops, and keeps what proves it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hifadhi.agency import receipt
from hifadhi.agency.compose import Message
from hifadhi.agency.exchange import InboxRow
from hifadhi.agency.known_directory import KnownDirectory
from hifadhi.agency.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.opening import Item, open_item, read_leaf
from hifadhi.errors import Tampered
from hifadhi.evidence import b64u, proof, tree
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.referral.directory import Directory
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
    """A leaf that stands in no tree: signed by a key of the hub's making."""
    stranger = PrivateJwk.generate(ED25519)
    at = request_row.index
    forged = liar.with_envelope(at, liar.signed(liar.said(at), stranger))[at].to_bytes()
    lied = replace(request_row, leaf=forged)
    assert lie(lambda: opened(liar, lied, directory)) == Caught(at, "not signed by keys of the directory")


def test_answer_for_another_agency_in_one_inbox(liar: Liar, directory: Directory) -> None:
    """The key is in the directory, and another agency's."""
    at = liar.at("asked")
    forged = liar.with_envelope(at, liar.signed(liar.said(at), liar.honest.keyrings["TZ-RSD"].sign))[at].to_bytes()
    row = InboxRow(at, "addressee", forged, {}, frozenset())
    assert lie(lambda: opened(liar, row, directory)) == Caught(at, "recorded, but not signed by its sender")


def test_show_one_agency_a_leaf_that_nobody_else_has(liar: Liar) -> None:
    """No hashes lead from it to a root that the ledger signed."""
    at = liar.at("accepted")
    lied = liar.with_ruling(at, responsible="ZA-DHA")[at].to_bytes()
    true = proved(liar, at)
    assert true.verify(liar.honest.leaves[at], liar.root.origin, ledger_verifiers(liar.root)).size
    with pytest.raises(Tampered):
        true.verify(lied, liar.root.origin, ledger_verifiers(liar.root))


@pytest.mark.parametrize("row", [0, 3, 7])
def test_swap_a_key_in_the_directory_that_one_agency_is_shown(liar: Liar, row: int) -> None:
    page = json.loads(liar.honest.directory_page)
    raw = b64u.decode(page["data"][row]["leaf"])
    key = PrivateJwk.generate(ED25519)
    at = page["data"][row]["index"]
    swapped = liar.with_envelope(at, liar.signed(liar.said(at), key))[at].to_bytes()
    assert swapped != raw
    page["data"][row]["leaf"] = b64u.encode(swapped)
    with pytest.raises(Tampered):
        folded(liar, json.dumps(page).encode())


def test_swap_a_key_in_a_tree_made_for_one_agency(liar: Liar) -> None:
    """The hub signs a whole second tree for it, proofs and all: the statement itself is not its agency's."""
    page = json.loads(liar.honest.directory_page)
    at = page["data"][1]["index"]
    swapped = liar.with_envelope(at, liar.signed(liar.said(at), PrivateJwk.generate(ED25519)))
    assert lie(lambda: folded(liar, directory_of(liar, swapped, page))).index == at


def test_strip_a_signature_of_governance_in_a_tree_made_for_one_agency(liar: Liar) -> None:
    page = json.loads(liar.honest.directory_page)
    envelope = liar.envelope(0)
    one = type(envelope)(envelope.payload, envelope.signatures[:1])
    stripped = liar.with_envelope(0, one.to_bytes())
    found = lie(lambda: folded(liar, directory_of(liar, stripped, page)))
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


def proved(liar: Liar, index: int) -> proof.Proof:
    """A proof of an honest leaf, as the hub gives it."""
    size = len(liar.leaves)
    hashes = [tree.leaf_hash(raw) for raw in liar.honest.leaves]
    path = tree.inclusion_proof(index, size, lambda level, number: node(hashes, level, number))
    return proof.Proof(index, tuple(path), liar.honest.files["checkpoint"].decode())


def directory_of(liar: Liar, leaves: Sequence[Leaf], page: dict[str, Any]) -> bytes:
    """The directory's page in the tree of these leaves, every row with its proof."""
    files, raw = liar.sealed(leaves), [leaf.to_bytes() for leaf in leaves]
    hashes = [tree.leaf_hash(one) for one in raw]
    rows = []
    for row in page["data"]:
        path = tree.inclusion_proof(row["index"], len(raw), lambda level, number: node(hashes, level, number))
        rows.append(
            {"index": row["index"], "leaf": b64u.encode(raw[row["index"]]), "proof": list(map(b64u.encode, path))}
        )
    return json.dumps({**page, "data": rows, "checkpoint": files["checkpoint"].decode()}).encode()


def node(hashes: list[bytes], level: int, index: int) -> bytes:
    row = hashes[index << level : (index + 1) << level]
    while len(row) > 1:
        row = [tree.node_hash(*row[at : at + 2]) for at in range(0, len(row), 2)]
    return row[0]
