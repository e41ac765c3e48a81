import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclopts import App

from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.commands import mirror, replay, verify
from hifadhi.agency.auditor.mirror import INCOMING
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.wire.transport import Patience
from sealed_ledgers import EverythingSealed, everything, root_bytes, uuid7

Run = Callable[..., int]


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


@pytest.fixture
def folder(sealed: EverythingSealed, tmp_path: Path) -> Path:
    archive = Archive(tmp_path / "ledger")
    for path, raw in sealed.exchange.files().items():
        archive.write(path, raw)
    return archive.folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root.json"
    path.write_bytes(root_bytes())
    return path


@pytest.fixture
def run() -> Run:
    """The commands as `cli.py` mounts them, their exit codes given back."""
    app = App(result_action="return_value")
    for command in (mirror, verify, replay):
        app.command(command)
    return lambda *words: int(app([str(word) for word in words]))


def flip(folder: Path, path: str, at: int) -> None:
    raw = bytearray((folder / path).read_bytes())
    raw[at] ^= 1
    (folder / path).write_bytes(raw)


def test_verify_says_what_it_checked(run: Run, folder: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", folder, "--root", root) == 0
    said = capsys.readouterr()
    assert "VERIFIED  ledger.example.org" in said.out
    assert "36: 27 recorded (1 of them irregular), 6 refused, 3 lapsed" in said.out
    assert "KEY_IN_DOUBT TZ-RSD" in said.out
    assert said.err == ""


def test_verify_as_json_is_one_line(run: Run, folder: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", folder, "--root", root, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["verified"], report["leaves"], report["agencies"]) == (True, 36, 5)
    assert [finding["code"] for finding in report["findings"]] == ["KEY_IN_DOUBT"]


def test_verify_quietly_says_nothing(run: Run, folder: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", folder, "--root", root, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_a_tampered_ledger_gives_1_and_the_first_bad_index(
    run: Run, folder: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(folder, "tile/0/000.p/36", 32 * 13)
    assert run("verify", folder, "--root", root) == 1
    assert "TAMPERED: index 13: " in capsys.readouterr().err
    assert run("verify", folder, "--root", root, "--json") == 1
    assert json.loads(capsys.readouterr().out)["index"] == 13
    assert run("replay", folder, uuid7(11), "--root", root) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("missing", ["checkpoint", "tile/0/000.p/36", "tile/entries/000.p/36"])
def test_a_missing_file_gives_1(run: Run, folder: Path, root: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert run("verify", folder, "--root", root) == 1


def test_a_surplus_file_gives_1(run: Run, folder: Path, root: Path) -> None:
    (folder / "tile/0/000").write_bytes(b"")
    assert run("verify", folder, "--root", root) == 1


def spoil_nothing(_folder: Path, root: Path) -> None:
    root.unlink()


def spoil_root(_folder: Path, root: Path) -> None:
    root.write_text("{}")


def spoil_rules(_folder: Path, root: Path) -> None:
    root.write_bytes(root_bytes().replace(b'"rules": 1', b'"rules": 9999'))


def spoil_folder(folder: Path, _root: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def spoil_replacement(folder: Path, _root: Path) -> None:
    Archive(folder / INCOMING).write("checkpoint", b"x")


@pytest.mark.parametrize("spoil", [spoil_nothing, spoil_root, spoil_rules, spoil_folder, spoil_replacement])
def test_what_cannot_be_read_gives_2(
    run: Run, folder: Path, root: Path, spoil: Callable[[Path, Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder, root)
    assert run("verify", folder, "--root", root) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Not done: ")


def test_a_path_that_is_not_there_and_a_folder_without_a_ledger_are_told_apart(
    run: Run, tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, why in ((tmp_path / "message.zip", "is not there"), (tmp_path, "holds no ledger")):
        assert run("verify", path, "--root", root) == 2
        assert f"{path} {why}" in capsys.readouterr().err.replace("\n", "")


def test_the_environment_says_where_the_root_is(
    run: Run, folder: Path, root: Path, sealed: EverythingSealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIFADHI_EXCHANGE_ROOT", str(root))
    assert run("verify", folder) == 0
    assert run("replay", folder, sealed.case) == 0
    monkeypatch.setenv("HIFADHI_EXCHANGE_ROOT", str(tmp_path / "nothing.json"))
    assert run("verify", folder, "--root", root) == 0
    keyring = Keyring.create(tmp_path / "keys", "UNHCR-STAT")
    copy = ("mirror", "http://127.0.0.1:9", tmp_path / "copy", "--key", keyring.home / "sign.jwk")
    assert run(*copy) == 2  # before anybody is asked


def test_another_exchanges_root_does_not_verify(run: Run, folder: Path, root: Path) -> None:
    root.write_bytes(root_bytes().replace(b"ledger.example.org", b"ledger.example.net"))
    assert run("verify", folder, "--root", root) == 1


def test_replay_tells_the_case_with_who_is_responsible_at_each_index(
    run: Run, folder: Path, root: Path, sealed: EverythingSealed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", folder, sealed.case, "--root", root, "--json") == 0
    story = json.loads(capsys.readouterr().out)
    assert [line["index"] for line in story["lines"]] == [*range(10, 21), 32, 33, 35]
    assert {line["responsible"] for line in story["lines"]} == {"MZ-INAR"}
    assert story["agencies"]["ZA-DHA"] == "Agency ZA-DHA"


def test_replay_in_words_has_a_line_for_each_leaf(
    run: Run, folder: Path, root: Path, sealed: EverythingSealed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", folder, sealed.case, "--root", root) == 0
    said = capsys.readouterr().out
    assert "      11  2026-11-02T20:00:00.000Z  MZ-INAR asked ZA-DHA to take responsibility" in said
    assert said.count("Responsible: MZ-INAR.") == 15
    assert "At the end: Responsible: MZ-INAR." in said


def test_replay_at_an_index_says_how_things_stood_there(
    run: Run, folder: Path, root: Path, sealed: EverythingSealed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", folder, sealed.case, "--root", root, "--at", "11") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    stood = "MZ-INAR. ZA-DHA has until 2026-11-03T20:00:00.000Z to take the request."
    silence = "MZ-INAR has until 2027-01-31T22:00:00.000Z to act on the case."
    assert last == f"At index 11: Responsible: {stood} {silence}"


@pytest.mark.parametrize("words", [[uuid7(999)], [uuid7(11), "--at", "9"], [uuid7(11), "--at", "36"], ["x"]])
def test_replay_of_what_is_not_there_gives_2(run: Run, folder: Path, root: Path, words: list[str]) -> None:
    assert run("replay", folder, *words, "--root", root) == 2


def test_an_exchange_that_is_not_there_gives_3(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hifadhi.agency.auditor.commands.PATIENCE", Patience(tries=1))
    keyring = Keyring.create(tmp_path / "keys", "UNHCR-STAT")
    url = "http://127.0.0.1:9"  # the discard port: nothing listens
    assert run("mirror", url, tmp_path / "copy", "--key", keyring.home / "sign.jwk") == 3
    assert "no answer from the hub" in capsys.readouterr().err


def test_a_key_that_others_may_read_gives_2(run: Run, tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys", "UNHCR-STAT")
    (keyring.home / "sign.jwk").chmod(stat.S_IRUSR | stat.S_IROTH)
    assert run("mirror", "http://127.0.0.1:9", tmp_path / "copy", "--key", keyring.home / "sign.jwk") == 2
