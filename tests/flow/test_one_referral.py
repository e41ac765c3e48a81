"""One referral through the whole exchange with the agencies' own client; each test ends by verifying the ledger."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from hifadhi.agency.access_token import AccessToken
from hifadhi.agency.archive import Archive
from hifadhi.agency.client import Client
from hifadhi.agency.mirror import Mirror
from hifadhi.agency.transport import Transport
from hifadhi.demo import people
from hifadhi.demo.stage import AUDITOR, Stage, embedded, stage
from hifadhi.errors import Refused
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.verify import Report


async def verified(made: Stage) -> Report:
    """The whole ledger, fetched as an auditor and decided again."""
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url)
    archive = Archive(made.folder / "mirror")
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(archive, transport, made.root).update()
    return Audit(archive, made.root).run()


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as stack:
        run = partial(embedded, port=0, tell=lambda _: None)
        opened = await stack.enter_async_context(stage(tmp_path, run, lambda _: None))
        yield opened
        assert (await verified(opened)).findings == ()


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
        bodies=people.accepted("ZA-DHA"),
    )
    assert sent.is_recorded
    stands = await south_africa.case(case)
    assert (stands["responsible"], stands["referrals"][0]["state"]) == ("ZA-DHA", "ARRIVED")


async def test_a_decision_on_a_stale_version_comes_back_refused_and_sealed(made: Stage) -> None:
    mozambique, south_africa = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = await opened_case(mozambique)
    request = await asked(mozambique, case)
    sent = await south_africa.send(
        "referral.accepted", to=["MZ-INAR"], case=case, referral=request, seen=7, bodies=people.accepted("ZA-DHA")
    )
    assert sent.ruling is not None and (sent.ruling.ruling, sent.ruling.code) == ("refused", "STALE_STATE")
    assert [i.leaf.ruling.code for i in await south_africa.receive_once(wait_s=5) if i.leaf.ruling.code] == [
        "STALE_STATE"
    ]


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
