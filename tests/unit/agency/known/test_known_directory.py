import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from hifadhi.agency.composing.compose import statement
from hifadhi.agency.directory.governance import Governance, revoked
from hifadhi.agency.directory.renewal import rotation
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.errors import Tampered, Unavailable
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.evidence.leaf import REFUSED, Leaf, Ruling
from hifadhi.referral import root as root_file
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.root import Root
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


def read_to_the_end(known: KnownDirectory, hub: SmallHub, most: int = 7) -> None:
    while not taken(known, hub.page(known.wanted, most=most)):
        pass


Forged = Callable[[Governance, dict[str, Keyring]], bytes]
FORGED: dict[str, Forged] = {
    "short of the threshold": lambda office, _: sealed(newcomer(), office.signers()[:1]),
    "signed by a stranger": lambda office, _: sealed(newcomer(), (office.keys[0], PrivateJwk.generate(ED25519))),
    "signed by an agency": lambda _, homes: sealed(newcomer(), (homes["MZ-INAR"].identity, homes["ZA-DHA"].identity)),
    "one key twice": lambda office, _: sealed(newcomer(), (office.keys[0], office.keys[0])),
    "refused": lambda office, _: sealed(newcomer(), office.signers(), ruling=REFUSED, code="NOT_ALLOWED_NOW"),
    "admitted twice": lambda office, _: sealed(newcomer("MZ-INAR"), office.signers()),
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


def test_the_checkpoint_of_a_page_that_does_not_hold_is_kept_if_the_ledger_signed_it(
    hub: SmallHub, office: Governance, tmp_path: Path
) -> None:
    known = KnownDirectory(hub.root, LatestCheckpoint(hub.root, tmp_path / "checkpoint"))
    read_to_the_end(known, hub)
    before = hub.note()
    hub.show_statement(sealed(newcomer(), office.signers()[:1]))
    page = hub.page(known.wanted)
    with pytest.raises(Tampered):
        taken(known, {**page, "checkpoint": before.partition("\n\n")[0] + "\n\n" + hub.note().partition("\n\n")[2]})
    assert not list(tmp_path.glob("checkpoint.*"))
    with pytest.raises(
        Tampered, match=r"SENDER_MISMATCH.*; the checkpoint lies in \S+checkpoint.directory-1, "
    ) as caught:
        taken(known, page)
    assert caught.value.index == len(hub.leaves) - 1
    assert (tmp_path / "checkpoint.directory-1").read_text() == hub.note()
    assert (tmp_path / "checkpoint.directory-1.known").read_text() == before


def test_a_changed_signature_is_tampered_with(known: KnownDirectory, hub: SmallHub, office: Governance) -> None:
    read_to_the_end(known, hub)
    raw = sealed(newcomer(), office.signers())
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
    hub.show_statement(sealed(revoked(kid, "ZA-DHA", sender=GOVERNANCE), office.signers()))
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


def the_next(hub: SmallHub, ledger: list[PrivateJwk], **changed: Any) -> Root:
    document = {**hub.fold.directory.root.model_dump(mode="json"), **changed}
    document["hub"] = {**document["hub"], "ledger": [key.public.as_dict() for key in ledger]}
    return root_file.parse(strict_json.dump(document))


def rotate(hub: SmallHub, office: Governance, ledger: list[PrivateJwk]) -> None:
    version = hub.fold.directory.rotations + 1
    said = rotation(the_next(hub, ledger), version).sign(number=90 + version, now_ms=NOW_MS, keys=office.signers())
    assert hub.take(said.line)[0] == 202
    hub.ledger = ledger[-1]


def test_two_rotations_behind_other_pages_are_caught_up_with_from_the_first_root(
    known: KnownDirectory, hub: SmallHub, office: Governance
) -> None:
    second, third = (PrivateJwk.generate(ED25519) for _ in range(2))
    rotate(hub, office, [hub.ledger, second])
    rotate(hub, office, [third])
    pages = 0
    while not taken(known, hub.page(known.wanted, most=3)):
        pages += 1
        assert known.after == -1  # nothing counts before the last page
    assert pages > 2
    assert known.directory == hub.fold.directory
    hub.show_statement(sealed(newcomer(), office.signers()))
    assert taken(known, hub.page(known.wanted))


def test_a_tree_that_holds_a_rotation_and_is_signed_by_a_key_that_it_ended_is_tampered_with(
    known: KnownDirectory, hub: SmallHub, office: Governance
) -> None:
    stolen = hub.ledger
    rotate(hub, office, [PrivateJwk.generate(ED25519)])
    hub.ledger = stolen
    before = known.directory
    with pytest.raises(Tampered, match="known key"):
        read_to_the_end(known, hub, most=3)
    assert (known.directory, known.wanted) == (before, -1)  # the pages before the last are forgotten too


NEWCOMERS = (PrivateJwk.generate(ED25519), PrivateJwk.generate(ED25519))
ROTATED: dict[str, Callable[[Governance, Root], bytes]] = {
    "only the old keys": lambda office, root: sealed(rotation(root, 1), office.signers()),
    "only the new keys": lambda _, root: sealed(rotation(root, 1), NEWCOMERS),
    "too few of the old": lambda office, root: sealed(rotation(root, 1), (*office.signers()[:1], *NEWCOMERS)),
    "too few of the new": lambda office, root: sealed(rotation(root, 1), (*office.signers(), NEWCOMERS[0])),
    "another origin": lambda office, root: sealed(
        rotation(root.model_copy(update={"origin": "elsewhere.example"}), 1), (*office.signers(), *NEWCOMERS)
    ),
    "a version left out": lambda office, root: sealed(rotation(root, 2), (*office.signers(), *NEWCOMERS)),
}


@pytest.mark.parametrize("forged", ROTATED)
def test_a_forged_rotation_is_tampered_with(
    known: KnownDirectory, hub: SmallHub, office: Governance, forged: str
) -> None:
    read_to_the_end(known, hub)
    governance = {"keys": [key.public.as_dict() for key in NEWCOMERS], "threshold": 2}
    hub.show_statement(ROTATED[forged](office, the_next(hub, [hub.ledger], governance=governance)))
    with pytest.raises(Tampered):
        taken(known, hub.page(known.wanted))
    assert known.directory.rotations == 0
