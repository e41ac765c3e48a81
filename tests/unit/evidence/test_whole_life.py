"""Ledgers of the whole life of a case: what the fold seals, the verifier decides again, by the rules in force."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.fold import Fold, NewLeaf
from hifadhi.evidence.leaf import parse
from hifadhi.evidence.verify import Verifier
from hifadhi.referral import rules as released
from hifadhi.referral.directory import Directory
from hifadhi.referral.rules import RELEASED
from hifadhi.referral.verdict import IRREGULAR
from sealed_ledgers import DAY, Exchange, key, the_root, uuid7

MZ, ZA, TZ = "MZ-INAR", "ZA-DHA", "TZ-RSD"
TRANSFER = uuid7(9_999)


def verified(exchange: Exchange) -> list[str]:
    """The rulings, all decided again; `Tampered` if one does not stand."""
    verifier = Verifier(the_root())
    return [verifier.add(raw).leaf.ruling.ruling for raw in exchange.leaves]


def opened(exchange: Exchange) -> str:
    exchange.admit_all()
    for agency in (MZ, ZA):
        identity = f"{agency}/identity"
        facts = {"agency": agency, "use": "countersign", "key": key(f"{agency}/countersign").public.as_dict()}
        exchange.say(agency, "key.added", keys=[identity], **facts)
    return str(exchange.say(MZ, "encounter.reported", to=[]).message)


def planned(exchange: Exchange, case: str) -> dict[str, Any]:
    """What every further message of the transfer says."""
    now = exchange.fold.cases
    asks: dict[str, Any] = {
        "case": case,
        "to": [ZA],
        "kind": "responsibility",
        "urgency": "urgent",
        "seen": now[case].version,
    }
    referral = str(exchange.say(MZ, "referral.requested", **asks).message)
    about = {"case": case, "referral": referral}
    exchange.say(ZA, "referral.accepted", to=[MZ], seen=1, **about)
    due = {"transfer": TRANSFER, "arrival_due": "2026-11-20T10:00:00.000Z"}
    exchange.say(MZ, "transfer.proposed", to=[ZA], seen=2, **about, **due)
    exchange.say(ZA, "transfer.agreed", to=[MZ], seen=3, **about)
    return {**about, "transfer": TRANSFER}


def test_a_transfer_with_its_second_signature_verifies() -> None:
    exchange = Exchange()
    about = planned(exchange, opened(exchange))
    exchange.say(MZ, "departure.confirmed", to=[ZA], keys=[f"{MZ}/sign", f"{MZ}/countersign"], **about)
    exchange.say(ZA, "arrival.confirmed", to=[MZ], **about)
    (case,) = exchange.fold.cases.values()
    assert case.owed_by == ZA
    assert set(verified(exchange)) == {"recorded"}


def test_who_leaves_after_the_arrival_was_due_is_late_with_the_next_leaf() -> None:
    exchange = Exchange()
    about = planned(exchange, opened(exchange))
    exchange.now += 25 * DAY
    exchange.say(MZ, "departure.confirmed", to=[ZA], keys=[f"{MZ}/sign", f"{MZ}/countersign"], **about)
    exchange.tick(0)
    exchange.tick(1)
    assert verified(exchange)[-2:] == ["recorded", "lapsed"]


def test_a_removal_with_a_successor_verifies_and_so_does_what_follows() -> None:
    exchange = Exchange()
    case = opened(exchange)
    exchange.admit("MZ-NEW", "MOZ", ["state"])
    exchange.say("GOVERNANCE", "agency.removed", agency=MZ, successor="MZ-NEW")
    closes: dict[str, Any] = {"case": case, "to": [], "seen": exchange.fold.cases[case].version}
    assert exchange.say("MZ-NEW", "case.closed", **closes).leaf.ruling.ruling == "recorded"
    assert set(verified(exchange)) == {"recorded"}


@pytest.fixture
def second_rules() -> Iterator[None]:
    """Rules 2, in which a removal is always irregular: so two rule numbers can be told apart."""

    def decide(header: Any, case: Any, known: Any) -> Any:
        return IRREGULAR if header.type == "removal.recorded" else RELEASED[1].decide(header, case, known)

    both = {**RELEASED, 2: replace(RELEASED[1], decide=decide)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "RELEASED", both)
        yield


@pytest.mark.usefixtures("second_rules")
def test_a_ledger_ruled_by_two_rule_numbers_verifies() -> None:
    exchange = Exchange()
    case = opened(exchange)
    before = exchange.say(MZ, "removal.recorded", case=case, to=[])
    exchange.say("GOVERNANCE", "rules.adopted", rules=2)
    after = exchange.say(MZ, "removal.recorded", case=case, to=[])
    assert (before.leaf.ruling.irregular, after.leaf.ruling.irregular) == (None, True)
    assert set(verified(exchange)) == {"recorded"}


def test_nothing_is_sealed_behind_rules_that_this_program_does_not_have() -> None:
    exchange = Exchange()
    opened(exchange)
    before = len(exchange.leaves)
    with pytest.raises(Refused, match="RULES_UNKNOWN"):
        exchange.say("GOVERNANCE", "rules.adopted", rules=2)
    assert len(exchange.leaves) == before


def test_a_verifier_without_the_rules_says_so_and_does_not_call_it_tampered() -> None:
    exchange = Exchange()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "RELEASED", {**RELEASED, 2: RELEASED[1]})
        exchange.admit_all()
        exchange.say("GOVERNANCE", "rules.adopted", rules=2)
    with pytest.raises(Refused, match="RULES_UNKNOWN"):
        verified(exchange)


def test_a_year_of_silence_is_sealed_in_the_order_in_which_it_fell_due() -> None:
    exchange = Exchange()
    case = opened(exchange)
    planned(exchange, case)
    other = str(exchange.say(TZ, "encounter.reported", to=[]).message)
    asks: dict[str, Any] = {"case": other, "to": [ZA], "kind": "responsibility", "urgency": "standard", "seen": 1}
    exchange.say(TZ, "referral.requested", **asks)
    exchange.tick(366 * DAY)
    lapses = [leaf for leaf in (parse(raw).ruling for raw in exchange.leaves) if leaf.ruling == "lapsed"]
    assert [lapse.due for lapse in lapses] == sorted(lapse.due or "" for lapse in lapses)
    assert {lapse.clock for lapse in lapses} == {"receipt", "reply", "transfer", "stalled"}
    verified(exchange)


def test_an_irregular_arrival_that_is_sealed_as_regular_is_found() -> None:
    exchange = Exchange()
    about = planned(exchange, opened(exchange))
    early = exchange.say(ZA, "arrival.confirmed", to=[MZ], **about)
    assert isinstance(early, NewLeaf)
    assert early.leaf.ruling.irregular
    forged = replace(early.leaf, ruling=replace(early.leaf.ruling, irregular=None)).to_bytes()
    verifier = Verifier(the_root())
    for raw in exchange.leaves[:-1]:
        verifier.add(raw)
    with pytest.raises(Tampered, match="irregular"):
        verifier.add(forged)


def test_a_fold_of_nothing_has_the_roots_rules() -> None:
    assert Fold(Directory.of(the_root())).directory.rules == the_root().rules
