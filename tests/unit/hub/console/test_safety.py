"""What no page may do: show what it must not hold, run what is in it, cost more the longer the record is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from console_place import ConsolePlace
from hifadhi.hub.console import tables
from ledger_maker import LedgerMaker

CANARY = "Amina Canary"
HOSTILE = "<script>alert(1)</script>"
TABLES = ("deadlines", "overdue", "entries")


def story(ledger: LedgerMaker) -> tuple[str, str]:
    case = ledger.open_case()
    referral = ledger.request(case, urgency="emergency")
    ledger.tick(5 * 24 * 3_600_000)
    ledger.request(ledger.open_case("KE-DRS"), "KE-DRS")
    ledger.send("referral.accepted", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral, seen=99)
    return case, referral


def on_disk(folder: Path, database: str) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob(f"{database}.sqlite*"))


async def everything(place: ConsolePlace, referral: str) -> str:
    """All that the console answers."""
    answers = []
    for path in ("/console", *(f"/console/{name}" for name in TABLES), f"/console/referrals/{referral}"):
        for form in ("", ".json", ".csv"):
            async with place.client.get(path + form) as response:
                answers.append(await response.text())
    return "".join(answers)


async def test_no_byte_of_a_part_or_of_a_dead_letter_is_held_or_shown(place: ConsolePlace, tmp_path: Path) -> None:
    ledger = place.ledger
    ledger.parts["canary"] = CANARY
    _, referral = story(ledger)
    await place.died(3, "NOT_JSON", CANARY.encode())
    await place.caught_up()
    assert CANARY.encode() in on_disk(tmp_path, "stream")
    assert CANARY.encode() not in on_disk(tmp_path, "store")
    assert CANARY not in await everything(place, referral)


async def test_digests_keys_and_signatures_are_not_shown(place: ConsolePlace) -> None:
    _, referral = story(place.ledger)
    await place.caught_up()
    shown = await everything(place, referral)
    assert not [digest for digest in place.ledger.parts if digest in shown]
    assert not [key.kid for key in place.ledger.keys.values() if key.kid in shown]


async def test_every_value_is_escaped(place: ConsolePlace) -> None:
    _, referral = story(place.ledger)
    await place.died(3, "NOT_JSON")
    await place.caught_up()
    hostile: dict[Any, tuple[str, ...]] = {
        tables.entries: ("type", "sender", "ruling", "code"),
        tables.referrals: ("sender", "receiver", "kind", "urgency", "state"),
        tables.timeline: ("words", "state", "responsible"),
        tables.dead_letters: ("cause",),
        tables.cases: ("responsible",),
        tables.unfetched: ("agency",),
    }
    async with place.store.write() as db:
        await db.execute(tables.unfetched.delete().where(tables.unfetched.c.agency != "ZA-DHA"))
        for table, columns in hostile.items():
            seen = table.update().where(table.c.leaf_index == 14) if table is tables.unfetched else table.update()
            await db.execute(seen.values(dict.fromkeys(columns, HOSTILE)))
    for path in ("/console", f"/console/referrals/{referral}"):
        page = await place.page(path)
        assert HOSTILE not in page.html and "<script>" not in page.html
        assert page.html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


async def test_pages_hold_to_the_strict_policy_and_their_only_script_is_a_file_of_ours(place: ConsolePlace) -> None:
    _, referral = story(place.ledger)
    await place.caught_up()
    for path in ("/console", f"/console/referrals/{referral}", "/console/nothing"):
        async with place.client.get(path) as response:
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
            assert response.headers["Cache-Control"] == "no-store"
        page = await place.page(path, status=404 if "nothing" in path else 200)
        assert not [tag for tag, named in page.tags if tag in {"style", "img"} or "style" in named]
        assert not [name for _, named in page.tags for name in named if name.startswith("on")]
        scripts = [str(named["src"]).partition("?")[0] for tag, named in page.tags if tag == "script"]
        assert scripts == ([] if "nothing" in path else ["/console/static/live.js"])
        outside = [named[name] for _, named in page.tags for name in ("href", "src") if name in named]
        assert all(address and address.startswith(("/", "#")) for address in outside)


@contextmanager
def overheard() -> Iterator[list[tuple[str, Any]]]:
    """The questions that are put to databases meanwhile."""
    heard: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_every_question_is_answered_from_an_index(place: ConsolePlace, tmp_path: Path) -> None:
    _, referral = story(place.ledger)
    await place.caught_up()
    await place.console.stop()
    with overheard() as heard:
        await everything(place, referral)
        await place.page(f"/console?after=1~{referral}")
    questions = {statement: parameters for statement, parameters in heard if statement.startswith("SELECT")}
    assert len(questions) > 8
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as db:
        for statement, parameters in questions.items():
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert not [step for step in plan if "TEMP B-TREE" in step], (statement, plan)
            whole = [step for step in plan if step.startswith("SCAN console") and "INDEX" not in step]
            assert not whole, (statement, plan)


async def test_a_page_of_another_name_that_points_here_reads_nothing(place: ConsolePlace) -> None:
    for path in ("/console", "/console/entries.json", "/console/events", "/console/find?id=x"):
        answer = await place.client.get(path, headers={"Host": "evil.example"})
        assert answer.status == 404
