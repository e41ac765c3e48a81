"""What takes two signatures, by a file that goes from one home to the other: no key leaves its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from hifadhi.agency.client import Client
from hifadhi.agency.commands import messages as message_commands
from hifadhi.agency.composing.message_id import new_id
from hifadhi.demo import adults, papers, people
from hifadhi.demo.stage import Stage, embedded, stage
from hifadhi.demo.steps import Facts, version
from hifadhi.evidence.report import Report
from ledger_verified import verified

PROJECT = Path(__file__).parents[2]
TZ, MZ, ZA = "TZ-ISD", "MZ-INAR", "ZA-DHA"
CORRIDOR = {"arrangement": "MZ-TZ-2026", "other": MZ, "deadlines": [], "observers": ["UNHCR-RO"], "legal_bases": []}
Typed = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as stack:
        run = partial(embedded, port=0, tell=lambda _: None)
        yield await stack.enter_async_context(stage(tmp_path, run, lambda _: None, (TZ, MZ, ZA)))


@pytest.fixture
def typed(made: Stage, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A command of one agency as it is typed: its exit code, what it says, what it complains of."""
    app = App(name="hifadhi", result_action="return_value")
    app.command(message_commands.send)
    app.command(message_commands.countersign)
    app.command(message_commands.read)

    async def type_it(command: str, agency: str, *words: object) -> tuple[int, str, str]:
        where = ("--home", made.home(agency), "--root", made.folder / "exchange" / "root.json", "--url", made.base_url)
        line = [str(word) for word in (command, *words, *where)]
        code = await asyncio.to_thread(app, line, result_action="return_value")
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return type_it


def written(made: Stage, name: str, document: Any) -> Path:
    path = made.folder / name
    path.write_text(json.dumps(document))
    return path


def file_of(path: Path) -> Any:
    return json.loads(path.read_bytes())


async def findings(made: Stage) -> list[str]:
    report: Report = await verified(made)
    return [finding.code for finding in report.findings]


async def recorded(client: Client, message_type: str, **said: Any) -> str:
    sent = await client.send(message_type, **said)
    assert sent.is_recorded, sent
    return sent.id


async def disputed(tanzania: Client, mozambique: Client) -> Facts:
    """The facts of a dispute's end: its case, what it answers, the version of the case."""
    case = await recorded(tanzania, "encounter.reported", bodies=adults.man_met("TZA", "2026-05-03T06:00"))
    asks: Facts = {"kind": "responsibility", "urgency": "urgent", "case": case, "seen": 1}
    request = await recorded(tanzania, "referral.requested", to=[MZ], bodies=adults.man_referred(), **asks)
    about: Facts = {"case": case, "referral": request}
    no = papers.declined("EVIDENCE_INSUFFICIENT", why="No record of an earlier stay.", substantive=True)
    await recorded(mozambique, "referral.declined", to=[TZ], seen=1, bodies=no, **about)
    again: Facts = {"content": adults.evidence_of_a_bus(), "sensitive": adults.man_referred()["sensitive"]}
    await recorded(tanzania, "reexamination.requested", to=[MZ], seen=2, bodies=again, **about)
    await recorded(mozambique, "referral.declined", to=[TZ], seen=3, bodies=no, **about)
    seen = await version(tanzania, case, request)
    bodies = {"content": {"issue": "DECLINE_UNFOUNDED", "text": papers.text("He was returned three times.")}}
    dispute = await recorded(tanzania, "dispute.opened", to=[MZ], seen=seen, bodies=bodies, **about)
    return {"case": case, "in_reply_to": dispute, "seen": await version(tanzania, case)}


def settlement(facts: Facts) -> Facts:
    content = {"issue": "WHO_IS_RESPONSIBLE", "result": papers.text("Mozambique takes him back.")}
    return {"type": "dispute.resolved", "to": [MZ], "responsible": MZ, **facts, "bodies": {"content": content}}


async def test_two_states_settle_a_dispute_and_no_key_leaves_its_home(made: Stage, typed: Typed) -> None:
    tanzania, mozambique = made.clients[TZ], made.clients[MZ]
    facts = await disputed(tanzania, mozambique)
    draft, file = written(made, "draft.json", settlement(facts)), made.folder / "settlement.json"
    code, out, err = await typed("send", TZ, draft, "--for-signature", file)
    assert (code, err) == (0, ""), out
    assert "not posted" in out
    code, _, err = await typed("send", TZ, "--signed", file)
    assert (code, err.split(":")[0]) == (1, "SCHEMA at /signatures")
    await recorded(
        tanzania, "encounter.reported", bodies=adults.man_met("TZA", "2026-05-04T06:00")
    )  # its number is next

    code, out, err = await typed("countersign", MZ, file)
    assert (code, err.split(":")[0]) == (2, "USAGE")  # nobody can be asked here
    for says in (f"settle their dispute on case {facts['case']}: {MZ} owes protection", "Mozambique takes him back."):
        assert says in out
    assert len(file_of(file)["header"]["signatures"]) == 1
    back = made.folder / "back.json"
    code, out, err = await typed("countersign", MZ, file, "--yes", "--out", back)
    assert (code, err) == (0, ""), out
    assert len(file_of(file)["header"]["signatures"]) == 1

    code, _, err = await typed("send", MZ, "--signed", back)
    assert (code, err.split(":")[0]) == (1, "SENDER_MISMATCH at /from")
    code, out, err = await typed("send", TZ, "--signed", back)
    assert (code, err) == (0, ""), out
    assert "recorded at index" in out
    assert (await mozambique.case(facts["case"]))["responsible"] == MZ
    code, _, err = await typed("send", TZ, "--signed", back)
    assert (code, err.split(":")[0]) == (1, "ALREADY_POSTED")
    assert await findings(made) == []


