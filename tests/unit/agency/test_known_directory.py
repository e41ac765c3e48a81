import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from hifadhi.agency.compose import statement
from hifadhi.agency.governance import Governance, revoked
from hifadhi.agency.keyring import Keyring
from hifadhi.agency.known_directory import KnownDirectory
from hifadhi.agency.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import Tampered, Unavailable
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import ED25519, PrivateJwk
from hifadhi.evidence.leaf import REFUSED, Leaf, Ruling
from hifadhi.referral.header import GOVERNANCE
from unit.agency.small_hub import SmallHub

NOW_MS: Final = 1_795_000_000_000

pytestmark = pytest.mark.usefixtures("admitted")


@pytest.fixture
def known(hub: SmallHub) -> KnownDirectory:
    return KnownDirectory(hub.root, LatestCheckpoint(hub.root))


def taken(known: KnownDirectory, page: dict[str, Any], at_least: int = 0) -> bool:
    return known.take(json.dumps(page).encode(), at_least=at_least)


def sealed(said: Any, keys: tuple[PrivateJwk, ...], **ruling: Any) -> bytes:
    """A leaf as the registry might write it, true or not."""
    envelope = strict_json.dump(strict_json.parse(said.sign(number=99, now_ms=NOW_MS, keys=keys).line)["header"])
    rules = {"ruling": "recorded", "position": 1, "stored_at": "2026-11-23T10:00:00.000Z"}
    return Leaf(Ruling(**{**rules, **ruling}), envelope).to_bytes()


def newcomer(agency: str = "ZZ-NEW") -> Any:
    identity = PrivateJwk.generate(ED25519).public.as_dict()
    facts = {"name": agency, "country": "ZMB", "roles": ["state"], "utc_offset": "+02:00", "identity": identity}
    return statement("agency.admitted", sender=GOVERNANCE, facts={"agency": agency, **facts})


def test_pages_fold_to_the_directory(known: KnownDirectory, hub: SmallHub) -> None:
    while not taken(known, hub.page(known.wanted)):
        pass
    assert known.directory == hub.fold.directory
    assert known.after == hub.statements[-1]


@pytest.mark.parametrize("change", ["leaf", "proof", "index", "shorter"])
def test_a_leaf_that_is_not_proved_is_tampered_with_and_nothing_is_taken(
    known: KnownDirectory, hub: SmallHub, change: str
) -> None:
    page = hub.page(most=99)
    row = page["data"][1]
    other = hub.page(most=99)["data"][2]
    changed: dict[str, Any] = {
        "leaf": {**row, "leaf": other["leaf"]},
        "proof": {**row, "proof": other["proof"]},
        "index": {**row, "index": row["index"] + 5},
        "shorter": {**row, "proof": row["proof"][1:]},
    }
    page["data"][1] = changed[change]
    with pytest.raises(Tampered):
        taken(known, page)
    assert known.after == -1
    assert not known.directory.agencies


def test_a_leaf_of_the_directory_comes_once(known: KnownDirectory, hub: SmallHub) -> None:
    page = hub.page(most=2)
    page["data"] = [page["data"][0], page["data"][0]]
    with pytest.raises(Tampered, match="order"):
        taken(known, page)


def test_a_directory_of_yesterday_is_tampered_with(known: KnownDirectory, hub: SmallHub) -> None:
    old = hub.page(most=99)
    hub.show_statement(b"")
    known.latest.take(hub.note(), at_least=0)
    with pytest.raises(Tampered, match="shrunk"):
        taken(known, old, at_least=known.latest.size)


def read_to_the_end(known: KnownDirectory, hub: SmallHub) -> None:
    while not taken(known, hub.page(known.wanted)):
        pass


Forged = Callable[[Governance, dict[str, Keyring]], bytes]
FORGED: dict[str, Forged] = {
    "short of the threshold": lambda office, _: sealed(newcomer(), office.signers[:1]),
    "signed by a stranger": lambda office, _: sealed(newcomer(), (office.keys[0], PrivateJwk.generate(ED25519))),
    "signed by an agency": lambda _, homes: sealed(newcomer(), (homes["MZ-INAR"].identity, homes["ZA-DHA"].identity)),
    "one key twice": lambda office, _: sealed(newcomer(), (office.keys[0], office.keys[0])),
    "refused": lambda office, _: sealed(newcomer(), office.signers, ruling=REFUSED, code="NOT_ALLOWED_NOW"),
    "admitted twice": lambda office, _: sealed(newcomer("MZ-INAR"), office.signers),
    "key of another agency": lambda _, homes: sealed(
        statement(
            "key.added",
            sender="MZ-INAR",
            facts={"agency": "MZ-INAR", "use": "sign", "key": PrivateJwk.generate(ED25519).public.as_dict()},
        ),
        (homes["ZA-DHA"].identity,),
    ),
    "no statement": lambda _, __: b"hifadhi/leaf/1\n{}\n",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_statement_that_does_not_hold_is_tampered_with(
    known: KnownDirectory, hub: SmallHub, office: Governance, homes: dict[str, Keyring], forged: str
) -> None:
    read_to_the_end(known, hub)
    before = known.directory
    hub.show_statement(FORGED[forged](office, homes))
    with pytest.raises(Tampered):
        taken(known, hub.page(known.wanted))
    assert known.directory is before


def test_a_changed_signature_is_tampered_with(known: KnownDirectory, hub: SmallHub, office: Governance) -> None:
    read_to_the_end(known, hub)
    raw = sealed(newcomer(), office.signers)
    envelope = jws.read_envelope(raw.split(b"\n", 2)[2], typ=jws.MESSAGE)
    first, second = envelope.signatures
    forged = replace(envelope, signatures=(replace(first, value=second.value), second))
    hub.show_statement(b"\n".join([*raw.split(b"\n", 2)[:2], forged.to_bytes()]))
    with pytest.raises(Tampered, match="SIGNATURE"):
        taken(known, hub.page(known.wanted))


def test_a_revoked_key_stays_known_as_revoked(
    known: KnownDirectory, hub: SmallHub, office: Governance, homes: dict[str, Keyring]
) -> None:
    read_to_the_end(known, hub)
    kid = homes["ZA-DHA"].read[0].kid
    hub.show_statement(sealed(revoked(kid, "ZA-DHA", sender=GOVERNANCE), office.signers))
    assert taken(known, hub.page(known.wanted))
    assert known.directory.keys[kid].revoked
    assert known.directory.reading_keys("ZA-DHA") == ()


def test_more_leaves_announced_than_shown_is_tampered_with(known: KnownDirectory, hub: SmallHub) -> None:
    with pytest.raises(Tampered):
        taken(known, {**hub.page(), "data": [], "done": False})


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"data":{},"after":0,"done":true,"checkpoint":""}'])
def test_what_is_no_page_is_no_evidence(known: KnownDirectory, answer: bytes) -> None:
    with pytest.raises(Unavailable):
        known.take(answer, at_least=0)


@pytest.mark.parametrize("row", [{}, {"index": "1", "leaf": "", "proof": []}, {"index": 1, "leaf": "=", "proof": []}])
def test_a_row_that_cannot_be_read_is_tampered_with(known: KnownDirectory, hub: SmallHub, row: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        taken(known, {**hub.page(), "data": [row]})


def test_the_proofs_are_of_leaves_that_the_tests_can_change(hub: SmallHub) -> None:
    assert b64u.decode(hub.page()["data"][0]["leaf"]).startswith(b"hifadhi/leaf/1\n")
