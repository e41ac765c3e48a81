import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import jws, promise, strict_json
from hifadhi.evidence.fold import Fold, NewLeaf, Repeat
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import Leaf, parse
from hifadhi.evidence.promise import Promise, Promises
from hifadhi.evidence.report import Verified
from hifadhi.referral import instant
from hifadhi.referral.directory import Directory
from sealed_ledgers import DAY, Exchange, key, the_root

AGENCIES = ("MZ-INAR", "TZ-RSD")


def told(promises: Sequence[Promise], leaves: Sequence[Leaf]) -> Promises:
    """The promises, after they were held against these leaves."""
    held = Promises(promises, lambda: the_root().gateway_keys)
    for index, leaf in enumerate(leaves):
        digest = read_envelope(leaf.envelope, typ=MESSAGE).digest if leaf.envelope else None
        held.see(Verified(index, leaf, None, digest))
    return held


def token(payload: Any, name: str = "gateway", typ: str = jws.RECEIPT) -> bytes:
    return jws.sign_compact(strict_json.dump(payload), typ=typ, key=key(name)).encode()


def claims(raw: bytes, position: int, time_ms: int) -> dict[str, Any]:
    envelope = read_envelope(raw, typ=MESSAGE)
    said = strict_json.parse(envelope.payload)
    at = {"position": position, "stored_at": instant.write(time_ms)}
    return {"id": said["id"], "digest": envelope.digest, **at}


class Receipted:
    """An exchange whose every post has its receipt."""

    def __init__(self) -> None:
        self.exchange, self.lines, self.posted = Exchange(), list[dict[str, Any]](), list[bytes]()
        self.exchange.admit_all()
        self.first = self.exchange.position

    def post(self, raw: bytes) -> None:
        self.lines.append(claims(raw, self.exchange.position, self.exchange.now))
        assert isinstance(self.exchange.submit(raw), NewLeaf | Repeat)

    def do(self, step: str) -> None:
        self.exchange.now += 1000
        if step == "again" and self.posted:
            self.post(self.posted[0])
        elif step == "month":
            self.exchange.tick(40 * DAY)
        else:
            self.posted.append(self.exchange.envelope(AGENCIES[len(self.posted) % 2], "encounter.reported", to=[]))
            self.post(self.posted[-1])

    def promises(self) -> list[Promise]:
        return promise.read(token(self.lines), the_root().origin)

    def leaves(self, *, without: bytes = b"\0") -> list[Leaf]:
        """Ruled again, as if one message had never come."""
        fold, leaves = Fold(Directory.of(the_root())), list[Leaf]()
        for position, now, raw in self.exchange.submissions:
            while lapse := fold.lapse(position, now):
                leaves.append(lapse.leaf)
            outcome = fold.rule(position, now, raw) if raw and raw != without else None
            leaves.extend([outcome.leaf] if isinstance(outcome, NewLeaf) else [])
        return leaves


FEW = settings(max_examples=25)  # each signs and rules a whole exchange
STEPS = st.lists(st.sampled_from(["post", "again", "month"]), max_size=8).map(lambda steps: ["post", *steps, "post"])


@FEW
@given(STEPS)
def test_an_honest_hub_keeps_every_receipt(steps: list[str]) -> None:
    made = Receipted()
    for step in steps:
        made.do(step)
    held = told(made.promises(), made.leaves())
    assert held.open() == () and held.kept == len(made.lines)


@FEW
@given(STEPS, st.data())
def test_a_message_left_out_is_missed_by_the_first_leaf_behind_it(steps: list[str], data: st.DataObject) -> None:
    made = Receipted()
    for step in steps:
        made.do(step)
    gone = data.draw(st.sampled_from(made.posted))
    leaves, digest = made.leaves(without=gone), read_envelope(gone, typ=MESSAGE).digest
    position = next(one.position for one in made.promises() if one.digest == digest)
    behind = next((index for index, leaf in enumerate(leaves) if leaf.ruling.position > position), None)
    if behind is None:
        assert {one.digest for one in told(made.promises(), leaves).open()} == {digest}
        return
    with pytest.raises(Tampered) as caught:
        told(made.promises(), leaves)
    assert caught.value.index == behind


def test_a_message_that_is_refused_twice_has_two_leaves_and_two_receipts() -> None:
    """A refusal for its key does not keep its place: sent again, it is ruled again."""
    made = Receipted()
    exchange = made.exchange
    raw = exchange.envelope("TZ-RSD", "encounter.reported", to=[])
    exchange.say("TZ-RSD", "key.revoked", keys=["TZ-RSD/identity"], agency="TZ-RSD", kid=key("TZ-RSD/sign").kid)
    made.post(raw)
    made.post(raw)
    leaves = [parse(leaf) for leaf in exchange.leaves]
    assert [leaf.ruling.code for leaf in leaves[-2:]] == ["KEY_NOT_VALID", "KEY_NOT_VALID"]
    assert told(made.promises(), leaves).kept == 2


def one() -> tuple[Receipted, dict[str, Any]]:
    made = Receipted()
    made.do("post")
    made.do("post")
    return made, {**made.lines[0], "from": "MZ-INAR", "hub": the_root().origin}


