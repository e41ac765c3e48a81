import json
from collections.abc import Callable
from typing import Any

import pytest

from hifadhi.errors import Tampered
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.leaf import FORMAT
from hifadhi.evidence.report import Report
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.evidence.verify import Verifier
from hifadhi.referral import instant
from sealed_ledgers import DAY, HOUR, EverythingSealed, Exchange, everything, key, the_root, uuid7


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


def verified(leaves: list[bytes]) -> Report:
    """The leaves, under a checkpoint that fits them: a hub with its ledger key can always make one."""
    verifier = Verifier(the_root())
    for leaf in leaves:
        verifier.add(leaf)
    return verifier.finish(
        Checkpoint("ledger.example.org", len(leaves), Edge.empty().extend(map(leaf_hash, leaves)).root())
    )


def first_bad(leaves: list[bytes]) -> int | None:
    with pytest.raises(Tampered) as caught:
        verified(leaves)
    return caught.value.index


def with_ruling(leaf: bytes, **said: Any) -> bytes:
    """The leaf with other words in its ruling, written as an honest hub would write them."""
    _, ruling, envelope = leaf.split(b"\n", 2)
    fields = {**json.loads(ruling), **said}
    order = ("ruling", "code", "irregular", "position", "stored_at", "clock", "case", "referral", "due")
    order = (*order, "case_version", "referral_version", "responsible", "parties")  # type: ignore[assignment]
    written = {name: fields[name] for name in order if fields.get(name) is not None}
    return b"\n".join((FORMAT, json.dumps(written, separators=(",", ":")).encode(), envelope))


def replaced(sealed: EverythingSealed, index: int, **said: Any) -> list[bytes]:
    leaves = list(sealed.exchange.leaves)
    leaves[index] = with_ruling(leaves[index], **said)
    assert leaves[index] != sealed.exchange.leaves[index]
    return leaves


def test_a_ledger_with_everything_in_it_verifies_and_is_counted(sealed: EverythingSealed) -> None:
    report = verified(sealed.exchange.leaves)
    assert (report.leaves, report.recorded, report.refused, report.lapsed) == (36, 27, 6, 3)
    assert (report.irregular, report.cases, report.agencies) == (1, 3, 5)
    assert report.last_stored_at == "2027-01-06T16:00:00.000Z"


def test_an_empty_ledger_verifies() -> None:
    assert verified([]).leaves == 0


def test_every_prefix_verifies(sealed: EverythingSealed) -> None:
    for size in range(len(sealed.exchange.leaves)):
        assert verified(sealed.exchange.leaves[:size]).leaves == size


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("not new", {"code": "STALE_STATE"}),
        ("not new", {"ruling": "recorded", "code": None}),
        ("stale", {"ruling": "recorded", "code": None}),
        ("not a party", {"ruling": "recorded", "code": None, "case_version": 9}),
        ("reused", {"ruling": "recorded", "code": None}),
        ("after revocation", {"ruling": "recorded", "code": None}),
        ("opened", {"ruling": "refused", "code": "NOT_PARTY"}),
        ("opened", {"responsible": "ZA-DHA"}),
        ("moved", {"responsible": "TZ-RSD"}),
        ("asked", {"case_version": 3}),
        ("asked", {"referral_version": 2}),
        ("irregular", {"irregular": None}),
        ("asked", {"irregular": True}),
        ("lapsed reply", {"due": "2026-12-04T22:00:00.000Z"}),
        ("lapsed reply", {"clock": "receipt"}),
        ("lapsed reply", {"responsible": "ZA-DHA"}),
        ("lapsed reply", {"parties": ["MZ-INAR"]}),
        ("asked", {"position": 12}),
        ("asked", {"position": 10}),
        ("asked", {"position": -1}),
        ("not new", {"position": 1}),
        ("asked", {"stored_at": "2026-11-02T18:59:59.999Z"}),
        ("asked", {"stored_at": "2026-11-02"}),
        ("asked", {"stored_at": "2026-02-30T00:00:00.000Z"}),
        ("asked", {"stored_at": "9999-12-31T23:59:59.999Z"}),
    ],
)
def test_an_altered_ruling_is_caught_at_its_index(sealed: EverythingSealed, where: str, said: dict[str, Any]) -> None:
    index = sealed.index[where]
    # Only one alteration stands by itself: the next leaf's position is then not after this one's.
    expected = index + 1 if said == {"position": 12} else index
    assert first_bad(replaced(sealed, index, **said)) == expected


