"""Lies that the ledger itself gives away: the files of each, for whoever is to judge them.

Each is sealed again with the hub's own ledger keys, so that tree and checkpoint are in order; where not, it says so.
"""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.evidence import b64
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ES256, ML_DSA_44, P256
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.referral import instant
from liars.liar import Files, Liar
from sealed_ledgers import archive

STRANGER = PrivateJwk.generate(ED25519)
STRANGERS = {ED25519: STRANGER, ES256: PrivateJwk.generate(P256)}
"""One of each kind of key that signs."""


def forge_a_message_in_an_agencys_name(liar: Liar) -> Files:
    """The key named is the agency's, the signature by another."""
    at = liar.at("accepted")
    forged = {**liar.said(at), "id": "019e0000-0000-7000-8000-00000000f0f0"}
    named = liar.envelope(at).signatures[0]
    return liar.sealed(liar.with_envelope(at, liar.signed(forged, STRANGERS[named.alg], as_kid=named.kid)))


def forge_an_agency_that_nobody_admitted(liar: Liar) -> Files:
    """The hub lets an agency in by keys of its own making."""
    forged = {**liar.said(0), "agency": "XX-HUB"}
    return liar.sealed(liar.with_envelope(0, liar.signed(forged, STRANGER, PrivateJwk.generate(ED25519))))


def drop_a_message_that_others_build_on(liar: Liar) -> Files:
    at = liar.at("opened")
    return liar.sealed([*liar.leaves[:at], *liar.leaves[at + 1 :]])


def drop_the_newest_leaves_but_keep_the_checkpoint(liar: Liar) -> Files:
    """Without the key: files cut off under the honest checkpoint."""
    return liar.sealed(liar.leaves[:-2]) | {"checkpoint": liar.honest.files["checkpoint"]}


def drop_a_message_that_nothing_builds_on(liar: Liar) -> Files:
    """All that is left is ruled again, so each leaf stands."""
    return liar.sealed(liar.without(liar.at("unrelated")))


def reorder_two_messages(liar: Liar) -> Files:
    at = liar.at("asked")
    return liar.sealed([*liar.leaves[: at - 1], liar.leaves[at], liar.leaves[at - 1], *liar.leaves[at + 1 :]])


def reorder_two_messages_that_keep_each_others_places(liar: Liar) -> Files:
    at = liar.at("asked")
    one, other = liar.leaves[at - 1], liar.leaves[at]
    swapped = [Leaf(one.ruling, other.envelope), Leaf(other.ruling, one.envelope)]
    return liar.sealed([*liar.leaves[: at - 1], *swapped, *liar.leaves[at + 1 :]])


def alter_one_bit_of_a_message(liar: Liar, apart: int = 53) -> Iterator[Files]:
    """Here and there in what was signed, and in its signature; each of them is a lie. `apart`: in bytes."""
    at = liar.at("last")
    raw = liar.leaves[at].envelope
    for byte in range(raw.index(b'"payload"'), len(raw), apart):
        yield liar.sealed(liar.with_envelope(at, flipped(raw, byte)))


def alter_one_bit_of_any_file(liar: Liar, apart: int = 419) -> Iterator[Files]:
    """Without the key: what is on the disk, or on the way. `apart`: in bytes."""
    for path, raw in liar.honest.files.items():
        for byte in range(0, len(raw), apart):
            yield {**liar.honest.files, path: flipped(raw, byte)}


def backdate_a_message_to_before_the_leaf_before_it(liar: Liar) -> Files:
    at = liar.at("last")
    before = instant.parse(liar.leaves[at - 1].ruling.stored_at) - 1
    return liar.sealed(liar.with_ruling(at, stored_at=instant.write(before)))


def backdate_an_answer_to_before_its_deadline(liar: Liar) -> Files:
    """The late acceptance stands before the lapse: then the lapse never was, and the later leaves say so."""
    at, lapse = liar.at("accepted"), liar.lapse
    early = instant.parse(str(liar.leaves[lapse].ruling.due)) - 1
    moved = Leaf(liar.with_ruling(at, stored_at=instant.write(early))[at].ruling, liar.leaves[at].envelope)
    return liar.sealed([*liar.leaves[:lapse], moved, *liar.leaves[lapse + 1 : at], *liar.leaves[at + 1 :]])


def replay_a_message(liar: Liar) -> Files:
    return liar.sealed([*liar.leaves, _again(liar)])


def replay_a_message_under_a_new_signature(liar: Liar) -> Files:
    """Another spelling of the envelope would be another leaf: there is one spelling, and the payload is what counts."""
    again = _again(liar)
    return liar.sealed([*liar.leaves, Leaf(again.ruling, again.envelope.replace(b'":', b'": ', 1))])


def _again(liar: Liar) -> Leaf:
    at, last = liar.at("opened"), liar.leaves[-1].ruling
    return liar.with_ruling(at, position=last.position + 1, stored_at=last.stored_at)[at]


def strip_a_signature_of_governance(liar: Liar, number: int = 0) -> Files:
    """One of the two that must sign who takes part."""
    envelope = liar.envelope(0)
    kept = type(envelope)(envelope.payload, (envelope.signatures[number],))
    return liar.sealed(liar.with_envelope(0, kept.to_bytes()))


def strip_the_second_states_signature(liar: Liar) -> Files:
    """An arrangement of two states, as if one could make it alone."""
    at = liar.at("arranged")
    envelope = liar.envelope(at)
    kept = type(envelope)(envelope.payload, envelope.signatures[:1])
    return liar.sealed(liar.with_envelope(at, kept.to_bytes()))


