from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission, instant
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.headers import MESSAGES
from hifadhi.referral.table import KIND, Kind
from unit.referral.exchange import (
    DIRECTORY,
    GOVERNORS,
    IDENTITY,
    MW,
    MZ,
    NOW,
    READ,
    SIGN,
    STATS,
    TZ,
    UNHCR,
    WATCH,
    ZA,
    Json,
    admitted,
    any_message,
    directory_after,
    key_added,
    key_revoked,
    payload,
    read,
    signed,
    uuid,
)

STRANGER = PrivateJwk.generate("Ed25519")
COUNTERSIGN = PrivateJwk.generate("Ed25519")
WITH_COUNTERSIGN = directory_after(key_added(MZ, "countersign", COUNTERSIGN), start=DIRECTORY)
WITHOUT_SIGN = directory_after(key_revoked(MZ, MZ, SIGN[MZ].kid), start=DIRECTORY)


def encounter(sender: str = MZ, to: tuple[str, ...] = (), /, **members: Any) -> Json:
    return payload("encounter.reported", sender, to, **members)


def request(sender: str = MZ, to: str = ZA) -> Json:
    said = {"case": uuid(1), "urgency": "urgent", "seen": 1, "kind": "responsibility"}
    return payload("referral.requested", sender, (to,), **said)


def outcome(check: Callable[[], object]) -> tuple[str, str] | None:
    """The code and the pointer of a refusal; None if there is none."""
    try:
        check()
    except Refused as refused:
        return refused.code, refused.faults[0].pointer
    return None


def keys(document: Json, *by: PrivateJwk, directory: Directory = DIRECTORY) -> tuple[str, str] | None:
    return outcome(lambda: admission.check_keys(signed(document, *by), read(document), directory))


def signatures(envelope: jws.Envelope, directory: Directory = DIRECTORY) -> tuple[str, str] | None:
    return outcome(lambda: admission.check_signatures(envelope, None, directory))


def standing(document: Json, directory: Directory = DIRECTORY) -> tuple[str, str] | None:
    return outcome(lambda: admission.check_standing(read(document), directory))


def with_alg(envelope: jws.Envelope, alg: str, number: int = 0) -> jws.Envelope:
    """The envelope as if its signature had been made with another algorithm."""
    changed = list(envelope.signatures)
    one = changed[number]
    protected = strict_json.dump({"alg": alg, "kid": one.kid, "typ": one.typ})
    changed[number] = replace(one, alg=alg, protected=protected)
    return replace(envelope, signatures=tuple(changed))


def test_an_honest_message_passes_everything() -> None:
    for document in (encounter(), request(), any_message("referral.accepted", ZA, MZ)):
        by = SIGN[document["from"]]
        assert keys(document, by) is None
        assert signatures(signed(document, by)) is None
        assert standing(document) is None


# Rule 1


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "RS256", ""])
def test_no_other_algorithm_is_taken(alg: str) -> None:
    envelope = with_alg(signed(encounter(), SIGN[MZ]), alg)
    expected = ("ALGORITHM", "/signatures/0/protected")
    assert outcome(lambda: admission.check_keys(envelope, read(encounter()), DIRECTORY)) == expected
    assert signatures(envelope) == expected


def test_the_algorithm_is_that_of_the_key() -> None:
    envelope = with_alg(signed(encounter(), SIGN[MZ]), "ES256")
    assert signatures(envelope) == ("ALGORITHM", "/signatures/0/protected")


# Rule 2


def test_a_key_that_was_never_admitted_is_unknown() -> None:
    assert keys(encounter(), STRANGER) == ("KEY_UNKNOWN", "/signatures/0/protected")
    assert signatures(signed(encounter(), STRANGER)) == ("KEY_UNKNOWN", "/signatures/0/protected")


def test_each_signature_counts() -> None:
    two = (GOVERNORS[0], STRANGER)
    assert keys(admitted("ZM-COR"), *two) == ("KEY_UNKNOWN", "/signatures/1/protected")
    assert signatures(signed(admitted("ZM-COR"), *two)) == ("KEY_UNKNOWN", "/signatures/1/protected")


# Rule 3


def test_a_revoked_key_signs_nothing_new() -> None:
    assert keys(encounter(), SIGN[MZ], directory=WITHOUT_SIGN) == ("KEY_NOT_VALID", "/signatures/0/protected")


def test_what_a_revoked_key_signed_is_never_a_strangers() -> None:
    assert signatures(signed(encounter(), SIGN[MZ]), WITHOUT_SIGN) is None


