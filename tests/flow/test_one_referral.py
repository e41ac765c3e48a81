"""One referral through the whole exchange with the agencies' own client; each test ends by verifying the ledger."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.client import Client
from hifadhi.demo import papers, people
from hifadhi.demo.stage import Stage
from hifadhi.errors import Refused
from ledger_verified import on_stage
from schema_examples import accepted_body

Body = dict[str, Any]
PLAYERS = ("MZ-INAR", "ZA-DHA", "ZA-DSD", "TZ-RSD")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, PLAYERS) as opened:
        yield opened


async def opened_case(client: Client) -> str:
    sent = await client.send("encounter.reported", bodies=people.girl_found())
    assert sent.is_recorded
    return sent.id


async def asked(client: Client, case: str, to: str = "ZA-DHA", *, kind: str = "responsibility") -> str:
    seen = (await client.case(case))["version"]
    bodies = people.girl_referred(to, purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.")
    sent = await client.send(
        "referral.requested", to=[to], case=case, seen=seen, kind=kind, urgency="urgent", bodies=bodies
    )
    assert sent.is_recorded, sent
    return sent.id


async def told(client: Client, kind: str) -> None:
    """Wait until the inbox has brought a message of this type."""
    async with asyncio.timeout(20):
        async for item in client.receive(wait_s=5):
            if item.header and item.header.type == kind:
                return


async def test_the_receiver_reads_what_the_sender_wrote_and_its_system_answers_by_itself(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    items = [item for item in await south_africa.receive_once(wait_s=5) if item.bodies]
    assert [item.header.type for item in items if item.header] == ["referral.requested"]
    content = items[0].bodies["content"].model_dump(mode="json", exclude_none=True)
    assert content["person"]["name"]["given"] == ["Hodan"]
    await told(mozambique, "referral.received")
    stands = await mozambique.case(case)
    assert [r["state"] for r in stands["referrals"] if r["id"] == request] == ["RECEIVED"]
    assert stands["responsible"] == "MZ-INAR"


async def test_an_acceptance_that_names_the_receivers_own_encounter_moves_responsibility(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    bodies = people.girl_found()
    bodies["content"]["place"]["country"] = bodies["movement"]["country"] = "ZAF"
    met = await south_africa.send("encounter.reported", case=case, bodies=bodies)
    sent = await south_africa.send(
        "referral.accepted",
        to=["MZ-INAR"],
        case=case,
        referral=request,
        seen=1,
        encounter=met.id,
        bodies=papers.accepted("ZA-DHA", "ZAF", basis="CRC:22"),
    )
    assert sent.is_recorded
    stands = await south_africa.case(case)
    assert (stands["responsible"], stands["referrals"][0]["state"]) == ("ZA-DHA", "ARRIVED")


async def test_a_decision_on_a_stale_version_comes_back_refused_and_sealed(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    sent = await south_africa.send(
        "referral.accepted",
        to=["MZ-INAR"],
        case=case,
        referral=request,
        seen=7,
        bodies=papers.accepted("ZA-DHA", "ZAF", basis="CRC:22"),
    )
    assert sent.ruling is not None and (sent.ruling.ruling, sent.ruling.code) == ("refused", "STALE_STATE")
    assert [i.leaf.ruling.code for i in await south_africa.receive_once(wait_s=5) if i.leaf.ruling.code] == [
        "STALE_STATE"
    ]


def declined() -> Body:
    bodies = {
        "content": accepted_body("referral.declined.content/1", "id-not-found"),
        "movement": accepted_body("referral.declined.movement/1", "responsibility-elsewhere"),
        "statistics": accepted_body("referral.declined.statistics/1", "unknown-age"),
    }
    bodies["movement"].pop("suggested_country")
    return bodies


def look_again(evidence: str) -> Body:
    return {
        "content": accepted_body("reexamination.requested.content/1", evidence),
        "sensitive": accepted_body("reexamination.requested.sensitive/1", "as-it-is-by-now"),
    }


async def test_what_was_declined_is_looked_at_again_once_and_then_accepted(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    about: Body = {"case": case, "referral": request}
    no = await south_africa.send("referral.declined", to=["MZ-INAR"], seen=1, bodies=declined(), **about)
    again: Body = {"to": ["ZA-DHA"], "bodies": look_again("registration-found"), **about}
    early = await mozambique.send("reexamination.requested", seen=1, **again)
    assert (no.is_recorded, early.ruling and early.ruling.code) == (True, "STALE_STATE")
    assert (await mozambique.send("reexamination.requested", seen=2, **again)).is_recorded
    await told(south_africa, "reexamination.requested")
    stands = await mozambique.case(case)
    assert [one["state"] for one in stands["referrals"]] == ["REEXAMINATION"]
    assert [one["clock"] for one in stands["clocks"]] == ["answer", "stalled"]
    twice = await mozambique.send("reexamination.requested", seen=3, **again)
    assert twice.ruling and twice.ruling.code == "NOT_ALLOWED_NOW"
    yes = await south_africa.send(
        "referral.accepted", to=["MZ-INAR"], seen=3, bodies=papers.accepted("ZA-DHA", "ZAF", basis="CRC:22"), **about
    )
    assert yes.is_recorded
    after = await mozambique.case(case)
    assert (after["responsible"], after["referrals"][0]["state"]) == ("MZ-INAR", "ACCEPTED")


async def test_a_re_examination_without_anything_new_is_refused_before_it_is_sealed(made: Stage) -> None:
    mozambique = made.clients["MZ-INAR"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    bodies = look_again("registration-found")
    bodies["content"]["new_evidence"] = []
    with pytest.raises(Refused, match="NOTHING_NEW"):
        await mozambique.send(
            "reexamination.requested", to=["ZA-DHA"], case=case, referral=request, seen=2, bodies=bodies
        )


async def test_a_body_that_breaks_a_rule_across_fields_is_refused_before_anything_is_sealed(made: Stage) -> None:
    bodies = people.girl_found()
    bodies["content"]["place"]["country"] = bodies["movement"]["country"] = "KEN"
    with pytest.raises(Refused) as refused:
        await made.clients["MZ-INAR"].send("encounter.reported", bodies=bodies)
    assert refused.value.faults[0].pointer.startswith("/content/place")


async def test_no_agency_reads_a_case_or_an_inbox_that_does_not_concern_it(made: Stage) -> None:
    case = await opened_case(made.clients["MZ-INAR"])
    with pytest.raises(Refused) as refused:
        await made.clients["TZ-RSD"].case(case)
    assert refused.value.code == "NOT_YOURS"
    assert all(
        item.header is None or item.header.type == "key.added" for item in await made.clients["TZ-RSD"].receive_once()
    )
