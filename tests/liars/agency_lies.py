"""Lies that are told to one agency alone: a leaf with a proof, or a page of the directory."""

import json
from collections.abc import Sequence
from typing import Any

from hifadhi.evidence import b64u, tree
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.proof import Proof
from liars.liar import Liar
from liars.view_lies import statement

Shown = tuple[Proof, bytes]
"""The proof that the hub gives for an index, and the leaf that it shows for it."""


def forge_a_message_in_one_inbox(liar: Liar) -> Shown:
    """A leaf that stands in no tree: signed by a key of the hub's making."""
    at = liar.at("asked")
    return proved(liar, at), _signed_by(liar, at, PrivateJwk.generate(ED25519))


def answer_for_another_agency_in_one_inbox(liar: Liar) -> Shown:
    """The key is in the directory, and another agency's."""
    at = liar.at("asked")
    return proved(liar, at), _signed_by(liar, at, liar.honest.keyrings["TZ-RSD"].sign)


def show_one_agency_another_leaf(liar: Liar) -> Shown:
    """A leaf that nobody else has."""
    at = liar.at("accepted")
    return proved(liar, at), liar.with_ruling(at, responsible="ZA-DHA")[at].to_bytes()


def swap_a_key_in_the_directory(liar: Liar, row: int = 0) -> bytes:
    """In the page that one agency is shown, beside the true proofs."""
    page = json.loads(liar.honest.directory_page)
    shown = page["data"][row]
    swapped = _signed_by(liar, shown["index"], PrivateJwk.generate(ED25519))
    assert swapped != b64u.decode(shown["leaf"])
    shown["leaf"] = b64u.encode(swapped)
    return json.dumps(page).encode()


def swap_a_key_in_a_tree_made_for_one_agency(liar: Liar) -> bytes:
    """The hub signs a whole second tree for it, proofs and all."""
    at = statement(liar)
    return _page_of(liar, liar.with_envelope(at, liar.signed(liar.said(at), PrivateJwk.generate(ED25519))))


def strip_a_signature_in_a_tree_made_for_one_agency(liar: Liar) -> bytes:
    """One of governance's, from the first admission."""
    envelope = liar.envelope(0)
    one = type(envelope)(envelope.payload, envelope.signatures[:1])
    return _page_of(liar, liar.with_envelope(0, one.to_bytes()))


def proved(liar: Liar, index: int) -> Proof:
    """A proof of an honest leaf, as the hub gives it."""
    return Proof(index, _path(liar.honest.leaves, index), liar.honest.files["checkpoint"].decode())


def _signed_by(liar: Liar, index: int, key: PrivateJwk) -> bytes:
    return liar.with_envelope(index, liar.signed(liar.said(index), key))[index].to_bytes()


def _page_of(liar: Liar, leaves: Sequence[Leaf]) -> bytes:
    """The directory's page in the tree of these leaves, every row with its proof."""
    page, raw = json.loads(liar.honest.directory_page), [leaf.to_bytes() for leaf in leaves]
    rows = [_row(raw, row["index"]) for row in page["data"]]
    return json.dumps({**page, "data": rows, "checkpoint": liar.sealed(leaves)["checkpoint"].decode()}).encode()


def _row(leaves: Sequence[bytes], index: int) -> dict[str, Any]:
    return {"index": index, "leaf": b64u.encode(leaves[index]), "proof": list(map(b64u.encode, _path(leaves, index)))}


def _path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    hashes = [tree.leaf_hash(raw) for raw in leaves]
    return tuple(tree.inclusion_proof(index, len(leaves), lambda level, number: _node(hashes, level, number)))


def _node(hashes: Sequence[bytes], level: int, index: int) -> bytes:
    row = list(hashes[index << level : (index + 1) << level])
    while len(row) > 1:
        row = [tree.node_hash(*row[at : at + 2]) for at in range(0, len(row), 2)]
    return row[0]