@pytest.mark.parametrize("key", [IDENTITY[MZ], READ[MZ], COUNTERSIGN], ids=["identity", "read", "countersign"])
def test_a_message_is_signed_by_a_signing_key_only(key: PrivateJwk) -> None:
    refused = keys(encounter(), key, directory=WITH_COUNTERSIGN)
    assert refused == ("KEY_NOT_VALID", "/signatures/0/protected")


@pytest.mark.parametrize(
    "statement",
    [key_added(MZ, "sign", STRANGER), key_revoked(MZ, MZ, SIGN[MZ].kid)],
    ids=["key.added", "key.revoked"],
)
def test_an_agency_changes_its_keys_by_its_identity_key_only(statement: Json) -> None:
    assert keys(statement, IDENTITY[MZ]) is None
    for key in (SIGN[MZ], READ[MZ], COUNTERSIGN):
        assert keys(statement, key, directory=WITH_COUNTERSIGN) == ("KEY_NOT_VALID", "/signatures/0/protected")


# Rule 4


def test_no_agency_speaks_for_another() -> None:
    assert keys(encounter(MZ), SIGN[ZA]) == ("SENDER_MISMATCH", "/signatures/0/protected")
    assert keys(encounter(MZ), GOVERNORS[0]) == ("SENDER_MISMATCH", "/signatures/0/protected")
    assert keys(key_revoked(MZ, MZ, SIGN[MZ].kid), IDENTITY[ZA]) == ("SENDER_MISMATCH", "/signatures/0/protected")


def test_governance_signs_by_its_threshold() -> None:
    statement = admitted("ZM-COR")
    assert keys(statement, GOVERNORS[0]) == ("SENDER_MISMATCH", "/signatures")
    assert keys(statement, *GOVERNORS[:2]) is None
    assert keys(statement, *GOVERNORS) is None


def test_an_agencys_key_is_none_of_governance() -> None:
    assert keys(admitted("ZM-COR"), GOVERNORS[0], IDENTITY[MZ], GOVERNORS[1]) == (
        "KEY_NOT_VALID", "/signatures/1/protected",
    )  # fmt: skip
    assert keys(key_revoked(GOVERNANCE, MZ, SIGN[MZ].kid), GOVERNORS[0], IDENTITY[MZ]) == (
        "SENDER_MISMATCH", "/signatures/1/protected",
    )  # fmt: skip


def test_a_departure_is_signed_by_two_officers_of_its_sender() -> None:
    left = any_message("departure.confirmed", MZ, ZA)
    assert keys(left, SIGN[MZ], COUNTERSIGN, directory=WITH_COUNTERSIGN) is None
    assert keys(left, SIGN[MZ], directory=WITH_COUNTERSIGN) == ("SCHEMA", "/signatures")
    assert keys(left, COUNTERSIGN, SIGN[MZ], directory=WITH_COUNTERSIGN) == (
        "KEY_NOT_VALID", "/signatures/0/protected",
    )  # fmt: skip
    assert keys(left, SIGN[MZ], SIGN[ZA], directory=WITH_COUNTERSIGN) == ("KEY_NOT_VALID", "/signatures/1/protected")
    others = directory_after(key_added(ZA, "countersign", COUNTERSIGN), start=DIRECTORY)
    assert keys(left, SIGN[MZ], COUNTERSIGN, directory=others) == ("SENDER_MISMATCH", "/signatures/1/protected")


def test_the_end_of_a_dispute_is_signed_by_both_states() -> None:
    settled = any_message("dispute.resolved", MZ, ZA)
    assert keys(settled, SIGN[MZ], SIGN[ZA]) is None
    assert keys(settled, SIGN[MZ]) == ("SCHEMA", "/signatures")
    assert keys(settled, SIGN[MZ], SIGN[TZ]) == ("SENDER_MISMATCH", "/signatures/1/protected")
    assert keys(settled, SIGN[ZA], SIGN[MZ]) == ("SENDER_MISMATCH", "/signatures/0/protected")


def test_a_second_signature_that_nobody_asked_for_is_refused() -> None:
    assert keys(encounter(), SIGN[MZ], COUNTERSIGN, directory=WITH_COUNTERSIGN) == ("SCHEMA", "/signatures")


# Rule 5


def test_a_signature_covers_exactly_these_bytes() -> None:
    envelope = replace(signed(encounter(), SIGN[MZ]), payload=strict_json.dump(encounter()))
    assert signatures(envelope) == ("SIGNATURE", "/signatures/0/signature")


