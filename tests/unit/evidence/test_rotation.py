"""A new root: who may bring it, which keys count from which leaf on, and what an auditor makes of all of it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.fold import DeadLetter
from hifadhi.evidence.leaf import parse
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.evidence.verify import Verifier
from hifadhi.referral import root as roots
from hifadhi.referral.root import Root
from sealed_ledgers import Exchange, archive, key, root_bytes, the_root

OLD, NEW = ("governance-1", "governance-2"), ("governance-3", "governance-4")


def a_root(
    governance: Sequence[str] = NEW, *, threshold: int = 2, ledger: Sequence[str] = ("ledger-2",), **changed: Any
) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(root_bytes())
    document["governance"] = {"keys": [key(name).public.as_dict() for name in governance], "threshold": threshold}
    document["hub"]["ledger"] = [key(name).public.as_dict() for name in ledger]
    return {**document, **changed}


def parsed(document: dict[str, Any]) -> Root:
    return roots.parse(json.dumps(document).encode())


def private(name: str) -> Ed25519PrivateKey:
    found = key(name).key
    assert isinstance(found, Ed25519PrivateKey)
    return found


def rotate(exchange: Exchange, *by: str, version: int = 1, root: dict[str, Any] | None = None) -> str | None:
    """The code of its leaf; None if it is recorded."""
    said = {"version": version, "root": root or a_root()}
    return exchange.say("GOVERNANCE", "governance.rotated", keys=by or (*OLD, *NEW), **said).leaf.ruling.code


@pytest.fixture
def exchange() -> Exchange:
    made = Exchange()
    made.admit_all()
    return made


def test_a_rotation_ends_the_old_keys_and_brings_the_new(exchange: Exchange) -> None:
    assert rotate(exchange) is None
    directory = exchange.fold.directory
    assert (directory.root, directory.rotations) == (parsed(a_root()), 1)
    assert [directory.keys[key(name).kid].revoked for name in (*OLD, *NEW)] == [True, True, False, False]
    assert exchange.say("GOVERNANCE", "agency.suspended", agency="ZA-DHA").leaf.ruling.code == "KEY_NOT_VALID"
    suspends = exchange.say("GOVERNANCE", "agency.suspended", keys=NEW, agency="ZA-DHA")
    assert suspends.leaf.ruling.code is None


SWAPPED = a_root(
    hub={"ledger": [key("gateway").public.as_dict()], "gateway": [key("gateway-2").public.as_dict()]},
)
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "only the old keys": (OLD, {}, "SENDER_MISMATCH"),
    "too few of the old": ((OLD[0], *NEW), {}, "SENDER_MISMATCH"),
    "too few of the new": ((*OLD, NEW[0]), {}, "SENDER_MISMATCH"),
    "an agency's key among them": ((*OLD, *NEW, "MZ-INAR/sign"), {}, "SENDER_MISMATCH"),
    "another origin": ((*OLD, *NEW), {"root": a_root(origin="elsewhere.example")}, "SCHEMA"),
    "other first rules": ((*OLD, *NEW), {"root": a_root(rules=2)}, "SCHEMA"),
    "a version left out": ((*OLD, *NEW), {"version": 2}, "NOT_ALLOWED_NOW"),
    "governance by an agency": (
        (*OLD, NEW[0], "MZ-INAR/sign"),
        {"root": a_root((NEW[0], "MZ-INAR/sign"))},
        "SENDER_MISMATCH",
    ),
    "an agency's key for the hub": ((*OLD, *NEW), {"root": a_root(ledger=("MZ-INAR/sign",))}, "NOT_ALLOWED_NOW"),
    "a gateway's key for the ledger": ((*OLD, *NEW), {"root": SWAPPED}, "NOT_ALLOWED_NOW"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_good_rotation_is_refused_with_a_leaf_and_changes_nothing(exchange: Exchange, what: str) -> None:
    by, said, code = REFUSED[what]
    before = exchange.fold.directory
    assert rotate(exchange, *by, **said) == code
    assert exchange.fold.directory is before
    verifier = Verifier(the_root())
    for raw in exchange.leaves[:-1]:
        verifier.add(raw)
    recorded = exchange.leaves[-1].replace(f'"refused","code":"{code}"'.encode(), b'"recorded"')
    assert parse(recorded).ruling.ruling == "recorded"
    with pytest.raises(Tampered):
        verifier.add(recorded)


def test_with_the_new_keys_alone_it_is_a_strangers_and_gets_no_leaf(exchange: Exchange) -> None:
    for by in (NEW, (*NEW, *OLD)):
        said = exchange.envelope("GOVERNANCE", "governance.rotated", keys=by, version=1, root=a_root())
        assert exchange.submit(said) == DeadLetter("KEY_UNKNOWN")


def test_a_governance_key_that_was_taken_out_does_not_come_back(exchange: Exchange) -> None:
    assert rotate(exchange) is None
    back = a_root(OLD)
    assert rotate(exchange, *NEW, *OLD, version=2, root=back) == "KEY_NOT_VALID"


def test_a_key_that_stays_signs_for_both_thresholds(exchange: Exchange) -> None:
    assert rotate(exchange, *OLD, NEW[0], root=a_root((OLD[1], NEW[0]))) is None
    assert rotate(exchange, OLD[1], NEW[0], version=2, root=a_root((OLD[1], NEW[0]), max_delay_s=30)) is None
    assert exchange.fold.directory.root.max_delay_s == 30


def test_a_tree_is_signed_by_a_key_in_force_after_its_leaves(exchange: Exchange) -> None:
    before = list(exchange.leaves)
    rotate(exchange)
    Audit(archive(before, private("ledger")), the_root()).run()
    Audit(archive(exchange.leaves, private("ledger-2")), the_root()).run()
    for leaves, name in ((before, "ledger-2"), (exchange.leaves, "ledger")):
        with pytest.raises(Tampered, match="known key"):
            Audit(archive(leaves, private(name)), the_root()).run()


def test_with_an_overlap_both_sign(exchange: Exchange) -> None:
    rotate(exchange, root=a_root(ledger=("ledger", "ledger-2")))
    for name in ("ledger", "ledger-2"):
        Audit(archive(exchange.leaves, private(name)), the_root()).run()
    rotate(exchange, *NEW, version=2)
    Audit(archive(exchange.leaves, private("ledger-2")), the_root()).run()
    with pytest.raises(Tampered, match="known key"):
        Audit(archive(exchange.leaves, private("ledger")), the_root()).run()


def test_the_newest_root_is_not_where_an_audit_starts_and_it_is_said_so(exchange: Exchange) -> None:
    rotate(exchange)
    with pytest.raises(Tampered, match=r"index 0: .*first root\.json"):
        Audit(archive(exchange.leaves, private("ledger-2")), parsed(a_root())).run()


def test_ledger_keys_by_size() -> None:
    one, both, other = (parsed(a_root(ledger=names)) for names in (("ledger",), ("ledger", "ledger-2"), ("ledger-2",)))
    keys = LedgerKeys.of(one).rotated(9, both).rotated(19, other)
    assert [keys.at(size) for size in (0, 9, 10, 19, 20, 99)] == [one, one, both, both, other, other]
    old, new = {key("ledger").public.public}, {key("ledger-2").public.public}
    assert [keys.first_size(old, size) for size in (0, 9, 19, 20)] == [0, 9, 19, None]
    assert [keys.first_size(new, size) for size in (0, 9, 10, 20, 50)] == [10, 10, 10, 20, 50]


def test_sixteen_keys_fit_into_a_header() -> None:
    many = [f"many-{number}/es256" for number in range(16)]
    exchange = Exchange()
    document = a_root(many[:8], threshold=8)
    document["hub"]["gateway"] = [key(f"hub-{number}/es256").public.as_dict() for number in range(8)]
    document["hub"]["ledger"] = [key(f"hub-{number}").public.as_dict() for number in range(8)]
    assert rotate(exchange, *OLD, *many[:8], root=document) is None
    again = {**document, "governance": a_root(many[8:], threshold=8)["governance"]}
    assert rotate(exchange, *many, version=2, root=again) is None


def test_a_root_in_a_header_is_checked_as_the_file_is() -> None:
    twice = Root.model_validate(a_root((NEW[0], NEW[0]), threshold=1))
    with pytest.raises(Refused, match="/root/governance/keys/1"):
        roots.check_keys(twice, pointer="/root")
