"""Lies that the ledger itself gives away: `hifadhi verify FOLDER`, offline, names the first leaf that does not stand.

Each is sealed again with the hub's own ledger key, so that tree and checkpoint are in order; where not, it says so.
"""

import pytest

from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ES256, P256
from hifadhi.evidence.leaf import Leaf
from hifadhi.referral import instant
from liars.liar import Caught, Liar, lie

STRANGER = PrivateJwk.generate(ED25519)
STRANGERS = {ED25519: STRANGER, ES256: PrivateJwk.generate(P256)}
"""One of each kind of key that signs."""
NOT_SIGNED = "what cannot have a leaf, for it proves nothing (SIGNATURE)"
NOT_KNOWN = (
    "what cannot have a leaf, for it proves nothing (KEY_UNKNOWN); "
    "verify from the first root.json, not from one that a rotation brought"
)


def test_forge_a_message_in_an_agencys_name(liar: Liar) -> None:
    """The key named is the agency's, the signature by another."""
    at = liar.at("accepted")
    forged = {**liar.said(at), "id": "019e0000-0000-7000-8000-00000000f0f0"}
    named = liar.envelope(at).signatures[0]
    raw = liar.signed(forged, STRANGERS[named.alg], as_kid=named.kid)
    assert liar.caught(liar.sealed(liar.with_envelope(at, raw))) == Caught(at, NOT_SIGNED)


def test_forge_an_agency_that_nobody_admitted(liar: Liar) -> None:
    """The hub lets an agency in by keys of its own making."""
    forged = {**liar.said(0), "agency": "XX-HUB"}
    raw = liar.signed(forged, STRANGER, PrivateJwk.generate(ED25519))
    assert liar.caught(liar.sealed(liar.with_envelope(0, raw))) == Caught(0, NOT_KNOWN)


def test_drop_a_message_that_others_build_on(liar: Liar) -> None:
    at = liar.at("opened")
    fewer = [*liar.leaves[:at], *liar.leaves[at + 1 :]]
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed(fewer)) == Caught(at, why)


def test_drop_the_newest_leaves_but_keep_the_checkpoint(liar: Liar) -> None:
    """Without the key: files cut off under the honest checkpoint."""
    fewer = liar.sealed(liar.leaves[:-2]) | {"checkpoint": liar.honest.files["checkpoint"]}
    assert liar.caught(fewer).index == 0  # the bundle of the whole tree is not there


def test_drop_a_message_that_nothing_builds_on_leaves_a_gap_in_its_keys_numbers(liar: Liar) -> None:
    """All that is left is ruled again, so each leaf stands: a receipt proves it, the gap only raises the question."""
    at = liar.at("unrelated")
    findings = liar.passes(liar.sealed(liar.without(at))).report.findings
    assert [(one.code, one.agency) for one in findings] == [("SEQUENCE_GAP", "TZ-RSD")]


def test_reorder_two_messages(liar: Liar) -> None:
    at = liar.at("asked")
    swapped = [*liar.leaves[: at - 1], liar.leaves[at], liar.leaves[at - 1], *liar.leaves[at + 1 :]]
    assert liar.caught(liar.sealed(swapped)).index == at - 1


def test_reorder_two_messages_that_keep_each_others_places(liar: Liar) -> None:
    at = liar.at("asked")
    one, other = liar.leaves[at - 1], liar.leaves[at]
    swapped = [Leaf(one.ruling, other.envelope), Leaf(other.ruling, one.envelope)]
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed([*liar.leaves[: at - 1], *swapped, *liar.leaves[at + 1 :]])) == Caught(at - 1, why)


def test_alter_one_bit_of_a_message(liar: Liar) -> None:
    """Here and there in what was signed, and in its signature."""
    at = liar.at("last")
    raw = liar.leaves[at].envelope
    for byte in range(raw.index(b'"payload"'), len(raw), 53):
        files = liar.sealed(liar.with_envelope(at, flipped(raw, byte)))
        assert lie(lambda files=files: liar.passes(files)).index == at  # type: ignore[misc]


def test_alter_one_bit_of_any_file(liar: Liar) -> None:
    """Without the key: what is on the disk, or on the way."""
    for path, raw in liar.honest.files.items():
        for byte in range(0, len(raw), 419):
            files = {**liar.honest.files, path: flipped(raw, byte)}
            lie(lambda files=files: liar.passes(files))  # type: ignore[misc]


def test_backdate_a_message_to_before_the_leaf_before_it(liar: Liar) -> None:
    at = liar.at("last")
    before = instant.parse(liar.leaves[at - 1].ruling.stored_at) - 1
    told = liar.with_ruling(at, stored_at=instant.write(before))
    assert liar.caught(liar.sealed(told)) == Caught(at, "stored before the leaf before it")


def test_backdate_an_answer_to_before_its_deadline(liar: Liar) -> None:
    """The late acceptance stands before the lapse: then the lapse never was, and the later leaves say so."""
    at, lapse = liar.at("accepted"), liar.lapse
    early = instant.parse(str(liar.leaves[lapse].ruling.due)) - 1
    moved = Leaf(liar.with_ruling(at, stored_at=instant.write(early))[at].ruling, liar.leaves[at].envelope)
    told = [*liar.leaves[:lapse], moved, *liar.leaves[lapse + 1 : at], *liar.leaves[at + 1 :]]
    assert liar.caught(liar.sealed(told)).index == lapse


def test_replay_a_message(liar: Liar) -> None:
    at, last = liar.at("opened"), liar.leaves[-1].ruling
    again = liar.with_ruling(at, position=last.position + 1, stored_at=last.stored_at)[at]
    why = f"the same message has its leaf already, at index {at}"
    assert liar.caught(liar.sealed([*liar.leaves, again])) == Caught(len(liar.leaves), why)


