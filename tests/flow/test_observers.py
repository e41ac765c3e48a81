"""Observers through the whole exchange: what they are let read, and what their own edge and the others' refuse."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.client import Client
from hifadhi.demo import papers, people
from hifadhi.demo.stage import AUDITOR, Stage
from hifadhi.demo.steps import Facts
from hifadhi.errors import Refused
from ledger_verified import on_stage

PLAYERS = ("MZ-INAR", "ZA-DHA")
OBSERVER = AUDITOR


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, PLAYERS) as opened:
        yield opened


async def opened_case(client: Client) -> str:
    return (await client.send("encounter.reported", bodies=people.girl_found())).id


def request(*consented: str) -> dict[str, Any]:
    bodies = people.girl_referred("ZA-DHA", purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.")
    scope = bodies["content"]["processing"]["consent"]["scope"]
    scope += [{"agency": agency, "purpose": "TAKE_CHARGE"} for agency in consented]
    return bodies


async def asked(client: Client, case: str, to: list[str], bodies: dict[str, Any], **facts: Any) -> str:
    said: Facts = {"case": case, "seen": 1, "kind": "responsibility", "urgency": "emergency", **facts}
    sent = await client.send("referral.requested", to=to, sensitive_for=["ZA-DHA"], bodies=bodies, **said)
    assert sent.is_recorded, sent
    return sent.id


async def read_by(client: Client) -> list[str]:
    """The types whose content it reads."""
    return [
        item.header.type for item in await client.receive_once(wait_s=5) if item.header and "content" in item.bodies
    ]


async def test_the_person_asks_that_an_observer_reads(made: Stage) -> None:
    mozambique, observer = made.clients["MZ-INAR"], made.clients[OBSERVER]
    case = await opened_case(mozambique)
    with pytest.raises(Refused) as refused:
        await asked(mozambique, case, [OBSERVER, "ZA-DHA"], request(OBSERVER))
    assert refused.value.code == "ADDRESSEE_UNKNOWN"  # the header does not say that she asked
    with pytest.raises(Refused) as refused:
        await asked(mozambique, case, [OBSERVER, "ZA-DHA"], request(), person_asked=True)
    assert refused.value.code == "OBSERVER_UNINVITED"  # her consent does not say so
    await asked(mozambique, case, [OBSERVER, "ZA-DHA"], request(OBSERVER), person_asked=True)
    assert await read_by(observer) == ["referral.requested"]


async def test_an_observer_reads_of_a_case_once_it_is_escalated(made: Stage) -> None:
    mozambique, observer = made.clients["MZ-INAR"], made.clients[OBSERVER]
    case = await opened_case(mozambique)
    referral = await asked(mozambique, case, ["ZA-DHA"], request())
    met: Facts = {"case": case, "to": [OBSERVER], "bodies": people.girl_found()}
    with pytest.raises(Refused) as refused:
        await mozambique.send("encounter.reported", **met)
    assert refused.value.code == "OBSERVER_UNINVITED"
    made.clock.wait(days=5)
    await opened_case(mozambique)  # the lapse comes before it
    assert (await mozambique.send("encounter.reported", **met)).is_recorded
    seen = (await mozambique.case(case))["referrals"][0]["version"]
    withdrawn = {"content": {"reason": "WITHDRAWN_BY_PERSON"}}
    said: Facts = {"case": case, "referral": referral, "seen": seen, "bodies": withdrawn}
    assert (await mozambique.send("referral.withdrawn", to=[OBSERVER, "ZA-DHA"], **said)).is_recorded
    assert await read_by(observer) == ["encounter.reported", "referral.withdrawn"]
    assert (await mozambique.send("encounter.reported", **met)).is_recorded  # it is a party by now


async def test_a_copied_observer_takes_and_answers_nothing(made: Stage) -> None:
    mozambique, south_africa, observer = (made.clients[name] for name in (*PLAYERS, OBSERVER))
    case = await opened_case(mozambique)
    referral = await asked(mozambique, case, [OBSERVER, "ZA-DHA"], request(OBSERVER), person_asked=True)
    await observer.receive_once(wait_s=5)
    assert [one["state"] for one in (await mozambique.case(case))["referrals"]] == ["SENT"]
    await south_africa.receive_once(wait_s=5)
    seen = (await south_africa.case(case))["referrals"][0]["version"]
    said: Facts = {
        "case": case,
        "referral": referral,
        "seen": seen,
        "bodies": papers.accepted("ZA-DHA", "ZAF", basis="CRC:22"),
    }
    assert (await south_africa.send("referral.accepted", to=["MZ-INAR", OBSERVER], **said)).is_recorded
