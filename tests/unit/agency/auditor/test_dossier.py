"""The evidence of one leaf: made from a mirror, opened with nothing but the root, and by tools that are not ours."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hifadhi.agency.auditor import dossier, dossier_making
from hifadhi.agency.auditor.dossier_making import Made
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.referral import instant
from hifadhi.referral.root import parse
from sealed_ledgers import HOUR, EverythingSealed, Exchange, everything, key, root_bytes, the_root, uuid7


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


@pytest.fixture(scope="module")
def ledger(sealed: EverythingSealed) -> dict[str, bytes]:
    return sealed.exchange.files()


@pytest.fixture(scope="module")
def made(ledger: dict[str, bytes], sealed: EverythingSealed) -> Made:
    """Of an acceptance."""
    return dossier_making.make(ledger, root_bytes(), str(sealed.index["moved"]))


@pytest.mark.slow
def test_every_leaf_has_a_dossier_that_opens(ledger: dict[str, bytes], sealed: EverythingSealed) -> None:
    for index, raw in enumerate(sealed.exchange.leaves):
        files = dossier_making.make(ledger, root_bytes(), str(index)).files
        proven = dossier.open_dossier(files, the_root())
        assert (proven.index, files[dossier.LEAF]) == (index, raw)
        assert (dossier.ENVELOPE in files) == bool(proven.signers) == (proven.leaf.ruling.ruling != "lapsed")


def test_a_message_is_found_by_its_id(ledger: dict[str, bytes], sealed: EverythingSealed) -> None:
    found = dossier_making.make(ledger, root_bytes(), sealed.case)
    assert found.proven.index == sealed.index["opened"]
    assert found.proven.header is not None and found.proven.header.id == sealed.case
    assert found.others == (sealed.index["reused"],)  # another message that took its id, and was refused
    signer = found.proven.signers[0]
    assert (signer.agency, signer.key, signer.added) == ("MZ-INAR", key("MZ-INAR/sign").public, 1)


@pytest.mark.parametrize("wanted", ["36", "-1", "", uuid7(999), "x"])
def test_what_the_ledger_does_not_have_is_not_found(ledger: dict[str, bytes], wanted: str) -> None:
    with pytest.raises(Refused) as refused:
        dossier_making.make(ledger, root_bytes(), wanted)
    assert refused.value.code == "NOT_FOUND"


def test_nothing_is_made_of_a_ledger_that_does_not_stand(ledger: dict[str, bytes]) -> None:
    raw = bytearray(ledger["tile/entries/000.p/36"])
    raw[-100] ^= 1
    with pytest.raises(Tampered):
        dossier_making.make({**ledger, "tile/entries/000.p/36": bytes(raw)}, root_bytes(), "3")


def test_a_bit_that_is_flipped_in_any_file_is_found(made: Made) -> None:
    dossier.open_dossier(made.files, the_root())
    for name, raw in made.files.items():
        if name in {dossier.PAGE, dossier.ROOT}:
            continue  # words, and what the judge has himself: see below
        for at in range(0, len(raw), 97):
            spoiled = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
            with pytest.raises((Tampered, Refused)):
                dossier.open_dossier({**made.files, name: spoiled}, the_root())


def test_a_file_too_few_or_too_many_is_found(made: Made) -> None:
    for name in made.files:
        fewer = {other: raw for other, raw in made.files.items() if other != name}
        if name == dossier.PAGE:
            continue
        with pytest.raises(Tampered):
            dossier.open_dossier(fewer, the_root())
    for name in ("notes.txt", "directory/1", "directory/0000000099.tlog-proof", "directory/0000000000.leaf"):
        with pytest.raises(Tampered):
            dossier.open_dossier({**made.files, name: b"x"}, the_root())


def test_another_root_than_the_judges_is_refused(made: Made) -> None:
    another = root_bytes().replace(b'"max_delay_s": 60', b'"max_delay_s": 61')
    with pytest.raises(Tampered, match="another root"):
        dossier.open_dossier(made.files, parse(another))
    with pytest.raises(Tampered, match="another root"):
        dossier.open_dossier({**made.files, dossier.ROOT: another}, the_root())


def test_a_true_message_beside_another_ones_ruling_is_found(
    made: Made, ledger: dict[str, bytes], sealed: EverythingSealed
) -> None:
    other = dossier_making.make(ledger, root_bytes(), str(sealed.index["stale"])).files[dossier.ENVELOPE]
    with pytest.raises(Tampered, match="not what the leaf rules on"):
        dossier.open_dossier({**made.files, dossier.ENVELOPE: other}, the_root())


def test_without_the_statement_of_its_key_a_message_is_nobodys(made: Made) -> None:
    """The hub leaves out a statement: then its key is unknown, and so is what it signed."""
    added = made.proven.signers[0].added
    assert added is not None
    name = dossier.statement_name(added)
    fewer = {other: raw for other, raw in made.files.items() if other not in {name, name + dossier.PROOF}}
    with pytest.raises(Tampered, match="KEY_UNKNOWN"):
        dossier.open_dossier(fewer, the_root())


def test_a_key_that_was_revoked_as_invalid_since_before_is_told() -> None:
    for since in (-HOUR, 0, 1):
        exchange = Exchange()
        exchange.admit_all()
        message = exchange.opened("TZ-RSD")
        facts = {"kid": key("TZ-RSD/sign").kid, "invalid_since": instant.write(exchange.now + since)}
        exchange.say("TZ-RSD", "key.revoked", keys=["TZ-RSD/identity"], agency="TZ-RSD", **facts)
        found = dossier_making.make(exchange.files(), root_bytes(), message).proven.findings
        assert [one.code for one in found] == (["KEY_IN_DOUBT"] if since <= 0 else [])


def blocks(page: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def openssl() -> None:
    if shutil.which("openssl") is None:
        assert not os.environ.get("CI"), "CI has OpenSSL"
        pytest.skip("needs OpenSSL")


def run(page: str, folder: Path) -> list[int]:
    """The exit codes of the page's blocks, each run in the folder."""
    return [
        subprocess.run(["sh", "-ec", block], cwd=folder, capture_output=True, timeout=30, check=False).returncode
        for block in blocks(page)
    ]