async def test_a_settlement_that_comes_too_late_is_not_signed_and_if_posted_refused(made: Stage, typed: Typed) -> None:
    tanzania, mozambique = made.clients[TZ], made.clients[MZ]
    facts = await disputed(tanzania, mozambique)
    file, signed = made.folder / "settlement.json", made.folder / "signed.json"
    draft = written(made, "draft.json", settlement(facts))
    assert (await typed("send", TZ, draft, "--for-signature", file))[0] == 0
    assert (await typed("countersign", MZ, file, "--yes", "--out", signed))[0] == 0
    bodies = {"content": {"ground": "PRESENT_HERE", "text": papers.text("He is in Palma.")}}
    await recorded(mozambique, "responsibility.assumed", case=facts["case"], to=[TZ], bodies=bodies)
    code, _, err = await typed("countersign", MZ, file, "--yes")
    assert (code, err.split(":")[0]) == (1, "STALE_STATE at /seen")
    await recorded(tanzania, "encounter.reported", bodies=adults.man_met("TZA", "2026-05-04T06:00"))
    assert await findings(made) == ["SEQUENCE_GAP"]  # a signed message that nobody has posted
    code, out, _ = await typed("send", TZ, "--signed", signed)
    assert (code, "refused with " in out) == (1, True)
    assert await findings(made) == []


async def test_a_departure_is_signed_by_a_second_officer_with_a_key_of_their_own(made: Stage, typed: Typed) -> None:
    mozambique, south_africa = made.clients[MZ], made.clients[ZA]
    officer = made.folder / "officer" / "countersign.jwk"
    officer.parent.mkdir()
    (made.home(MZ) / "countersign.jwk").rename(officer)
    left = example("departure.json", await planned(mozambique, south_africa))
    draft, file = written(made, "draft.json", left), made.folder / "departure.json"
    code, _, err = await typed("send", MZ, draft)
    assert (code, err.split(":")[0]) == (1, "NOT_FOUND")  # the first officer alone cannot send it
    assert (await typed("send", MZ, draft, "--for-signature", file))[0] == 0
    code, _, err = await typed("countersign", ZA, file, "--yes")
    assert (code, err.split(":")[0]) == (1, "SENDER_MISMATCH")
    code, _, err = await typed("countersign", MZ, file, "--key", made.home(MZ) / "sign.jwk", "--yes")
    assert (code, err.split(":")[0]) == (1, "KEY_NOT_VALID")
    code, out, err = await typed("countersign", MZ, file, "--key", officer, "--yes")
    assert (code, err) == (0, ""), out
    assert f"left for {ZA}" in out
    code, _, err = await typed("countersign", MZ, file, "--key", officer, "--yes")
    assert (code, err.split(":")[0]) == (1, "SCHEMA at /signatures")
    code, out, err = await typed("send", MZ, "--signed", file, "--json")
    assert (code, err) == (0, ""), out
    assert json.loads(out)["ruling"]["ruling"] == "recorded"
    assert await findings(made) == []