@pytest.mark.parametrize("where", ["lapsed receipt", "lapsed reply", "lapsed re-examination"])
def test_a_skipped_lapse_is_caught_at_the_leaf_that_stands_in_its_place(sealed: EverythingSealed, where: str) -> None:
    leaves = list(sealed.exchange.leaves)
    del leaves[sealed.index[where]]
    assert first_bad(leaves) == sealed.index[where]


def test_a_lapse_before_its_time_is_caught(sealed: EverythingSealed) -> None:
    index = sealed.index["lapsed receipt"]
    assert first_bad(replaced(sealed, index, stored_at="2026-11-03T19:59:59.999Z")) == index


def test_a_lapse_that_is_put_off_behind_a_message_is_caught() -> None:
    exchange = Exchange()
    exchange.admit_all()
    case = exchange.opened()
    exchange.asked(case, "MZ-INAR", "ZA-DHA", urgency="emergency")
    exchange.now += 2 * DAY
    exchange.opened()
    lapse, message = exchange.leaves[-2:]
    position = exchange.position
    late = with_ruling(lapse, position=position, stored_at=instant.write(exchange.now + HOUR))
    assert first_bad([*exchange.leaves[:-2], message, late]) == len(exchange.leaves) - 2


def test_a_lapse_owed_to_an_earlier_trigger_is_caught() -> None:
    """Two deadlines passed by the time of one record; the second is pinned on a later record."""
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(2):
        exchange.asked(exchange.opened(), "MZ-INAR", "ZA-DHA", urgency="emergency")
    exchange.tick(2 * DAY)
    assert verified(exchange.leaves).lapsed == 2
    later = with_ruling(exchange.leaves[-1], position=exchange.position, stored_at=instant.write(exchange.now + HOUR))
    assert first_bad([*exchange.leaves[:-1], later]) == len(exchange.leaves) - 1


def test_lapses_of_one_trigger_share_its_instant() -> None:
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(2):
        exchange.asked(exchange.opened(), "MZ-INAR", "ZA-DHA", urgency="emergency")
    exchange.tick(2 * DAY)
    later = with_ruling(exchange.leaves[-1], stored_at=instant.write(exchange.now + 1))
    assert first_bad([*exchange.leaves[:-1], later]) == len(exchange.leaves) - 1


def test_a_ledger_that_ends_amid_the_lapses_of_one_trigger_verifies() -> None:
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(2):
        exchange.asked(exchange.opened(), "MZ-INAR", "ZA-DHA", urgency="emergency")
    exchange.tick(2 * DAY)
    assert verified(exchange.leaves[:-1]).lapsed == 1


def test_swapped_leaves_are_caught(sealed: EverythingSealed) -> None:
    leaves, at = list(sealed.exchange.leaves), sealed.index["asked"]
    leaves[at - 1], leaves[at] = leaves[at], leaves[at - 1]
    assert first_bad(leaves) == at - 1


def test_leaves_that_swap_their_messages_but_not_their_places_are_caught() -> None:
    exchange = Exchange()
    exchange.admit_all()
    case = exchange.opened()
    exchange.say("TZ-RSD", "encounter.reported", case=case, to=[])
    first, second = exchange.leaves[-2:]
    swapped = [
        b"\n".join((*one.split(b"\n", 2)[:2], other.split(b"\n", 2)[2]))
        for one, other in ((first, second), (second, first))
    ]
    assert first_bad([*exchange.leaves[:-2], *swapped]) == len(exchange.leaves) - 2


def test_a_dropped_leaf_that_later_ones_build_on_is_caught(sealed: EverythingSealed) -> None:
    leaves = list(sealed.exchange.leaves)
    del leaves[sealed.index["opened"]]
    assert first_bad(leaves) == sealed.index["opened"]