def unpacked(made: Made, folder: Path) -> str:
    for name, raw in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return made.files[dossier.PAGE].decode()


@pytest.mark.slow
@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("name", ["moved", "lapsed reply", "stale", "revoked"])
def test_the_commands_of_its_page_verify_it_without_us(
    ledger: dict[str, bytes], sealed: EverythingSealed, tmp_path: Path, name: str
) -> None:
    found = dossier_making.make(ledger, root_bytes(), str(sealed.index[name]))
    page = unpacked(found, tmp_path)
    assert run(page, tmp_path) == [0] * (2 if name.startswith("lapsed") else 4)


@pytest.mark.slow
@pytest.mark.usefixtures("openssl")
def test_the_commands_of_its_page_fail_on_what_was_altered(made: Made, tmp_path: Path) -> None:
    page = unpacked(made, tmp_path)
    for number, name in enumerate(("checkpoint", "directory/0000000003", "leaf", "envelope.json")):
        raw = made.files[name]
        at = raw.index(b"payload") + 40 if name == "envelope.json" else len(raw) // 2
        (tmp_path / name).write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert run(page, tmp_path)[number if name != "leaf" else 2] != 0
        (tmp_path / name).write_bytes(raw)


def test_a_key_that_is_not_ed25519_is_left_to_other_tools() -> None:
    exchange = Exchange()
    exchange.admit_all()
    es256 = {"agency": "MZ-INAR", "use": "sign", "key": key("MZ-INAR/es256").public.as_dict()}
    exchange.say("MZ-INAR", "key.added", keys=["MZ-INAR/identity"], **es256)
    message = exchange.say("MZ-INAR", "encounter.reported", keys=["MZ-INAR/es256"], to=[]).message
    assert message
    found = dossier_making.make(exchange.files(), root_bytes(), message)
    assert found.proven.signers[0].key.alg != ED25519
    page = found.files[dossier.PAGE].decode()
    assert "any JOSE library" in page and len(blocks(page)) == 3
