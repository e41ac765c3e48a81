from dataclasses import replace
from typing import Any, cast

import pytest

from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import directory_changes
from hifadhi.referral.directory import MOST_PARTIES, Agency, Directory, Key
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import GOVERNANCE
from unit.referral.exchange import (
    DIRECTORY,
    GOVERNORS,
    IDENTITY,
    MW,
    MZ,
    READ,
    ROOT,
    SIGN,
    STATS,
    TZ,
    UNHCR,
    WATCH,
    ZA,
    Json,
    admitted,
    directory_after,
    header,
    key_added,
    key_revoked,
    read,
)

NEW = PrivateJwk.generate("Ed25519")
ZM = "ZM-COR"


def fits(statement: Json, directory: Directory = DIRECTORY) -> bool:
    code = objection(directory, read(statement))
    assert code in {None, "NOT_ALLOWED_NOW"}
    return code is None


def test_it_starts_with_governance_alone() -> None:
    start = Directory.of(ROOT)
    assert start.agencies == {}
    assert start.keys == {key.kid: Key(GOVERNANCE, "sign", key.public) for key in GOVERNORS}
    assert start.threshold == 2


def test_an_admission_brings_an_agency_and_its_identity_key() -> None:
    after = directory_after(admitted(MZ))
    assert after.agencies == {MZ: Agency(MZ, "An agency", "MOZ", frozenset({"state", "focal"}), "+02:00")}
    assert after.keys[IDENTITY[MZ].kid] == Key(MZ, "identity", IDENTITY[MZ].public)
    assert len(after.keys) == len(GOVERNORS) + 1


def test_an_added_key_has_its_agency_and_its_use() -> None:
    after = directory_after(admitted(MZ), key_added(MZ, "countersign", NEW))
    assert after.keys[NEW.kid] == Key(MZ, "countersign", NEW.public)


def test_a_revoked_key_stays_known() -> None:
    after = directory_after(key_revoked(MZ, MZ, SIGN[MZ].kid), start=DIRECTORY)
    assert after.keys[SIGN[MZ].kid] == Key(MZ, "sign", SIGN[MZ].public, revoked=True)
    assert {kid: key for kid, key in after.keys.items() if key.revoked} == {
        SIGN[MZ].kid: Key(MZ, "sign", SIGN[MZ].public, revoked=True)
    }


def test_a_message_changes_nothing() -> None:
    assert directory_changes.evolve(DIRECTORY, header("encounter.reported", MZ, ())) is DIRECTORY


def test_a_statement_leaves_the_directory_before_it_as_it_was() -> None:
    before = directory_after(admitted(MZ))
    agencies, keys = dict(before.agencies), dict(before.keys)
    directory_changes.evolve(before, read(key_revoked(MZ, MZ, IDENTITY[MZ].kid)))
    directory_changes.evolve(before, read(admitted(ZA)))
    assert (before.agencies, before.keys) == (agencies, keys)


def test_nobody_writes_into_a_directory() -> None:
    for mapping in (DIRECTORY.agencies, DIRECTORY.keys):
        with pytest.raises(TypeError):
            cast("dict[str, Any]", mapping)["x"] = None


def test_reading_keys_are_those_in_force_the_newest_last() -> None:
    second, third = PrivateJwk.generate("P-256"), PrivateJwk.generate("P-256")
    added = directory_after(key_added(MZ, "read", second), key_added(MZ, "read", third), start=DIRECTORY)
    assert added.reading_keys(MZ) == (READ[MZ].public, second.public, third.public)
    left = directory_after(key_revoked(MZ, MZ, second.kid), start=added)
    assert left.reading_keys(MZ) == (READ[MZ].public, third.public)
    assert left.reading_keys("XX-NONE") == ()


def test_agencies_are_found_by_role() -> None:
    assert DIRECTORY.with_role("focal") == (MZ, TZ, ZA)
    assert DIRECTORY.with_role("detection") == (WATCH,)
    assert DIRECTORY.with_role("auditor") == ()


@pytest.mark.parametrize(("agency", "is_state"), [(MZ, True), (TZ, True), (MW, True), (UNHCR, False), (WATCH, False)])
def test_state_and_focal_agencies_may_be_responsible(agency: str, is_state: bool) -> None:
    assert DIRECTORY.agencies[agency].is_state is is_state


# What does not fit


def test_an_agency_is_admitted_once() -> None:
    assert fits(admitted(ZM))
    assert not fits(admitted(MZ, identity=NEW.public.as_dict(), roles=["auditor"]))


@pytest.mark.parametrize("key", [GOVERNORS[0], IDENTITY[MZ], SIGN[MZ], READ[ZA]])
def test_a_key_has_one_owner_and_one_use_for_ever(key: PrivateJwk) -> None:
    revoked = directory_after(key_revoked(MZ, MZ, SIGN[MZ].kid), start=DIRECTORY)
    for directory in (DIRECTORY, revoked):
        assert not fits(admitted(ZM, identity=key.public.as_dict()), directory)
        assert not fits(key_added(MZ, "sign", key), directory)
        assert not fits(key_added(ZA, "countersign", key), directory)


def test_a_key_is_added_to_an_agency_that_is_there() -> None:
    assert fits(key_added(MZ, "sign", NEW))
    assert not fits(key_added(ZM, "sign", NEW))


def test_a_country_has_one_focal_agency() -> None:
    assert not fits(admitted("MZ-SENAMI", country="MOZ", roles=["state", "focal"]))
    assert fits(admitted("MZ-SENAMI", country="MOZ", roles=["state"]))
    assert fits(admitted("MW-POL", country="MWI", roles=["focal"]))


def test_a_key_is_revoked_once_and_by_its_own_agencys_name() -> None:
    assert fits(key_revoked(MZ, MZ, SIGN[MZ].kid))
    assert fits(key_revoked(GOVERNANCE, MZ, SIGN[MZ].kid))
    assert not fits(key_revoked(GOVERNANCE, ZA, SIGN[MZ].kid))
    assert not fits(key_revoked(MZ, MZ, NEW.kid))
    revoked = directory_after(key_revoked(MZ, MZ, SIGN[MZ].kid), start=DIRECTORY)
    assert not fits(key_revoked(MZ, MZ, SIGN[MZ].kid), revoked)


def test_a_governance_key_is_not_revoked_so() -> None:
    assert not fits(key_revoked(GOVERNANCE, MZ, GOVERNORS[0].kid))


@pytest.mark.parametrize("role", ["detection", "statistics"])
def test_all_who_read_a_part_of_every_message_fit_among_its_readers(role: str) -> None:
    some = [admitted(f"XX-{number:02}", roles=[role]) for number in range(14)]
    full = directory_after(*some, start=DIRECTORY)
    assert len(full.with_role(role)) == 15
    assert fits(admitted(ZM, roles=[role]), directory_after(*some[1:], start=DIRECTORY))
    assert not fits(admitted(ZM, roles=["auditor", role]), full)
    assert fits(admitted(ZM, roles=["auditor"]), full)
    assert STATS in DIRECTORY.with_role("statistics")


def test_the_parties_of_a_case_always_fit_into_a_lapse() -> None:
    one = DIRECTORY.agencies[MZ]
    most = replace(DIRECTORY, agencies={f"XX-{number:04}": one for number in range(MOST_PARTIES)})
    assert not fits(admitted(ZM), most)
    assert fits(admitted(ZM), replace(most, agencies=dict(list(most.agencies.items())[1:])))
