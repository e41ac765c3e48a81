"""Newer code lists: named in the directory by version and digest, their codes kept by everybody meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hifadhi.agency.commands.output import item, item_json
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.governance import Governance
from hifadhi.demo import people
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts
from hifadhi.errors import Refused
from hifadhi.referral.codes import LISTS, label, list_file
from hifadhi.referral.codes.list_file import CodeListFile
from hifadhi.referral.directory import PublishedList
from ledger_verified import on_stage
from write_schemas import as_text

NEED = "DC-XX"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, ("MZ-INAR", "ZA-DHA")) as opened:
        yield opened


def a_newer(version: int) -> tuple[CodeListFile, str]:
    document = {**LISTS["specific-needs"].document(), "version": version}
    document["codes"].append({"code": NEED, "label": {"en": "A new need"}})
    raw = as_text(document).encode()
    return list_file.read(raw, file_name=f"specific-needs.{version}.json"), list_file.digest(raw)


async def test_the_directory_names_the_newest_version_of_a_list_and_goes_back_to_none(made: Stage) -> None:
    office = Governance.load(made.folder / "exchange")
    async with DirectoryOffice(made.root, made.base_url) as directory:
        await directory.publish_codes(*a_newer(3), office)
        for older in (2, 3):
            with pytest.raises(Refused, match="NOT_ALLOWED_NOW"):
                await directory.publish_codes(*a_newer(older), office)
        await directory.publish_codes(*a_newer(4), office)
        assert (await directory.read()).code_lists == {"specific-needs": PublishedList(4, a_newer(4)[1])}


async def test_a_code_of_a_newer_list_is_sealed_opened_and_shown_by_who_does_not_have_the_list(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = (await mozambique.send("encounter.reported", bodies=people.girl_found())).id
    bodies = people.girl_referred("ZA-DHA", purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.")
    bodies["sensitive"]["specific_needs"] = [NEED]
    facts: Facts = {"case": case, "seen": 1, "kind": "responsibility", "urgency": "emergency"}
    assert (await mozambique.send("referral.requested", to=["ZA-DHA"], bodies=bodies, **facts)).is_recorded
    came = (await south_africa.receive_once(wait_s=5))[-1]
    assert came.problems == ()
    assert item_json(came)["bodies"]["sensitive"]["specific_needs"] == [NEED]
    assert NEED in item(came)
    assert label("specific-needs", NEED) == "DC-XX (not in version 1 of this list)"
