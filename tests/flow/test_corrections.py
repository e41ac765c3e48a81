"""A correction through the whole exchange: both edges try it, and who reads or looks back sees what stands now."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from hifadhi.agency.client import Client
from hifadhi.agency.commands import messages as message_commands
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.composing.message_id import new_id
from hifadhi.agency.receiving.opening import Item
from hifadhi.demo import adults, papers
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, version
from hifadhi.errors import Refused
from hifadhi.referral.header import Header
from hifadhi.referral.headers import DataCorrected, MessageBounced
from ledger_verified import on_stage

TZ, MZ = "TZ-ISD", "MZ-INAR"
WHY = papers.text("Read wrongly from the slip.")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, (TZ, MZ)) as opened:
        yield opened


async def recorded(client: Client, message_type: str, **said: Any) -> str:
    sent = await client.send(message_type, **said)
    assert sent.is_recorded, sent
    return sent.id


async def taken(client: Client, until: Callable[[Header], bool]) -> list[Item]:
    """What it takes until a message has come, and no further."""
    items: list[Item] = []
    while True:
        for item in await client.receive_once(wait_s=5):
            items.append(item)
            if item.header and until(item.header):
                return items


async def asked(tanzania: Client) -> Facts:
    """A request about a grown-up man; its case and its id."""
    case = await recorded(tanzania, "encounter.reported", bodies=adults.man_met("TZA", "2026-05-03T06:00"))
    asks: Facts = {"kind": "responsibility", "urgency": "urgent", "case": case, "seen": 1}
    request = await recorded(tanzania, "referral.requested", to=[MZ], bodies=adults.man_referred(), **asks)
    return {"case": case, "referral": request}


def corrections(**content: str) -> Facts:
    """The bodies that correct a birth."""
    listed = [{"pointer": f"/person/birth/{name}", "value": value, "reason": WHY} for name, value in content.items()]
    return {"content": {"corrections": listed}, "sensitive": {"corrections": []}}


async def test_a_corrected_birth_makes_a_minor_of_an_adult_at_both_edges(made: Stage) -> None:
    tanzania, mozambique = made.clients[TZ], made.clients[MZ]
    about = await asked(tanzania)
    yes = papers.accepted(MZ, "MOZ", basis="OAU69:VIII")
    yes_to = await recorded(mozambique, "referral.accepted", to=[TZ], seen=1, bodies=yes, **about)
    replies: Facts = {"case": about["case"], "in_reply_to": about["referral"], "to": [MZ]}
    await recorded(tanzania, "data.corrected", bodies=corrections(date="2012"), **replies)
    plan = papers.plan(about["case"], TZ, "TZA", "2026-12-12T08:00")
    plans: Facts = {**about, "transfer": new_id(), "arrival_due": "2026-12-12T14:00:00.000Z"}
    plans["seen"] = await version(tanzania, about["case"], about["referral"])
    with pytest.raises(Refused) as refused:
        await tanzania.send("transfer.proposed", to=[MZ], bodies=plan, **plans)
    assert refused.value.code == "BEST_INTERESTS_MISSING"
    acceptance = await mozambique.ruling(yes_to)  # which Tanzania has looked back at, and not taken
    assert acceptance is not None and acceptance.delivered == ({"agency": TZ},)
    bare = compose.seal(
        Draft.of("transfer.proposed", {**plans, "to": [MZ]}, plan), sender=TZ, directory=tanzania.directory
    )
    await tanzania.outbox.send(bare)
    *_, item = await taken(mozambique, lambda one: one.id == bare.id)
    assert [fault.code for fault in item.problems] == ["BEST_INTERESTS_MISSING"]


async def test_a_correction_is_shown_before_and_after_and_one_that_does_not_fit_is_refused_or_bounced(
    made: Stage,
) -> None:
    tanzania, mozambique = made.clients[TZ], made.clients[MZ]
    about = await asked(tanzania)
    replies: Facts = {"case": about["case"], "in_reply_to": about["referral"], "to": [MZ]}
    for bodies, pointer in (
        (corrections(date="12 May"), "/content/corrections"),
        (corrections(hour="7"), "/content/corrections"),
    ):
        with pytest.raises(Refused) as refused:
            await tanzania.send("data.corrected", bodies=bodies, **replies)
        assert (refused.value.code, refused.value.faults[0].pointer) == ("CORRECTION_MISFIT", pointer)
    with pytest.raises(Refused, match="CORRECTION_MISFIT at /in_reply_to"):
        await mozambique.send("data.corrected", bodies=corrections(date="1990"), **{**replies, "to": [TZ]})
    await recorded(tanzania, "data.corrected", bodies=corrections(date="1990"), **replies)
    bare = Draft.of("data.corrected", replies, corrections(date="12 May"))
    sealed = compose.seal(bare, sender=TZ, directory=tanzania.directory)
    await tanzania.outbox.send(sealed)
    items = await taken(mozambique, lambda header: header.id == sealed.id)
    fits, does_not = [item for item in items if isinstance(item.header, DataCorrected)]
    assert [(change.before, change.after) for change in fits.changes] == [("1991", "1990")]
    assert (fits.problems, [change.after for change in does_not.changes]) == ((), [None])
    assert [fault.code for fault in does_not.problems] == ["CORRECTION_MISFIT"]
    *_, bounce = await taken(tanzania, lambda header: isinstance(header, MessageBounced))
    assert getattr(bounce.header, "in_reply_to", None) == sealed.id


async def test_a_message_and_a_case_are_read_as_they_stand(made: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    tanzania = made.clients[TZ]
    about = await asked(tanzania)
    replies: Facts = {"case": about["case"], "in_reply_to": about["referral"], "to": [MZ]}
    first = await recorded(tanzania, "data.corrected", bodies=corrections(date="1990"), **replies)
    last = await recorded(tanzania, "data.corrected", bodies=corrections(date="1990-03-01", precision="DAY"), **replies)
    app = App(name="hifadhi", result_action="return_value")
    app.command(message_commands.read)

    async def read(*words: str) -> tuple[int, str, str]:
        where = ["--home", made.home(MZ), "--root", made.folder / "exchange" / "root.json", "--url", made.base_url]
        typed = [str(word) for word in ("read", *words, *where)]
        code = await asyncio.to_thread(app, typed, result_action="return_value")
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    capsys.readouterr()
    code, out, err = await read(about["referral"])
    assert (code, err) == (0, ""), out
    assert '"date": "1990-03-01", "precision": "DAY"' in out
    assert (
        f'corrected at /content/person/birth/date: "1991" is now "1990" (Read wrongly from the slip.) (message {first}'
        in out
    )
    code, out, _ = await read(about["referral"], "--json")
    shown = json.loads(out)
    assert (code, shown["bodies"]["content"]["person"]["birth"]["date"]) == (0, "1990-03-01")
    assert [one["by"] for one in shown["corrections"]] == [first, last]
    assert [(one["before"], one["after"]) for one in shown["corrections"][1]["changes"]] == [
        ("1990", "1990-03-01"),
        ("YEAR", "DAY"),
    ]
    code, out, _ = await read(about["case"], "--case", "--json")
    assert [json.loads(line)["header"]["type"] for line in out.splitlines()] == [
        "referral.requested",
        "data.corrected",
        "data.corrected",
    ]
    code, _, err = await read(new_id())
    assert (code, err.split(":")[0]) == (1, "NOT_FOUND")
    assert b"1990" not in (made.home(MZ) / "cases.sqlite").read_bytes()