def test_a_dropped_leaf_shows_in_its_keys_sequence(sealed: EverythingSealed) -> None:
    leaves = list(sealed.exchange.leaves)
    del leaves[sealed.index["repeated"]]  # nothing builds on it, so each leaf stands
    found = verified(leaves).findings
    assert [(f.code, f.agency, f.index) for f in found if f.code == "SEQUENCE_GAP"] == [("SEQUENCE_GAP", "TZ-RSD", 31)]


def test_the_checkpoint_of_another_tree_is_caught(sealed: EverythingSealed) -> None:
    leaves = sealed.exchange.leaves
    verifier = Verifier(the_root())
    for leaf in leaves[:-1]:
        verifier.add(leaf)
    roots = [Edge.empty().extend(map(leaf_hash, some)).root() for some in (leaves[:-1], leaves)]
    for size, root in ((36, roots[1]), (35, roots[1]), (36, roots[0])):
        with pytest.raises(Tampered, match="checkpoint"):
            verifier.finish(Checkpoint("ledger.example.org", size, root))


def test_two_messages_do_not_share_a_position() -> None:
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(2):
        exchange.submit(exchange.envelope("MZ-INAR", "encounter.reported", to=[]))  # within one millisecond
    same = with_ruling(exchange.leaves[-1], position=exchange.position - 2)
    assert first_bad([*exchange.leaves[:-1], same]) == 11


def test_a_lapse_with_an_envelope_is_caught(sealed: EverythingSealed) -> None:
    leaves, index = list(sealed.exchange.leaves), sealed.index["lapsed reply"]
    leaves[index] += leaves[index - 1].split(b"\n", 2)[2]
    assert first_bad(leaves) == index


def test_the_reason_is_told(sealed: EverythingSealed) -> None:
    with pytest.raises(Tampered, match="index 27: its 'responsible' is not what the rules give: MZ-INAR"):
        verified(replaced(sealed, sealed.index["moved"], responsible="TZ-RSD"))
    with pytest.raises(Tampered, match="index 11: stored before the leaf before it"):
        verified(replaced(sealed, sealed.index["asked"], stored_at="2026-11-02T18:59:59.999Z"))


def test_what_a_stranger_may_have_written_is_not_repeated(sealed: EverythingSealed) -> None:
    """A terminal obeys what is printed on it."""
    with pytest.raises(Tampered) as caught:
        verified(replaced(sealed, sealed.index["opened"], responsible="\x1b[2J"))
    assert str(caught.value).isprintable()


def test_a_message_sealed_twice_is_caught(sealed: EverythingSealed) -> None:
    leaves = sealed.exchange.leaves
    again = with_ruling(next(leaf for leaf in reversed(leaves) if b'"ruling":"recorded"' in leaf), position=99)
    assert first_bad([*leaves, again]) == len(leaves)


@pytest.mark.parametrize("envelope", [b"", b"no envelope", b'{"payload":"e30","signatures":[]}', b"\n\n"])
def test_what_is_no_message_has_no_leaf(envelope: bytes) -> None:
    leaf = b"\n".join((FORMAT, b'{"ruling":"recorded","position":0,"stored_at":"2026-11-02T09:00:00.000Z"}', envelope))
    assert first_bad([leaf]) == 0


def test_a_strangers_message_has_no_leaf() -> None:
    exchange = Exchange()
    exchange.admit_all()
    forged = exchange.envelope("MZ-INAR", "encounter.reported", to=[], keys=["stranger"])
    ruling = {"position": 50, "stored_at": instant.write(exchange.now), "case_version": 1, "responsible": "MZ-INAR"}
    leaf = with_ruling(b"\n".join((FORMAT, b'{"ruling":"recorded"}', forged)), **ruling)
    assert first_bad([*exchange.leaves, leaf]) == len(exchange.leaves)


def test_an_agency_that_speaks_for_another_is_caught_if_the_hub_records_it() -> None:
    exchange = Exchange()
    exchange.admit_all()
    exchange.say("MZ-INAR", "encounter.reported", to=[], keys=["TZ-RSD/sign"])
    assert verified(exchange.leaves).refused == 1
    recorded = with_ruling(exchange.leaves[-1], ruling="recorded", code=None, case_version=1, responsible="MZ-INAR")
    assert first_bad([*exchange.leaves[:-1], recorded]) == len(exchange.leaves) - 1