async def planned(mozambique: Client, south_africa: Client) -> Facts:
    """The facts of a departure that was agreed on."""
    case = await recorded(mozambique, "encounter.reported", bodies=people.girl_found())
    asks: Facts = {"case": case, "seen": 1, "kind": "responsibility", "urgency": "urgent"}
    bodies = people.girl_referred(ZA, purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.")
    request = await recorded(mozambique, "referral.requested", to=[ZA], bodies=bodies, **asks)
    about: Facts = {"case": case, "referral": request}
    yes = papers.accepted(ZA, "ZAF", basis="CRC:22", care="KINSHIP")
    await recorded(south_africa, "referral.accepted", to=[MZ], seen=1, bodies=yes, **about)
    plans: Facts = {**about, "transfer": new_id(), "arrival_due": "2026-12-12T14:00:00.000Z"}
    plan = papers.plan(case, MZ, "MOZ", "2026-12-12T08:00")
    seen = await version(mozambique, case, request)
    await recorded(mozambique, "transfer.proposed", to=[ZA], seen=seen, bodies=plan, **plans)
    agreed, seen = papers.agreed(ZA, "ZAF", "2026-12-12T10:00"), await version(south_africa, case, request)
    await recorded(south_africa, "transfer.agreed", to=[MZ], seen=seen, bodies=agreed, **about)
    return {"case": case, "referral": request, "transfer": plans["transfer"]}


def example(name: str, facts: Facts) -> Any:
    """A published draft, its ids replaced."""
    text = (PROJECT / "schemas" / "examples" / "drafts" / name).read_text(encoding="utf-8")
    published = json.loads(text)
    for fact, value in facts.items():
        text = text.replace(published[fact], value)
    return json.loads(text)


async def test_parts_are_erased_by_the_published_draft(made: Stage, typed: Typed) -> None:
    mozambique, south_africa = made.clients[MZ], made.clients[ZA]
    facts = await planned(mozambique, south_africa)
    code, out, _ = await typed("read", MZ, facts["referral"], "--json")
    digests = [part["digest"] for part in json.loads(out)["header"]["parts"]]
    told = {"case": facts["case"], "in_reply_to": facts["referral"]}
    draft = {**example("erasure.json", told), "digests": sorted(digests)}
    code, out, err = await typed("send", MZ, written(made, "erasure.json", draft))
    assert (code, err) == (0, ""), out
    code, out, _ = await typed("read", MZ, facts["referral"], "--json")
    assert (code, json.loads(out)["bodies"]) == (0, {})


async def test_two_states_publish_an_arrangement(made: Stage, typed: Typed) -> None:
    draft = written(made, "draft.json", {"type": "arrangement.published", **CORRIDOR})
    file = made.folder / "corridor.json"
    assert (await typed("send", TZ, draft, "--for-signature", file))[0] == 0
    code, out, err = await typed("countersign", MZ, file, "--yes")
    assert (code, err) == (0, ""), out
    assert f"{TZ} and {MZ} arrange for their states" in out
    assert "UNHCR-RO" in out
    code, out, err = await typed("send", TZ, "--signed", file)
    assert (code, err) == (0, ""), out
    await made.clients[MZ].refresh_directory()
    assert made.clients[MZ].directory.covers("MZ-TZ-2026", MZ, TZ)
    assert await findings(made) == []


async def test_a_file_that_was_altered_on_its_way_is_not_signed(made: Stage, typed: Typed) -> None:
    facts = await disputed(made.clients[TZ], made.clients[MZ])
    draft, file = written(made, "draft.json", settlement(facts)), made.folder / "settlement.json"
    assert (await typed("send", TZ, draft, "--for-signature", file))[0] == 0
    good, other = file_of(file), made.folder / "other.json"
    assert (await typed("send", TZ, draft, "--for-signature", other))[0] == 0  # another message, sealed anew
    foreign = file_of(other)
    altered = {
        "SIGNATURE at /signatures/0/signature": {
            **foreign,
            "header": {**foreign["header"], "signatures": good["header"]["signatures"]},
        },
        "PART_DIGEST at /parts/content": {**good, "parts": foreign["parts"]},
        "PART_MISSING at /parts/content": {**good, "parts": {}},
        "PART_SURPLUS at /parts": {**good, "parts": {**good["parts"], "sensitive": ""}},
        "SCHEMA at /parts": {**good, "parts": []},
    }
    for code, document in altered.items():
        _, _, err = await typed("countersign", MZ, written(made, "altered.json", document), "--yes")
        assert err.split(":")[0] == code
    assert (await typed("countersign", TZ, file, "--yes"))[2].split(":")[0] == "SENDER_MISMATCH"


async def test_what_was_prepared_can_be_written_again_and_what_has_one_signature_is_not_prepared(
    made: Stage, typed: Typed
) -> None:
    file, again = made.folder / "first.json", made.folder / "again.json"
    code, _, err = await typed("send", TZ, "--for-signature", again)
    assert (code, err.split(":")[0]) == (1, "NOT_PREPARED")
    draft = written(made, "draft.json", {"type": "arrangement.published", **CORRIDOR})
    assert (await typed("send", TZ, draft, "--for-signature", file))[0] == 0
    assert (await typed("send", TZ, "--for-signature", again))[0] == 0
    assert file.read_bytes() == again.read_bytes()
    assert (await typed("send", TZ, "--for-signature", again))[2].split(":")[0] == "EXISTS"
    met = written(made, "met.json", {"type": "encounter.reported", "bodies": adults.man_met("TZA", "2026-05-03T06:00")})
    code, _, err = await typed("send", TZ, met, "--for-signature", made.folder / "met-signed.json")
    assert (code, err.split(":")[0]) == (1, "SCHEMA at /type")
    for words in (
        ("--signed", file, "--second", file),
        (draft, "--second", file, "--for-signature", made.folder / "x"),
        ("--case", "019e8a4b-0000-7000-8000-000000000001"),
    ):
        assert (await typed("send", TZ, *words))[0] == 2
