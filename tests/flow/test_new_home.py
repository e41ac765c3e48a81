"""An agency gets new keys while its programs go on: nothing is refused, nothing is lost, nothing comes twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hifadhi.agency.client import Client
from hifadhi.agency.directory import new_home
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.receiving.opening import Item
from hifadhi.demo import people
from hifadhi.demo.stage import Stage
from hifadhi.errors import Refused
from hifadhi.referral.headers import ReferralReceived
from ledger_verified import on_stage

PLAYERS = ("MZ-INAR", "ZA-DHA")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, PLAYERS) as opened:
        yield opened


async def renewed(made: Stage, agency: str, *, reading: str = "X25519") -> Keyring:
    async with DirectoryOffice(made.root, made.base_url) as office:
        new = made.folder / f"{agency}-new"
        return await new_home.renew(Keyring.load(made.home(agency)), new, office, signing="ES256", reading=reading)


async def asked(client: Client, case: str) -> str:
    bodies = people.girl_referred("ZA-DHA", purposes=["FAMILY_TRACING"], reasons="Her aunt lives there.")
    seen = (await client.case(case))["version"]
    said = {"case": case, "seen": seen, "kind": "service", "urgency": "urgent"}
    sent = await client.send("referral.requested", to=["ZA-DHA"], bodies=bodies, **said)
    assert sent.is_recorded, sent
    return sent.id


def receipts(items: list[Item]) -> list[Item]:
    return [item for item in items if isinstance(item.header, ReferralReceived)]


def requests(items: list[Item]) -> list[Item]:
    return [item for item in items if item.header and item.header.type == "referral.requested"]


async def test_an_agency_sends_with_both_homes_and_then_with_the_new_one(made: Stage) -> None:
    old, posting = made.clients["MZ-INAR"], True
    posted = 0

    async def load() -> None:
        nonlocal posted
        while posting:
            assert (await old.send("encounter.reported", bodies=people.girl_found())).is_recorded
            posted += 1

    writer = asyncio.create_task(load())
    keyring = await renewed(made, "MZ-INAR")
    async with Client(keyring, made.root, made.base_url) as new:
        for _ in range(3):
            assert (await new.send("encounter.reported", bodies=people.girl_found())).is_recorded
        posting = False
        await writer
        assert posted > 0
        async with DirectoryOffice(made.root, made.base_url) as office:
            journal = Journal(keyring.home / new_home.IDENTITY_JOURNAL)
            await office.revoke_own(old.keyring.sign.kid, keyring.identity, journal)
        with pytest.raises(Refused) as refused:
            await old.send("encounter.reported", bodies=people.girl_found())
        assert refused.value.code == "KEY_NOT_VALID"
        assert (await new.send("encounter.reported", bodies=people.girl_found())).is_recorded


async def test_what_was_sealed_to_the_old_key_opens_and_what_was_taken_does_not_come_again(made: Stage) -> None:
    mozambique, old = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = (await mozambique.send("encounter.reported", bodies=people.girl_found())).id
    await asked(mozambique, case)
    assert len(requests(await old.receive_once(wait_s=5))) == 1
    await asked(mozambique, case)
    keyring = await renewed(made, "ZA-DHA", reading="HPKE-9-KE")
    await mozambique.refresh_directory()
    await asked(mozambique, case)
    async with Client(keyring, made.root, made.base_url) as new:
        items = await new.receive_once(wait_s=5)
    asks = requests(items)
    assert [item.problems for item in asks] == [(), ()]
    assert all("content" in item.bodies for item in asks)


@pytest.mark.parametrize("reading", ["X25519", "HPKE-9-KE"])
async def test_a_program_with_the_old_home_opens_what_is_sealed_to_the_new_key(made: Stage, reading: str) -> None:
    mozambique, old = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = (await mozambique.send("encounter.reported", bodies=people.girl_found())).id
    keyring = await renewed(made, "ZA-DHA", reading=reading)
    await mozambique.refresh_directory()
    await asked(mozambique, case)
    [item] = requests(await old.receive_once(wait_s=5))
    assert (item.problems, "content" in item.bodies) == ((), True)
    kids = sorted(key.kid for key in Keyring.load(made.home("ZA-DHA")).read)
    assert kids == sorted(key.kid for key in keyring.read)
    assert not [one for one in await mozambique.receive_once() if one.header and one.header.type == "message.bounced"]


async def test_what_the_old_home_takes_after_the_renewal_does_not_come_again_either(made: Stage) -> None:
    mozambique, old = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    case = (await mozambique.send("encounter.reported", bodies=people.girl_found())).id
    await renewed(made, "ZA-DHA")
    await mozambique.refresh_directory()
    first = await asked(mozambique, case)
    assert len(requests(await old.receive_once(wait_s=5))) == 1
    keyring = await renewed(made, "ZA-DHA")
    second = await asked(mozambique, case)
    async with Client(keyring, made.root, made.base_url) as new:
        assert len(requests(await new.receive_once(wait_s=5))) == 1
    answers = list[Item]()
    while len(answers) < 2:
        answers += receipts(await mozambique.receive_once(wait_s=5))
    assert [one.is_recorded for one in answers] == [True, True]
    assert {one.header.referral for one in answers if isinstance(one.header, ReferralReceived)} == {first, second}


async def test_done_again_it_goes_on(made: Stage) -> None:
    first = await renewed(made, "MZ-INAR")
    assert not (made.home("MZ-INAR") / "identity.jwk").exists()
    assert (await renewed(made, "MZ-INAR")).sign.kid == first.sign.kid
    with pytest.raises(Refused) as refused:
        async with DirectoryOffice(made.root, made.base_url) as office:
            await new_home.renew(first, made.home("ZA-DHA"), office, signing="ES256", reading="P-256")
    assert refused.value.code == "EXISTS"