def test_a_directory_that_governance_did_not_sign_is_caught() -> None:
    exchange = Exchange()
    facts = {"agency": "EV-IL", "name": "Evil", "country": "XXA", "roles": ["state"], "utc_offset": "+00:00"}
    facts["identity"] = key("evil").public.as_dict()  # type: ignore[assignment]
    exchange.say("GOVERNANCE", "agency.admitted", keys=["governance-1"], **facts)
    assert verified(exchange.leaves).refused == 1
    assert first_bad([with_ruling(exchange.leaves[0], ruling="recorded", code=None)]) == 0


def test_a_revocation_flags_earlier_leaves_and_flips_none(sealed: EverythingSealed) -> None:
    report = verified(sealed.exchange.leaves)
    doubts = [f for f in report.findings if f.code == "KEY_IN_DOUBT"]
    assert [(f.agency, f.kid, f.index) for f in doubts] == [("TZ-RSD", key("TZ-RSD/sign").kid, 32)]


def test_a_number_on_two_leaves_is_found() -> None:
    exchange = Exchange()
    exchange.admit_all()
    exchange.opened()
    exchange.sequences["MZ-INAR/sign"] = 0
    exchange.opened()
    assert [(f.code, f.agency, f.index) for f in verified(exchange.leaves).findings] == [
        ("SEQUENCE_TWICE", "MZ-INAR", 11)
    ]


def test_the_clock_of_a_stream_that_steps_back_backdates_nothing() -> None:
    exchange = Exchange()
    exchange.admit_all()
    exchange.opened()
    exchange.now -= 30 * DAY
    exchange.opened()
    assert verified(exchange.leaves).leaves == 12
    backdated = with_ruling(exchange.leaves[-1], stored_at=instant.write(exchange.now))
    assert first_bad([*exchange.leaves[:-1], backdated]) == 11


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b'"ruling":"recorded",', b'"ruling": "recorded",'),
        lambda raw: raw.replace(b"leaf/1", b"leaf/2"),
        lambda raw: raw + b"\n",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:0],
        lambda raw: raw.replace(b'"position"', b'"code":null,"position"'),
    ],
)
def test_a_leaf_in_another_spelling_is_caught(sealed: EverythingSealed, spoil: Callable[[bytes], bytes]) -> None:
    leaves = list(sealed.exchange.leaves)
    leaves[10] = spoil(leaves[10])
    assert first_bad(leaves) == 10


@pytest.mark.parametrize("where", ["opened", "lapsed receipt", "not new"])
def test_a_bit_flipped_in_a_leaf_is_caught_even_if_the_hub_seals_the_tree_anew(
    sealed: EverythingSealed, where: str
) -> None:
    index = sealed.index[where]
    leaf = sealed.exchange.leaves[index]
    # A position or an instant moved to anywhere between its neighbours' is for receipts to show.
    instants = leaf[leaf.index(b'"position"') : leaf.index(b'Z"')]
    bits = [8 * at + at % 8 for at in range(0, len(leaf), 29) if not 0 <= at - leaf.index(instants) <= len(instants)]
    for bit in bits:
        spoiled = bytearray(leaf)
        spoiled[bit // 8] ^= 1 << (bit % 8)
        verifier = _at(sealed, index)
        with pytest.raises(Tampered) as caught:
            verifier.add(bytes(spoiled))
        assert caught.value.index == index


def _at(sealed: EverythingSealed, index: int) -> Verifier:
    verifier = Verifier(the_root())
    for leaf in sealed.exchange.leaves[:index]:
        verifier.add(leaf)
    return verifier


def test_a_message_about_an_unknown_case_is_refused_and_verifies() -> None:
    exchange = Exchange()
    exchange.admit_all()
    exchange.say("MZ-INAR", "encounter.reported", case=uuid7(999), to=[])
    assert verified(exchange.leaves).refused == 1
