"""The tables as JSON and CSV: the same rows as on the page."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_place import ConsolePlace
from hifadhi.hub.console.listing import Listing
from ledger_maker import LedgerMaker

# Column on the page, and the members of a row that it shows.
PAGE_COLUMNS = {
    "deadlines": {"Referral": "referral", "State": "state", "Responsible": "responsible"},
    "entries": {"Index": "index", "Type": "type"},
    "timeline": {"Index": "index", "What happened": "what", "Responsible": "responsible"},
}
INSTANTS = {"deadlines": ("Due", "due"), "entries": ("Sealed", "stored_at"), "timeline": ("Sealed", "stored_at")}


def story(ledger: LedgerMaker) -> str:
    case = ledger.open_case()
    referral = ledger.request(case)
    ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    ledger.send("referral.accepted", "KE-DRS", ["MZ-INAR"], case=case, referral=referral, seen=1)
    for _ in range(30):
        ledger.request(ledger.open_case())
    return referral


def shown(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M:%S UTC")


async def exported(place: ConsolePlace, path: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The rows as JSON, and as CSV."""
    base, _, after = path.partition("?")
    async with place.client.get(f"{base}.csv?{after}") as response:
        assert response.content_type == "text/csv"
        assert response.headers["Content-Disposition"].startswith("attachment")
        text = await response.text()
    return (await place.json(f"{base}.json?{after}"))["data"], list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("table", ["deadlines", "entries", "timeline"])
async def test_json_and_csv_have_the_rows_of_the_page(place: ConsolePlace, table: str) -> None:
    referral = story(place.ledger)
    await place.caught_up()
    page = await place.page(f"/console/referrals/{referral}" if table == "timeline" else "/console")
    as_json, as_csv = await exported(
        place, f"/console/referrals/{referral}" if table == "timeline" else f"/console/{table}"
    )
    for heading, member in PAGE_COLUMNS[table].items():
        on_page = [row[heading] for row in page.tables[table]]
        assert on_page == [str(row[member]) for row in as_json] == [row[member] for row in as_csv]
    heading, member = INSTANTS[table]
    for seen, row, cells in zip(page.tables[table], as_json, as_csv, strict=True):
        assert seen[heading].startswith(shown(row[member]))
        assert row[member] == cells[member]


async def test_the_second_page_links_to_its_own_export(place: ConsolePlace) -> None:
    story(place.ledger)
    await place.caught_up()
    first = await place.json("/console/deadlines.json")
    page = await place.page(f"/console?after={first['after']}")
    [link] = [link for link in page.links if link.startswith("/console/deadlines.json")]
    rows = (await place.json(link))["data"]
    assert [row["referral"] for row in rows] == [row["Referral"] for row in page.tables["deadlines"]]


async def test_a_table_or_form_that_there_is_not_is_not_found(place: ConsolePlace) -> None:
    for path in ("/console/secrets.json", "/console/deadlines.xml"):
        await place.page(path, status=404)


@given(st.lists(st.one_of(st.text(), st.none(), st.integers(0), st.lists(st.text())), min_size=1))
def test_no_cell_of_a_csv_is_a_formula_and_none_is_lost(cells: list[Any]) -> None:
    [header, *rows] = csv.reader(io.StringIO(Listing(("cell", "end"), [{"cell": c, "end": 1} for c in cells]).to_csv()))
    assert header == ["cell", "end"]
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        text = " ".join(cell) if isinstance(cell, list) else "" if cell is None else str(cell)
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert row[0].removeprefix("'") == text.removeprefix("'")


def test_json_leaves_out_what_does_not_apply() -> None:
    listing = Listing(("a", "b"), [{"a": 1, "b": None}], "7")
    assert json.loads(listing.to_json()) == {"data": [{"a": 1}], "after": "7", "done": False}
