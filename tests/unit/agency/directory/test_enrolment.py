import json
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.composing.compose import statement
from hifadhi.agency.directory.enrolment import Enrolment, key_of, new_agency
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring, read_key
from hifadhi.errors import Refused
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519

FACTS: dict[str, Any] = {"name": "Instituto", "country": "MOZ", "roles": ["state"], "utc_offset": "+02:00"}
NOW_MS = 1_795_000_000_000


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return new_agency(tmp_path / "home", "MZ-INAR", **FACTS)


@pytest.fixture
def request_file(keyring: Keyring) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((keyring.home / "request.json").read_bytes())
    return parsed


def parse(document: Any) -> Enrolment:
    return Enrolment.parse(json.dumps(document).encode())


def test_a_request_holds_the_public_keys_and_nothing_secret(keyring: Keyring, request_file: dict[str, Any]) -> None:
    asked = parse(request_file)
    assert asked.agency == "MZ-INAR"
    assert asked.identity == keyring.identity.public
    own = [keyring.sign.public, keyring.countersign.public, keyring.read[0].public]
    assert [key_of(added) for added in asked.keys] == own
    assert [added.number for added in asked.keys] == [1, 2, 3]
    assert '"d"' not in json.dumps(request_file)


@pytest.mark.parametrize(
    ("signing", "reading", "kinds", "types"),
    [
        ("Ed25519", "P-256", ["Ed25519", "Ed25519", "P-256"], ["key.added"] * 3),
        ("ES256", "X25519", ["P-256", "P-256", "X25519"], ["key.added"] * 2 + ["reading_key.added"]),
        ("ES256", "HPKE-9-KE", ["P-256"] * 3 + ["HPKE-9-KE"], ["key.added"] * 3 + ["reading_key.added"]),
    ],
)
def test_keys_of_every_kind_are_asked_for_the_weaker_reading_key_first(
    tmp_path: Path, signing: str, reading: str, kinds: list[str], types: list[str]
) -> None:
    keyring = new_agency(tmp_path / "home", "MZ-INAR", **FACTS, signing=signing, reading=reading)
    asked = parse(json.loads((keyring.home / "request.json").read_bytes()))
    assert keyring.identity.public.alg == signing
    assert [key_of(added).kind for added in asked.keys] == kinds
    payloads = [jws.parse_envelope(json.loads(added.line)["header"], typ=jws.MESSAGE).payload for added in asked.keys]
    assert [json.loads(payload)["type"] for payload in payloads] == types
    assert [key.kid for key in keyring.read] == [key_of(added).kid for added in reversed(asked.keys[2:])]
    assert all(len(payload) < jws.MAX_PAYLOAD // 2 for payload in payloads)
    assert keyring.read[0].public.kind == reading


def test_the_identity_keys_first_numbers_are_spent(keyring: Keyring) -> None:
    assert Journal(keyring.home / "identity-journal.json").reload().next_numbers(1) == (4,)


def test_facts_that_the_exchange_would_refuse_leave_no_keys_behind(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [{"country": "Mozambique"}, {"roles": []}, {"roles": ["king"]}, {"utc_offset": "2"}]
    for changed in wrong:
        with pytest.raises(Refused, match="SCHEMA"):
            new_agency(tmp_path / "home", "MZ-INAR", **{**FACTS, **changed})
    with pytest.raises(Refused, match="SCHEMA at /agency"):
        new_agency(tmp_path / "home", "inar", **FACTS)
    assert not (tmp_path / "home").exists()


def test_a_request_with_keys_that_its_identity_did_not_sign_is_refused(
    keyring: Keyring, request_file: dict[str, Any]
) -> None:
    stranger = PrivateJwk.generate(ED25519)
    with pytest.raises(Refused):
        parse({**request_file, "identity": stranger.public.as_dict()})
    facts = {"agency": "MZ-INAR", "use": "sign", "key": stranger.public.as_dict()}
    for sender, key in (("MZ-INAR", stranger), ("ZA-DHA", keyring.identity)):
        added = statement("key.added", sender=sender, facts=facts).sign(number=3, now_ms=NOW_MS, keys=(key,))
        with pytest.raises(Refused):
            parse({**request_file, "keys": [strict_json.parse(added.line)]})


def test_a_request_that_is_none_is_refused(request_file: dict[str, Any]) -> None:
    more: list[dict[str, Any]] = [{"more": 1}, {"keys": {}}, {"keys": [1]}]
    wrong: list[Any] = [[], {}, *({**request_file, **each} for each in more)]
    for document in wrong:
        with pytest.raises(Refused):
            parse(document)
    with pytest.raises(Refused, match="TOO_LARGE"):
        Enrolment.parse(b" " * 70_000)


def test_the_second_officers_key_goes_elsewhere_and_is_missed_where_it_is_not(tmp_path: Path) -> None:
    home, officer = tmp_path / "home", tmp_path / "officer"
    keyring = new_agency(home, "MZ-INAR", **FACTS, countersign=officer)
    asked = parse(json.loads((home / "request.json").read_bytes()))
    assert key_of(asked.keys[1]) == read_key(officer / "countersign.jwk").public
    assert {path.name for path in officer.iterdir()} == {"countersign.jwk"}
    with pytest.raises(Refused, match="NOT_FOUND"):
        _ = keyring.countersign