def strip_the_checkpoints_signature(liar: Liar) -> Files:
    """Without the key: a tree that nobody vouches for."""
    text, _, _ = liar.honest.files["checkpoint"].partition(b"\n\n")
    return {**liar.honest.files, "checkpoint": text + b"\n\n"}


def strip_the_post_quantum_signature(liar: Liar) -> Files:
    """What is left is what whoever can forge Ed25519 could make."""
    lines = liar.honest.files["checkpoint"].splitlines(keepends=True)
    return {**liar.honest.files, "checkpoint": b"".join(lines[:-1])}


def forge_the_post_quantum_signature(liar: Liar) -> Files:
    """Another history, each leaf of which stands, as if Ed25519 could be forged, and a stranger's ML-DSA-44."""
    return liar.sealed(liar.without(liar.at("unrelated")), PrivateJwk.generate(ML_DSA_44))


def forge_the_post_quantum_signature_under_its_keys_id(liar: Liar) -> Files:
    """The same, as if the stranger's key were the ledger's."""
    told = forge_the_post_quantum_signature(liar)
    text, stranger = told["checkpoint"].rsplit(b"\n", 2)[:2]
    name, known = b" ".join(stranger.split(b" ")[:2]), ledger_verifiers(liar.root)[1].key_id
    value = b64.encode(known + b64.decode(stranger.split(b" ")[2].decode())[len(known) :])
    return {**told, "checkpoint": b"%b\n%b %b\n" % (text, name, value.encode())}


def swap_an_agencys_key_for_the_hubs(liar: Liar) -> Files:
    """In the statement by which the agency's identity key added it."""
    at = added_key(liar, "ZA-DHA", "sign")
    named = liar.envelope(at).signatures[0]
    swapped = {**liar.said(at), "key": STRANGER.public.as_dict()}
    return liar.sealed(liar.with_envelope(at, liar.signed(swapped, STRANGERS[named.alg], as_kid=named.kid)))


def swap_a_key_by_adding_one_with_a_key_of_the_hub(liar: Liar) -> Files:
    at = added_key(liar, "ZA-DHA", "read")
    return liar.sealed(liar.with_envelope(at, liar.signed(liar.said(at), liar.honest.gateway_key)))


def swap_the_ledgers_key(liar: Liar) -> Files:
    """Without the key: all of it sealed again by a stranger, under the ledger's name."""
    private = STRANGER.key
    assert isinstance(private, Ed25519PrivateKey)
    return archive(liar.honest.leaves, private, liar.root.origin)


def rule_wrongly(liar: Liar, name: str = "accepted", **said: object) -> Files:
    """Other words in one ruling."""
    return liar.sealed(liar.with_ruling(liar.at(name), **(said or {"responsible": "ZA-DHA"})))


def skip_a_lapse(liar: Liar) -> Files:
    """Silence that was not recorded."""
    return liar.sealed([*liar.leaves[: liar.lapse], *liar.leaves[liar.lapse + 1 :]])


def put_a_lapse_off(liar: Liar) -> Files:
    at = liar.lapse
    return liar.sealed([*liar.leaves[:at], liar.leaves[at + 1], liar.leaves[at], *liar.leaves[at + 2 :]])


def make_a_lapse_up(liar: Liar) -> Files:
    """The clock that runs, ended before it has run out."""
    at = liar.at("stale")
    now = liar.leaves[at].ruling
    made_up = liar.with_ruling(liar.lapse, position=now.position, stored_at=now.stored_at)[liar.lapse]
    return liar.sealed([*liar.leaves[:at], made_up, *liar.leaves[at:]])


def bring_a_lapse_forward(liar: Liar) -> Files:
    """With the instant that it will be stored at: then nothing can be stored at its own any more."""
    at = liar.at("stale")
    return liar.sealed([*liar.leaves[:at], liar.leaves[liar.lapse], *liar.leaves[at:]])


def answer_for_another_agency(liar: Liar) -> Files:
    """The hub and one agency together: that agency's true key signs the acceptance of the agency that was asked."""
    at = liar.at("accepted")
    return liar.sealed(liar.with_envelope(at, liar.signed(liar.said(at), liar.honest.keyrings["TZ-RSD"].sign)))


def answer_for_an_agency_that_was_not_asked(liar: Liar) -> Files:
    """A true agency in its own name, let into a case that is none of its own."""
    at = liar.at("accepted")
    said = {**liar.said(at), "from": "TZ-RSD", "parts": tanzanias(liar.said(at)["parts"])}
    return liar.sealed(liar.with_envelope(at, liar.signed(said, liar.honest.keyrings["TZ-RSD"].sign)))


def flipped(raw: bytes, byte: int) -> bytes:
    """The bytes with one bit of this one changed."""
    return raw[:byte] + bytes([raw[byte] ^ 1]) + raw[byte + 1 :]


def added_key(liar: Liar, agency: str, use: str) -> int:
    """The index of the statement by which an agency added its key."""
    for index in range(len(liar.leaves)):
        if liar.leaves[index].envelope:
            said = liar.said(index)
            if (said["type"], said.get("agency"), said.get("use")) == ("key.added", agency, use):
                return index
    raise LookupError(agency)


def tanzanias(parts: object) -> list[dict[str, object]]:
    """The same parts, with their sender among the readers."""
    assert isinstance(parts, list)
    return [
        {**part, "readers": sorted("TZ-RSD" if reader == "ZA-DHA" else reader for reader in part["readers"])}
        for part in parts
    ]