def test_every_signature_is_checked() -> None:
    envelope = signed(admitted("ZM-COR"), *GOVERNORS)
    last = replace(envelope.signatures[2], value=envelope.signatures[1].value)
    spoiled = replace(envelope, signatures=(*envelope.signatures[:2], last))
    assert signatures(envelope) is None
    assert signatures(spoiled) == ("SIGNATURE", "/signatures/2/signature")


# Rule 6


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_state_and_focal_agencies_send_every_message(kind: str) -> None:
    for sender in (MW, TZ):
        expected = ("NOT_YOUR_ROLE", "/from") if kind in admission.OBSERVERS_ONLY else None
        assert standing(any_message(kind, sender, ZA)) == expected


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_an_observer_reports_and_bounces_and_decides_nothing(kind: str) -> None:
    assert standing(any_message(kind, UNHCR, ZA)) == (
        None if kind in admission.OPEN_TO_OBSERVERS else ("NOT_YOUR_ROLE", "/from")
    )
    assert kind not in admission.OPEN_TO_OBSERVERS or KIND[kind] is not Kind.DECISION


@pytest.mark.parametrize("kind", sorted(MESSAGES))
@pytest.mark.parametrize("sender", [WATCH, STATS])
def test_who_only_reads_sends_no_message(kind: str, sender: str) -> None:
    assert standing(any_message(kind, sender, ZA)) == ("NOT_YOUR_ROLE", "/from")


def test_governance_sends_statements_and_no_message() -> None:
    by_governance = {**any_message("referral.received", MZ, ZA), "from": GOVERNANCE}
    assert standing(by_governance) == ("NOT_YOUR_ROLE", "/from")


def test_only_governance_admits() -> None:
    assert standing(admitted("ZM-COR")) is None
    assert standing({**admitted("ZM-COR"), "from": MZ}) == ("NOT_YOUR_ROLE", "/from")


def test_an_agency_adds_its_own_keys_only_and_governance_none() -> None:
    assert standing(key_added(MZ, "sign", STRANGER)) is None
    for sender in (ZA, GOVERNANCE):
        assert standing({**key_added(MZ, "sign", STRANGER), "from": sender}) == ("NOT_YOUR_ROLE", "/from")


def test_an_agency_revokes_its_own_keys_and_governance_any() -> None:
    for sender in (MZ, GOVERNANCE):
        assert standing(key_revoked(sender, MZ, SIGN[MZ].kid)) is None
    assert standing(key_revoked(ZA, MZ, SIGN[MZ].kid)) == ("NOT_YOUR_ROLE", "/from")


# Rule 7


def test_every_addressee_is_in_the_directory() -> None:
    assert standing(encounter(MZ, (TZ, "XX-NONE"), case=uuid(1))) == ("ADDRESSEE_UNKNOWN", "/to/1")
    assert standing(request(MZ, "XX-NONE")) == ("ADDRESSEE_UNKNOWN", "/to/0")


@pytest.mark.parametrize("to", [UNHCR, WATCH, STATS])
def test_only_a_state_agency_is_asked(to: str) -> None:
    assert standing(request(MZ, to)) == ("ADDRESSEE_UNKNOWN", "/to/0")


@pytest.mark.parametrize("to", [(), (MW,), (MZ, TZ), (WATCH,)])
def test_an_observer_opens_a_case_under_one_focal_agency(to: tuple[str, ...]) -> None:
    assert standing(encounter(UNHCR, (MZ,))) is None
    assert standing(encounter(UNHCR, to)) == ("ADDRESSEE_UNKNOWN", "/to")
    assert standing(encounter(UNHCR, to, case=uuid(1))) is None


def test_a_state_agency_opens_a_case_under_itself() -> None:
    assert standing(encounter(MZ, ())) is None
    assert standing(encounter(MZ, (ZA,))) == ("SCHEMA", "/to")
    assert standing(encounter(MZ, (ZA,), case=uuid(1))) is None


# Rule 8


def readers(part: int, *agencies: str, to: tuple[str, ...] = (TZ, ZA)) -> tuple[str, str] | None:
    """What is said of an encounter to TZ and ZA one part of which has these readers."""
    document = encounter(MZ, to, case=uuid(1))
    document["parts"][part]["readers"] = sorted(agencies)
    return standing(document)


CONTENT, SENSITIVE, MOVEMENT, STATISTICS = range(4)


