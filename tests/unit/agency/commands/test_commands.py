"""The commands as they are typed, in a thread of their own beside the hub."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from hifadhi.agency.commands import agencies as commands
from hifadhi.agency.commands import directory as directory_commands
from hifadhi.agency.commands import messages as message_commands
from hifadhi.agency.composing.compose import Message
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.sending import doubt, outbox
from hifadhi.agency.wire import transport
from hifadhi.errors import Fault, Refused
from hifadhi.referral.codes import LISTS
from unit.agency import said
from unit.agency.small_hub import SmallHub

NEW = "agency new MZ-INAR --name Instituto --country MOZ --role state --role focal --offset +02:00 --home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    app = App(name="hifadhi", result_action="return_value")
    app.command(commands.agency_app)
    app.command(directory_commands.directory_app)
    app.command(message_commands.send)
    app.command(message_commands.countersign)
    app.command(message_commands.inbox)

    async def typed(*words: object) -> tuple[int, str, str]:
        code = await asyncio.to_thread(app, [str(word) for word in words], result_action="return_value")
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return typed


def draft(tmp_path: Path, **changed: Any) -> Path:
    path = tmp_path / "draft.json"
    path.write_text(json.dumps({"type": "encounter.reported", "to": [], "bodies": said.encounter(), **changed}))
    return path


async def test_an_exchange_is_founded_and_an_agency_let_in_by_commands(
    run: Callable[..., Any], hub: SmallHub, office: Governance, tmp_path: Path
) -> None:
    kinds = ("--signing", "ES256", "--reading", "HPKE-9-KE")
    code, out, _ = await run(*NEW.split(), tmp_path / "home", *kinds)
    assert (code, "request.json" in out) == (0, True)
    code, out, _ = await run(
        "directory", "admit", tmp_path / "home" / "request.json", "--governance", office.folder, "--url", hub.base_url
    )
    assert (code, out.startswith("MZ-INAR: admitted")) == (0, True)
    where = ("--url", hub.base_url, "--root", office.folder / "root.json")
    code, out, _ = await run("directory", "show", *where)
    assert code == 0
    assert "MZ-INAR  Instituto  (MOZ, focal, state, UTC+02:00)" in out
    code, out, _ = await run("directory", "show", "--json", *where)
    shown = json.loads(out)
    keys = shown["agencies"][0]["keys"]
    assert [key["kind"] for key in keys] == ["P-256", "P-256", "P-256", "P-256", "HPKE-9-KE"]
    kid = next(key["kid"] for key in keys if key["use"] == "read")
    code, out, _ = await run("directory", "revoke", kid, "--home", tmp_path / "home", *where)
    assert (code, out) == (0, f"{kid}: revoked\n")
    code, out, _ = await run("directory", "show", *where)
    assert f"{kid}  revoked" in out


async def test_the_environment_says_which_exchange_unless_the_options_do(
    run: Callable[..., Any], hub: SmallHub, office: Governance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HIFADHI_EXCHANGE_URL", hub.base_url)
    monkeypatch.setenv("HIFADHI_EXCHANGE_ROOT", str(office.folder / "root.json"))
    assert (await run("directory", "show"))[0] == 0
    code, _, err = await run("directory", "show", "--root", tmp_path / "nothing.json")
    assert (code, "nothing.json" in err) == (1, True)
    monkeypatch.setenv("HIFADHI_EXCHANGE_URL", "http://127.0.0.1:9")
    assert (await run("directory", "show", "--url", hub.base_url))[0] == 0


async def test_an_agency_is_suspended_and_that_is_lifted_by_commands(
    run: Callable[..., Any], hub: SmallHub, admitted: dict[str, Keyring], office: Governance
) -> None:
    assert "MZ-INAR" in admitted
    typed = ("directory", "suspend", "MZ-INAR", "--governance", office.folder, "--url", hub.base_url)
    shown = ("directory", "show", "--url", hub.base_url, "--root", office.folder / "root.json")
    assert (await run(*typed))[:2] == (0, "MZ-INAR: suspended\n")
    assert "UTC+02:00)  suspended" in (await run(*shown))[1]
    assert json.loads((await run(*shown, "--json"))[1])["agencies"][0]["suspended"] is True
    code, _, err = await run(*typed)
    assert (code, err.startswith("NOT_ALLOWED_NOW")) == (1, True)
    assert (await run(*typed, "--lift"))[:2] == (0, "MZ-INAR: no longer suspended\n")
    assert "suspended" not in (await run(*shown))[1]


async def test_a_newer_code_list_is_published_by_a_command(
    run: Callable[..., Any], hub: SmallHub, office: Governance, tmp_path: Path
) -> None:
    file = tmp_path / "border-posts.2.json"
    file.write_text(json.dumps({**LISTS["border-posts"].document(), "version": 2}))
    typed = ("directory", "publish-codes", file, "--governance", office.folder, "--url", hub.base_url)
    code, out, _ = await run(*typed)
    assert (code, out.startswith("border-posts: version 2, ")) == (0, True)
    shown = ("directory", "show", "--url", hub.base_url, "--root", office.folder / "root.json")
    assert f"code list {out.strip()}" in (await run(*shown))[1]
    assert json.loads((await run(*shown, "--json"))[1])["code_lists"]["border-posts"]["version"] == 2
    code, _, err = await run(*typed)
    assert (code, err.startswith("NOT_ALLOWED_NOW")) == (1, True)
    file.write_text(json.dumps(LISTS["border-posts"].document()))
    assert (await run(*typed))[2].startswith("SCHEMA at /list")


async def test_governance_and_the_hub_change_their_keys_by_commands(
    run: Callable[..., Any], hub: SmallHub, admitted: dict[str, Keyring], office: Governance, tmp_path: Path
) -> None:
    assert "MZ-INAR" in admitted
    old, new, where = office.folder, tmp_path / "new", ("--url", hub.base_url)
    new.mkdir()
    for number in (4, 5):
        code, out, _ = await run("directory", "new-key", new / f"governance-{number}.jwk")
        assert (code, out) == (0, f"hand over {new / f'governance-{number}.public.json'}\n")
    assert (await run("directory", "new-key", tmp_path / "gateway.jwk"))[0] == 0
    dropped = [word for key in office.keys for word in ("--drop", key.kid)]
    added: list[object] = [word for n in (4, 5) for word in ("--add-governance", new / f"governance-{n}.public.json")]
    added += ["--add-gateway", tmp_path / "gateway.public.json", "--max-delay", 30]
    asked = ("directory", "renew", tmp_path / "next.json", "--root", old / "root.json", *where)
    code, _, err = await run(*asked, *dropped)
    assert (code, err.startswith("SCHEMA at /governance/keys")) == (1, True)
    assert (await run(*asked, "--drop", "A" * 43))[2].startswith("KEY_UNKNOWN")
    code, out, _ = await run(*asked, *added, *dropped)
    assert (code, out.endswith("2 of 2 governance keys must sign\n")) == (0, True)
    typed = ("directory", "rotate", tmp_path / "next.json", "--governance", old, *where)
    assert (await run(*typed))[2].startswith("THRESHOLD")
    assert (await run(*typed, "--new", new))[0] == 0
    assert (new / "root.json").read_bytes() == (old / "root.json").read_bytes()
    assert (await run(*typed, "--new", new))[2].startswith("THRESHOLD: 0 of the 2")
    shown = json.loads((await run("directory", "show", "--json", "--root", old / "root.json", *where))[1])
    assert (shown["governance"]["rotations"], len(shown["hub"]["gateway"])) == (1, 2)
    suspends = ("directory", "suspend", "MZ-INAR", *where, "--governance")
    assert (await run(*suspends, old))[2].startswith("THRESHOLD")
    assert (await run(*suspends, new))[0] == 0


async def test_init_founds_an_exchange(run: Callable[..., Any], tmp_path: Path) -> None:
    typed = ("directory", "init", tmp_path / "x", "--origin", "hifadhi.example/a", "--keys", 1, "--threshold", 1)
    assert (await run(*typed))[0] == 0
    code, out, err = await run(*typed)
    assert (code, out) == (1, "")
    assert err.startswith("EXISTS")


async def test_a_message_is_sent_and_read(
    run: Callable[..., Any], hub: SmallHub, admitted: dict[str, Keyring], office: Governance, tmp_path: Path
) -> None:
    where = ("--url", hub.base_url, "--root", office.folder / "root.json")
    code, out, _ = await run("send", draft(tmp_path), "--json", "--home", admitted["MZ-INAR"].home, *where)
    sent = json.loads(out)
    assert (code, sent["ruling"]["ruling"]) == (0, "recorded")
    code, out, _ = await run("inbox", "--json", "--home", admitted["MZ-INAR"].home, *where)
    items = [json.loads(line) for line in out.splitlines()]
    assert (code, items[-1]["header"]["id"]) == (0, sent["id"])
    assert items[-1]["bodies"]["content"] == said.encounter()["content"]
    assert await run("inbox", "--home", admitted["MZ-INAR"].home, *where) == (0, "", "")
    assert (await run("send", "--home", admitted["MZ-INAR"].home, *where))[:2] == (0, "nothing was kept\n")


async def test_what_was_kept_and_is_refused_is_told_by_whatever_command_hears_of_it(
    run: Callable[..., Any],
    hub: SmallHub,
    admitted: dict[str, Keyring],
    office: Governance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport.Patience, "delay_s", lambda *_, **__: 0.0)
    monkeypatch.setattr(outbox, "SEALED_WAIT_S", 0)
    where = ("--url", hub.base_url, "--root", office.folder / "root.json", "--home", admitted["MZ-INAR"].home)
    take = hub.take

    def away(raw: bytes) -> tuple[int, dict[str, Any]]:
        return 503, {"code": "OVERLOADED", "title": f"no room for {len(raw)} bytes"}

    def refuses(raw: bytes) -> tuple[int, dict[str, Any]]:
        refusal = Refused(Fault("KEY_NOT_VALID", "/header/signatures/0/protected", "suspended"))
        return 403, hub.refusal(refusal, Message.parse(raw).digest)

    for command in (("inbox",), ("send", draft(tmp_path)), ("send",)):
        hub.take = away  # type: ignore[method-assign]
        code, _, err = await run("send", draft(tmp_path), *where)
        assert (code, "do not compose it anew" in err) == (3, True)
        hub.take = refuses  # type: ignore[method-assign]
        code, out, _ = await run("send", *where)
        assert (code, out.startswith("1 refused now, and perhaps stored before")) == (0, True)
        hub.take = take  # type: ignore[method-assign]
        with monkeypatch.context() as later:
            later.setattr(doubt, "UNDER_WAY_S", -hub.root.max_delay_s)
            code, out, err = await run(*command, *where)
        told = (
            ": kept until it could be posted, and refused: KEY_NOT_VALID at /header/signatures/0/protected: suspended"
        )
        assert (code, told in (out if command == ("send",) else err)) == (0, True), command


async def test_what_is_refused_exits_with_1_and_says_where(
    run: Callable[..., Any], hub: SmallHub, admitted: dict[str, Keyring], office: Governance, tmp_path: Path
) -> None:
    where = ("--url", hub.base_url, "--root", office.folder / "root.json", "--home", admitted["MZ-INAR"].home)
    code, out, err = await run("send", draft(tmp_path, to=["ZW-DOI"]), *where)
    assert (code, out) == (1, "")
    assert err.startswith("ADDRESSEE_UNKNOWN at /to/0: ")
    stale = {"type": "referral.requested", "to": ["ZA-DHA"], "kind": "service", "urgency": "standard", "seen": 1}
    code, out, _ = await run(
        "send", draft(tmp_path, **stale, case="019e0000-0000-7000-8000-000000000001", bodies=said.request()), *where
    )
    assert code == 1
    assert "refused with CASE_UNKNOWN" in out


async def test_usage_unavailable_and_tampered_have_their_own_exit_codes(
    run: Callable[..., Any],
    hub: SmallHub,
    admitted: dict[str, Keyring],
    office: Governance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (await run("directory", "revoke", "A" * 43, "--url", hub.base_url))[0] == 2
    monkeypatch.setattr(transport.Patience, "delay_s", lambda *_, **__: 0.0)
    root = ("--root", office.folder / "root.json")
    assert (await run("directory", "show", "--url", "http://127.0.0.1:9", *root))[0] == 3
    hub.statements.reverse()
    code, _, err = await run("directory", "show", "--url", hub.base_url, *root)
    assert code == 4, admitted
    assert err.startswith("index ")