def test_both_forms_of_receipts_are_read_with_what_an_agency_keeps_around_them() -> None:
    made, single = one()
    kept = json.dumps({"id": single["id"], "digest": single["digest"], "receipt": token(single).decode()}).encode()
    batch = json.dumps({"ids": [], "receipt": token(made.lines).decode()}).encode()
    refusal = json.dumps({"id": "x", "digest": "x", "refusal": None}).encode()
    found = promise.read(b"\n".join((kept, b"", refusal, batch, token(single))), the_root().origin)
    assert found == [found[0], found[0], found[2], found[0]]
    assert told(found, made.leaves()).kept == 2


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"{\n",
        b"x.y.z",
        b"\xff",
        token({"digest": "x"}),
        token([{"digest": "x"}]),
        token({**one()[1], "hub": "elsewhere.example.org"}),
        token({**one()[1], "position": True}, "ledger"),
        token({**one()[1], "stored_at": "yesterday"}, "ledger"),
        token({**one()[1], "digest": "A"}),
        token(one()[1], "ledger"),
        token(one()[1], "gateway", jws.REFUSAL),
    ],
)
def test_what_is_no_receipt_of_this_hub_accuses_nobody(line: bytes) -> None:
    good, leaves = token(one()[1]), one()[0].leaves()
    with pytest.raises(Refused, match="line 2 is no receipt"):
        told(promise.read(good + b"\n" + line, the_root().origin), leaves).open()


def kept() -> list[bytes]:
    """What an agency's client writes: a receipt, a refusal, the receipt of a batch."""
    made, single = one()
    return [
        strict_json.dump({"id": "x", "digest": "x", "receipt": token(single).decode()}),
        strict_json.dump({"id": "x", "digest": "x", "refusal": None}),
        strict_json.dump({"ids": ["x", "y"], "receipt": token(made.lines).decode()}),
    ]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_that_ends_within_an_agencys_line_gives_what_stands_before_it(number: int) -> None:
    """Wherever its writer was killed, and after it has written on."""
    *before, last = kept()[: number + 1]
    whole = b"".join(line + b"\n" for line in before)
    others = promise.read(whole, the_root().origin)
    for cut in range(len(last)):
        raw = whole + last[:cut]
        assert promise.read(raw, the_root().origin) == others
        assert promise.is_cut_off(raw) == (cut > 0)
    full = promise.read(whole + last + b"\n", the_root().origin)
    assert promise.read(whole + last, the_root().origin) == full
    assert not promise.is_cut_off(whole + last) and not promise.is_cut_off(whole + last + b"\n")


def test_half_a_line_that_others_follow_is_no_receipt() -> None:
    first, _, last = kept()
    with pytest.raises(Refused, match="line 2 is no receipt"):
        promise.read(b"\n".join((first, last[:40], last)), the_root().origin)


NOWHERE: list[dict[str, Any]] = [
    {"position": True},
    {"position": -1},
    {"position": "3"},
    {"stored_at": 1},
    {"stored_at": "yesterday"},
    {"stored_at": "2026-11-23"},
    {"stored_at": "2026-11-23T10:00:00.000"},
    {"stored_at": "2026-11-23T10:00:00.000+02:00"},
    {"stored_at": "2026-02-30T10:00:00.000Z"},
]


@pytest.mark.parametrize("of", NOWHERE)
def test_a_gateway_that_signed_no_place_is_what_the_hub_is_charged_with(of: dict[str, Any]) -> None:
    made, single = one()
    lines = b"\n".join((token({**single, **of}), token([{**made.lines[1], **of}])))
    for raw in (lines, *lines.splitlines()):
        with pytest.raises(Tampered, match="a gateway signed a receipt that does not say where and when"):
            told(promise.read(raw, the_root().origin), made.leaves()).open()


def test_a_receipt_of_no_place_hides_no_broken_promise_beside_it() -> None:
    made, single = one()
    lines = token({**single, "stored_at": "soon"}) + b"\n" + token(made.lines)
    without = made.leaves(without=made.posted[0])
    with pytest.raises(Tampered, match="none stands before this"):
        told(promise.read(lines, the_root().origin), without)


def changed(made: Receipted, **of: Any) -> list[Promise]:
    single = {**made.lines[0], "from": "MZ-INAR", "hub": the_root().origin, **of}
    return promise.read(token(single), the_root().origin)


def test_a_promise_of_another_instant_or_another_message_is_named_at_its_leaf() -> None:
    made, single = one()
    leaves = made.leaves()
    other = claims(made.posted[1], single["position"], made.exchange.now)
    for of, why in (
        ({"stored_at": instant.write(made.exchange.now)}, "another instant"),
        ({"digest": other["digest"], "id": other["id"]}, "another message's"),
    ):
        with pytest.raises(Tampered, match=why) as caught:
            told(changed(made, **of), leaves)
        assert caught.value.index == len(leaves) - 2


def test_an_append_time_that_stepped_back_is_the_instant_of_the_leaf_before() -> None:
    made = Receipted()
    made.exchange.now -= DAY
    made.do("post")
    made.do("post")
    assert told(made.promises(), made.leaves()).kept == 2
