"""What an auditor, an agency and a judge type, and what they are told."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from cyclopts import App

from hifadhi.agency.auditor.commands import evidence, verify
from hifadhi.agency.client import Client
from hifadhi.errors import Tampered
from liars import view_lies
from liars.liar import Files, Liar
from liars.real_exchange import RealExchange
from liars.served import Hub

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    """The commands as `cli.py` mounts them, their exit codes given back."""
    app = App(result_action="return_value")
    for command in (verify, evidence):
        app.command(command)
    return lambda *words: int(app([str(word) for word in words]))


@pytest.fixture
def desk(tmp_path: Path, honest: RealExchange) -> Path:
    """Where `root.json`, the honest mirror and everybody's receipts and checkpoints lie."""
    (tmp_path / "root.json").write_bytes(honest.root_bytes)
    lay(tmp_path / "ledger", dict(honest.files))
    for agency in honest.receipts:
        (tmp_path / f"{agency}.jsonl").write_bytes(honest.receipts[agency])
        (tmp_path / f"{agency}.checkpoint").write_bytes(honest.checkpoints[agency])
    return tmp_path


def lay(folder: Path, files: Files) -> Path:
    for path, raw in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
    return folder


def test_verify_with_all_receipts_and_checkpoints(run: Run, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = [word for path in desk.glob("*.jsonl") for word in ("--receipts", path)]
    more += [word for path in desk.glob("*.checkpoint") for word in ("--checkpoint", path)]
    assert run("verify", desk / "ledger", "--root", desk / "root.json", *more) == 0
    said = capsys.readouterr().out
    assert "  receipts  " in said and " kept, 0 open" in said
    assert said.count("the same tree of ") == 3
    assert run("verify", desk / "ledger", "--root", desk / "root.json", *more, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verified"] and report["receipts"]["open"] == [] and len(report["checkpoints"]) == 3


def test_a_withheld_message_gives_1_and_the_index(
    run: Run, desk: Path, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    at = liar.at("unrelated")
    lied = lay(desk / "lied", liar.sealed(liar.without(at)))
    assert run("verify", lied, "--root", desk / "root.json", "--quiet") == 0
    assert run("verify", lied, "--root", desk / "root.json", "--receipts", desk / "TZ-RSD.jsonl") == 1
    assert f"TAMPERED: index {at}: a receipt promises a leaf" in capsys.readouterr().err


def test_an_open_receipt_is_listed_with_the_instant_at_which_it_is_due(
    run: Run, desk: Path, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    at = liar.at("last")
    shorter = lay(desk / "shorter", liar.sealed(liar.leaves[:at]))
    words = ["verify", shorter, "--root", desk / "root.json", "--receipts", desk / "TZ-RSD.jsonl"]
    assert run(*words) == 0
    assert f"message {liar.said(at)['id']}, due " in capsys.readouterr().out
    assert run(*words, "--json") == 0
    still_open = json.loads(capsys.readouterr().out)["receipts"]["open"]
    assert [one["position"] for one in still_open] == [liar.leaves[at].ruling.position]


def test_a_fork_gives_1_and_a_newer_checkpoint_2(run: Run, desk: Path, liar: Liar) -> None:
    at = liar.at("last")
    backdated = liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at)
    forked = lay(desk / "forked", liar.sealed(backdated))
    newest = max(desk.glob("*.checkpoint"), key=lambda path: int(path.read_bytes().split(b"\n")[1]))
    assert run("verify", forked, "--root", desk / "root.json", "--checkpoint", newest) == 1
    earlier = lay(desk / "earlier", dict(liar.honest.earlier))
    assert run("verify", earlier, "--root", desk / "root.json", "--checkpoint", newest) == 2


async def test_a_fork_that_an_agencys_client_meets_is_judged_by_the_mirror_of_what_others_saw(
    run: Run, desk: Path, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hub shows it once, and never again."""
    home, size = copytree(liar.honest.keyrings["ZA-DHA"].home, desk / "home"), len(liar.leaves)
    async with Hub(liar, desk / "copy") as hub, Client(home, liar.root, hub.url) as agency:
        assert agency.latest.size == size
        hub.files = view_lies.fork_of_the_same_size(liar)
        with pytest.raises(Tampered, match=f"two trees of {size} leaves") as caught:
            await agency.refresh_directory()
    kept = home / "checkpoint.two-roots-1"
    assert f"the checkpoint lies in {kept}, " in str(caught.value)
    words = ["verify", desk / "ledger", "--root", desk / "root.json", "--checkpoint"]
    assert run(*words, kept) == 1
    assert f"two histories: its tree of {size} leaves has another root" in capsys.readouterr().err
    assert run(*words, home / f"{kept.name}.known", "--checkpoint", home / "checkpoint") == 0


async def test_a_larger_fork_that_a_mirror_meets_is_judged_once_the_ledger_that_it_knows_has_grown(
    run: Run, desk: Path, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or at once, by a mirror of what is shown now, with the checkpoint that was known."""
    copy = desk / "copy"
    words = ["--root", desk / "root.json", "--checkpoint"]
    async with Hub(liar, copy) as hub:
        hub.files = dict(liar.honest.earlier)
        await hub.mirror()
        hub.files = view_lies.fork_that_an_older_checkpoint_shows(liar)
        with pytest.raises(
            Tampered, match=r"another leaf than before; the checkpoint lies in \S+checkpoint.larger-1, "
        ):
            await hub.mirror()
        kept = copy / "checkpoint.larger-1"
        assert run("verify", copy, *words, kept) == 2  # it cannot tell yet
        assert "NEWER" in capsys.readouterr().err
        assert run("verify", copy, "--root", desk / "root.json") == 0
        hub.files = dict(liar.honest.files)
        await hub.mirror()
    assert run("verify", copy, *words, kept) == 1
    assert "two histories" in capsys.readouterr().err
    with pytest.raises(Tampered, match="two histories"):
        liar.compared(Path(f"{kept}.known").read_bytes(), view_lies.fork_that_an_older_checkpoint_shows(liar))


def test_receipts_need_an_audit_from_the_first_leaf_on(run: Run, desk: Path) -> None:
    words = ["verify", desk / "ledger", "--root", desk / "root.json", "--state", desk / "state.sqlite"]
    assert run(*words) == 0
    assert run(*words, "--receipts", desk / "TZ-RSD.jsonl") == 2


def test_what_is_no_receipt_gives_2(run: Run, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "no.jsonl").write_text("{}")
    assert run("verify", desk / "ledger", "--root", desk / "root.json", "--receipts", desk / "no.jsonl") == 2
    assert "NO_RECEIPT" in capsys.readouterr().err


def test_receipts_that_end_within_a_line_are_judged_without_it_and_it_is_said(
    run: Run, desk: Path, honest: RealExchange, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client was killed there; the line is written again with its next sending."""
    whole = honest.receipts["TZ-RSD"]
    (desk / "cut.jsonl").write_bytes(whole[:-20])
    words = ["verify", desk / "ledger", "--root", desk / "root.json", "--receipts", desk / "cut.jsonl"]
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert f"  receipts  {len(whole.splitlines()) - 1} kept, 0 open\n" in said
    assert "  cut off   1 of the files of receipts" in said
    assert run(*words, "--receipts", desk / "MZ-INAR.jsonl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["receipts"]["cut_off"] == 1


def test_a_judge_is_handed_one_file(
    run: Run, desk: Path, liar: Liar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    message = str(liar.said(liar.at("accepted"))["id"])
    assert run("evidence", "ledger", message, "--root", "root.json") == 0
    assert f"{message}.zip: proves leaf {liar.at('accepted')}" in capsys.readouterr().out
    assert run("verify", f"{message}.zip", "--root", "root.json") == 0
    said = capsys.readouterr().out
    assert f"referral.accepted {message}" in said and "signed    ZA-DHA" in said
    assert run("verify", f"{message}.zip", "--root", "root.json", "--json") == 0
    proven = json.loads(capsys.readouterr().out)
    assert (proven["index"], proven["from"], proven["ruling"]) == (liar.at("accepted"), "ZA-DHA", "recorded")
    assert run("evidence", "ledger", message, "--root", "root.json") == 2  # it is there already
    assert run("verify", f"{message}.zip", "--root", "root.json", "--receipts", "TZ-RSD.jsonl") == 2


def test_the_same_evidence_is_the_same_file(run: Run, desk: Path, liar: Liar) -> None:
    for name in ("one.zip", "two.zip"):
        assert run("evidence", desk / "ledger", liar.lapse, "--root", desk / "root.json", "--out", desk / name) == 0
    assert (desk / "one.zip").read_bytes() == (desk / "two.zip").read_bytes()
    assert run("verify", desk / "one.zip", "--root", desk / "root.json") == 0


def test_a_dossier_that_was_altered_gives_1(run: Run, desk: Path, liar: Liar) -> None:
    out = desk / "lapse.zip"
    assert run("evidence", desk / "ledger", liar.lapse, "--root", desk / "root.json", "--out", out) == 0
    raw = out.read_bytes()
    out.write_bytes(raw + b"\n")
    assert run("verify", out, "--root", desk / "root.json", "--quiet") == 1
    out.write_bytes(b"PK")
    assert run("verify", out, "--root", desk / "root.json", "--quiet") == 2


def test_no_evidence_is_made_of_a_lie(run: Run, desk: Path, liar: Liar) -> None:
    at = liar.at("accepted")
    lied = lay(desk / "lied", liar.sealed(liar.with_ruling(at, responsible="ZA-DHA")))
    assert run("evidence", lied, at, "--root", desk / "root.json", "--out", desk / "x.zip") == 1
    assert not (desk / "x.zip").exists()
    assert run("evidence", desk / "ledger", "nobody", "--root", desk / "root.json", "--out", desk / "x.zip") == 2