def test_content_is_for_the_sender_and_all_addressees() -> None:
    assert readers(CONTENT, MZ, TZ, ZA) is None
    assert readers(CONTENT, MZ, TZ) == ("SCHEMA", "/parts/0/readers")
    assert readers(CONTENT, MZ, TZ, UNHCR, ZA) == ("READER_UNKNOWN", "/parts/0/readers/2")
    assert readers(CONTENT, MZ, TZ, WATCH) == ("READER_UNKNOWN", "/parts/0/readers/0")
    assert readers(CONTENT, MZ, TZ, "XX-NONE", ZA) == ("READER_UNKNOWN", "/parts/0/readers/2")


def test_the_sensitive_part_may_leave_addressees_out_and_adds_none() -> None:
    assert readers(SENSITIVE, MZ) is None
    assert readers(SENSITIVE, MZ, TZ) is None
    assert readers(SENSITIVE, MZ, TZ, ZA) is None
    assert readers(SENSITIVE, MW, MZ) == ("READER_UNKNOWN", "/parts/1/readers/0")


@pytest.mark.parametrize(("part", "role"), [(MOVEMENT, WATCH), (STATISTICS, STATS)])
def test_movement_and_statistics_are_for_all_of_their_role_and_nobody_else(part: int, role: str) -> None:
    where = f"/parts/{part}/readers"
    assert readers(part, MZ, role) is None
    assert readers(part, MZ) == ("SCHEMA", where)
    assert readers(part, MZ, role, ZA) == ("READER_UNKNOWN", f"{where}/2")


def test_when_one_more_agency_reads_movements_all_are_asked_to_seal_to_it() -> None:
    more = directory_after(admitted("AU-WATCH", roles=["detection"]), start=DIRECTORY)
    assert standing(encounter(), more) == ("SCHEMA", "/parts/2/readers")


def test_whoever_has_the_role_reads_its_own_message_once() -> None:
    both = directory_after(admitted("AU-WATCH", roles=["detection", "observer"]), start=DIRECTORY)
    document = encounter("AU-WATCH", (MZ,))
    assert document["parts"][MOVEMENT]["readers"] == ["AU-WATCH", WATCH]
    assert standing(document, both) is None


# Rule 9


@pytest.mark.parametrize(("ahead", "refused"), [(-(10**10), False), (0, False), (300_000, False), (300_001, True)])
def test_nothing_is_sent_more_than_five_minutes_ahead(ahead: int, refused: bool) -> None:
    said = read(encounter(sent_at=instant.write(NOW + ahead)))
    expected = ("SENT_IN_FUTURE", "/sent_at") if refused else None
    assert outcome(lambda: admission.check_time(said, NOW)) == expected


# The order, when several things are wrong


def test_of_the_rules_of_keys_the_first_gives_the_code() -> None:
    """Each over all signatures: a later signature's earlier rule comes before an earlier signature's later rule."""
    statement = admitted("ZM-COR")
    revoked = directory_after(key_revoked(MZ, MZ, SIGN[MZ].kid), start=DIRECTORY)
    one = encounter(ZA)
    assert keys(one, SIGN[MZ], STRANGER, directory=revoked) == ("SCHEMA", "/signatures")
    unsigned = with_alg(signed(statement, SIGN[MZ], STRANGER), "none", 1)
    check = admission.check_keys
    assert outcome(lambda: check(unsigned, read(statement), revoked)) == ("ALGORITHM", "/signatures/1/protected")
    assert keys(statement, SIGN[MZ], STRANGER, directory=revoked) == ("KEY_UNKNOWN", "/signatures/1/protected")
    assert keys(statement, SIGN[ZA], SIGN[MZ], directory=revoked) == ("KEY_NOT_VALID", "/signatures/1/protected")
    assert keys(one, SIGN[MZ], directory=revoked) == ("KEY_NOT_VALID", "/signatures/0/protected")
    assert keys(one, READ[MZ]) == ("KEY_NOT_VALID", "/signatures/0/protected")
    assert keys(statement, SIGN[ZA]) == ("SENDER_MISMATCH", "/signatures/0/protected")


def test_of_the_rules_of_standing_the_first_gives_the_code() -> None:
    document = request(UNHCR, "XX-NONE")
    document["parts"][0]["readers"] = ["UNHCR-RO", "YY-NONE"]
    assert standing(document) == ("NOT_YOUR_ROLE", "/from")
    document = request(MZ, "XX-NONE")
    document["parts"][0]["readers"] = [MZ, "YY-NONE"]
    assert standing(document) == ("ADDRESSEE_UNKNOWN", "/to/0")
    document = encounter(UNHCR, (MW,))
    document["parts"][0]["readers"] = [UNHCR, "YY-NONE"]
    assert standing(document) == ("ADDRESSEE_UNKNOWN", "/to")