def test_replay_a_message_under_a_new_signature(liar: Liar) -> None:
    """Another spelling of the envelope would be another leaf: there is one spelling, and the payload is what counts."""
    at, last = liar.at("opened"), liar.leaves[-1].ruling
    again = liar.with_ruling(at, position=last.position + 1, stored_at=last.stored_at)[at]
    spaced = Leaf(again.ruling, again.envelope.replace(b'":', b'": ', 1))
    assert liar.caught(liar.sealed([*liar.leaves, spaced])).index == len(liar.leaves)


@pytest.mark.parametrize("number", [0, 1])
def test_strip_a_signature_of_governance(liar: Liar, number: int) -> None:
    """One of the two that must sign who takes part."""
    envelope = liar.envelope(0)
    kept = type(envelope)(envelope.payload, (envelope.signatures[number],))
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed(liar.with_envelope(0, kept.to_bytes()))) == Caught(0, why)


def test_strip_the_second_states_signature(liar: Liar) -> None:
    """An arrangement of two states, as if one could make it alone."""
    at = liar.at("arranged")
    envelope = liar.envelope(at)
    kept = type(envelope)(envelope.payload, envelope.signatures[:1])
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed(liar.with_envelope(at, kept.to_bytes()))) == Caught(at, why)


def test_swap_an_agencys_key_for_the_hubs(liar: Liar) -> None:
    """In the statement by which the agency's identity key added it."""
    at = added_key(liar, "ZA-DHA", "sign")
    named = liar.envelope(at).signatures[0]
    swapped = {**liar.said(at), "key": STRANGER.public.as_dict()}
    raw = liar.signed(swapped, STRANGERS[named.alg], as_kid=named.kid)
    assert liar.caught(liar.sealed(liar.with_envelope(at, raw))) == Caught(at, NOT_SIGNED)


def test_swap_a_key_by_adding_one_with_a_key_of_the_hub(liar: Liar) -> None:
    at = added_key(liar, "ZA-DHA", "read")
    raw = liar.signed(liar.said(at), liar.honest.gateway_key)
    assert liar.caught(liar.sealed(liar.with_envelope(at, raw))) == Caught(at, NOT_KNOWN)


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("stale", {"ruling": "recorded", "code": None}, "its 'ruling' is not what the rules give: refused"),
        ("stale", {"code": "NOT_PARTY"}, "its 'code' is not what the rules give: STALE_STATE"),
        ("accepted", {"ruling": "refused", "code": "STALE_STATE"}, "its 'ruling' is not what the rules give: recorded"),
        ("accepted", {"responsible": "ZA-DHA"}, "its 'responsible' is not what the rules give: MZ-INAR"),
        ("accepted", {"irregular": True}, "its 'irregular' is not what the rules give: none"),
        ("asked", {"case_version": 9}, "its 'case_version' is not what the rules give: 2"),
    ],
)
def test_rule_wrongly(liar: Liar, name: str, said: dict[str, object], why: str) -> None:
    at = liar.at(name)
    assert liar.caught(liar.sealed(liar.with_ruling(at, **said))) == Caught(at, why)


def test_skip_a_lapse(liar: Liar) -> None:
    """Silence that was not recorded: the next leaf stands where the lapse was due."""
    at = liar.lapse
    due = liar.leaves[at].ruling.due
    told = [*liar.leaves[:at], *liar.leaves[at + 1 :]]
    why = f"a lapse was due at {due} and is not sealed before this"
    assert liar.caught(liar.sealed(told)) == Caught(at, why)


def test_put_a_lapse_off(liar: Liar) -> None:
    at = liar.lapse
    later = Leaf(liar.leaves[at + 1].ruling, liar.leaves[at + 1].envelope)
    told = [*liar.leaves[:at], later, liar.leaves[at], *liar.leaves[at + 2 :]]
    assert liar.caught(liar.sealed(told)).index == at


def test_make_a_lapse_up(liar: Liar) -> None:
    """The clock that runs, ended before it has run out."""
    at = liar.at("stale")
    now = liar.leaves[at].ruling
    made_up = liar.with_ruling(liar.lapse, position=now.position, stored_at=now.stored_at)[liar.lapse]
    told = [*liar.leaves[:at], made_up, *liar.leaves[at:]]
    assert liar.caught(liar.sealed(told)) == Caught(at, "a lapse of which nothing was due")


def test_bring_a_lapse_forward(liar: Liar) -> None:
    """With the instant that it will be stored at: then nothing can be stored at its own any more."""
    at = liar.at("stale")
    told = [*liar.leaves[:at], liar.leaves[liar.lapse], *liar.leaves[at:]]
    assert liar.caught(liar.sealed(told)) == Caught(at + 1, "stored before the leaf before it")


def test_answer_for_another_agency(liar: Liar) -> None:
    """The hub and one agency together: that agency's true key signs the acceptance of the agency that was asked."""
    at = liar.at("accepted")
    raw = liar.signed(liar.said(at), liar.honest.keyrings["TZ-RSD"].sign)
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed(liar.with_envelope(at, raw))) == Caught(at, why)


def test_answer_for_an_agency_that_was_not_asked(liar: Liar) -> None:
    """A true agency in its own name, let into a case that is none of its own."""
    at = liar.at("accepted")
    said = {**liar.said(at), "from": "TZ-RSD", "parts": tanzanias(liar.said(at)["parts"])}
    raw = liar.signed(said, liar.honest.keyrings["TZ-RSD"].sign)
    why = "its 'ruling' is not what the rules give: refused"
    assert liar.caught(liar.sealed(liar.with_envelope(at, raw))) == Caught(at, why)


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
