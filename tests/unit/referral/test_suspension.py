"""An agency whose keys sign nothing for now: who takes what from it, who still speaks to it, what runs on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission
from hifadhi.referral.directory import Directory
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import GOVERNANCE
from unit.referral.exchange import (
    COUNTERSIGN,
    DIRECTORY,
    GOVERNORS,
    IDENTITY,
    MW,
    MZ,
    SIGN,
    UNHCR,
    ZA,
    Json,
    Ledger,
    admitted,
    any_message,
    arranged,
    directory_after,
    header,
    key_added,
    key_revoked,
    payload,
    read,
    removed,
    signed,
    uuid,
)

SENAMI = "MZ-SENAMI"


def suspended(agency: str = MZ, **members: Any) -> Json:
    return payload("agency.suspended", GOVERNANCE, agency=agency, **members)


LIFTED = suspended(lifted=True)
WITHOUT_MZ = directory_after(suspended(), start=DIRECTORY)


def fits(statement: Json, directory: Directory = DIRECTORY) -> bool:
    return objection(directory, read(statement)) is None


def refused(document: Json, *by: PrivateJwk, directory: Directory = WITHOUT_MZ) -> tuple[str, str] | None:
    """By the keys, else by who and whom; None if it is taken."""
    said = read(document)
    try:
        admission.check_keys(signed(document, *by), said, directory)
        admission.check_standing(said, directory)
    except Refused as refusal:
        return refusal.code, refusal.faults[0].pointer
    return None


def request(sender: str, *to: str, **members: Any) -> Json:
    said = {"case": uuid(1), "urgency": "urgent", "seen": 1, "kind": "responsibility", **members}
    return payload("referral.requested", sender, to, **said)


def test_it_is_suspended_once_and_lifted_once() -> None:
    assert fits(suspended())
    assert not fits(LIFTED)
    assert not fits(suspended("KE-DRS"))
    assert not fits(suspended(), WITHOUT_MZ)
    assert fits(LIFTED, WITHOUT_MZ)
    assert directory_after(LIFTED, start=WITHOUT_MZ) == DIRECTORY


@given(st.lists(st.tuples(st.sampled_from([MZ, ZA, MW]), st.booleans()), max_size=12))
def test_whatever_is_said_in_whatever_order_who_is_suspended_is_who_was_suspended_last(
    said: list[tuple[str, bool]],
) -> None:
    directory, last = DIRECTORY, dict[str, bool]()
    for agency, lifted in said:
        statement = suspended(agency, **({"lifted": True} if lifted else {}))
        does_fit = last.get(agency, False) == lifted
        assert fits(statement, directory) == does_fit
        if does_fit:
            directory, last[agency] = directory_after(statement, start=directory), not lifted
    assert directory.suspended == {agency for agency, is_so in last.items() if is_so}


def test_only_governance_suspends() -> None:
    assert refused(suspended(ZA), *GOVERNORS[:2]) is None
    assert refused(payload("agency.suspended", ZA, agency=MW), SIGN[ZA]) == ("NOT_YOUR_ROLE", "/from")


KEY = ("KEY_NOT_VALID", "/signatures/0/protected")
SECOND = ("KEY_NOT_VALID", "/signatures/1/protected")


def test_its_keys_sign_nothing_but_the_end_of_a_key() -> None:
    assert refused(payload("encounter.reported", MZ, ()), SIGN[MZ]) == KEY
    assert refused(any_message("referral.received", MZ, ZA), SIGN[MZ]) == KEY
    assert refused(key_added(MZ, "sign", PrivateJwk.generate("Ed25519")), IDENTITY[MZ]) == KEY
    assert refused(key_revoked(MZ, MZ, SIGN[MZ].kid), IDENTITY[MZ]) is None
    assert refused(key_revoked(GOVERNANCE, MZ, SIGN[MZ].kid), *GOVERNORS[:2]) is None
    assert refused(payload("encounter.reported", ZA, ()), SIGN[ZA]) is None


def test_nor_do_they_sign_second() -> None:
    directory = directory_after(key_added(MZ, "countersign", COUNTERSIGN[MZ]), suspended(), start=DIRECTORY)
    assert refused(arranged(ZA, MZ), SIGN[ZA], SIGN[MZ], directory=directory) == SECOND
    left = any_message("departure.confirmed", MZ, ZA)
    assert refused(left, SIGN[MZ], COUNTERSIGN[MZ], directory=directory) == KEY


def test_it_is_told_but_not_asked() -> None:
    assert refused(any_message("encounter.reported", ZA, MZ), SIGN[ZA]) is None
    assert refused(any_message("referral.withdrawn", ZA, MZ), SIGN[ZA]) is None
    assert refused(request(ZA, MZ), SIGN[ZA]) == ("ADDRESSEE_UNKNOWN", "/to/0")
    assert refused(request(ZA, MW, UNHCR, person_asked=True), SIGN[ZA]) is None
    assert refused(request(ZA, MZ), SIGN[ZA], directory=DIRECTORY) is None


def test_an_observer_that_is_suspended_may_still_be_copied_in() -> None:
    without = directory_after(suspended(UNHCR), start=DIRECTORY)
    assert refused(request(ZA, MZ, UNHCR, person_asked=True), SIGN[ZA], directory=without) is None


def test_why_it_cannot_be_asked_stands_in_words() -> None:
    with pytest.raises(Refused, match="suspended and could not answer"):
        admission.check_standing(read(request(ZA, MZ)), WITHOUT_MZ)
    with pytest.raises(Refused, match=r"suspended.*'key\.revoked' only"):
        admission.check_keys(signed(LIFTED, SIGN[MZ]), header("encounter.reported", MZ, ()), WITHOUT_MZ)


def test_it_still_owes_what_it_owed_and_its_clocks_run_on() -> None:
    ledger = Ledger()
    case = ledger.opened(MZ)
    asked = ledger.requested(case.id, ZA)
    running = ledger.cases[case.id].clocks
    ledger.directory = WITHOUT_MZ
    assert ledger.cases[case.id].clocks == running
    assert ledger.answer("referral.accepted", asked).code is None
    assert ledger.cases[case.id].responsible == MZ


def test_who_is_suspended_can_be_removed_and_succeeds_nobody() -> None:
    two = directory_after(admitted(SENAMI, country="MOZ", roles=["state"]), suspended(), start=DIRECTORY)
    assert fits(removed(MZ, SENAMI), two)
    assert not fits(removed(SENAMI, MZ), two)
    gone = directory_after(removed(MZ, SENAMI), start=two)
    assert gone.suspended == frozenset()
    assert not fits(LIFTED, gone)
