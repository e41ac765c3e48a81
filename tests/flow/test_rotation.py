"""Governance changes its keys and the hub's, through HTTP, at a running exchange; each flow ends with its audit."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cast import Body, Cast, payload_of
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.exchange import Exchange as Asked
from hifadhi.agency.wire.transport import Transport
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import root as roots
from hifadhi.wiring import Exchange
from hub_client import DEADLINE_S, HubClient
from hub_ledger import audit, fetched
from root_office import Office, keys, rotated

MZ = "MZ-INAR"


@pytest.fixture
def office(cast: Cast) -> Office:
    return Office(cast)


@contextlib.asynccontextmanager
async def running(cast: Cast) -> AsyncIterator[HubClient]:
    async with Exchange(cast.settings()) as exchange, HubClient(cast, exchange.base_url) as client:
        yield client


async def recorded(hub: HubClient, body: Body) -> str:
    """It is taken in at once; its receipt."""
    answer = await hub.post(body)
    assert answer.status == 202, answer.body
    assert (await hub.ruling(payload_of(body)["id"], payload_of(body)["from"]))["ruling"] == "recorded"
    return str(answer.body["receipt"])


def signed_by(receipt: str, key: PrivateJwk) -> bool:
    return jws.compact_kid(receipt, jws.RECEIPT) == key.kid


async def caught_up(hub: HubClient) -> KnownDirectory:
    """The directory of somebody who has the first root.json and has never read on."""
    known = KnownDirectory(hub.cast.root, LatestCheckpoint(hub.cast.root))
    async with Transport(hub.base_url) as transport:
        await known.read_on(Asked(transport, known).directory)
    return known


async def test_all_keys_change_with_an_overlap_and_who_slept_through_it_catches_up(cast: Cast, office: Office) -> None:
    first, later = cast.governance, keys(3)
    ledger, gateway = keys(2)
    both: dict[str, Any] = {"ledger": [cast.ledger, ledger], "gateway": [cast.gateway, gateway]}
    async with running(cast) as hub:
        await hub.admit_everybody()
        await recorded(hub, cast.encounter(MZ))
        await rotated(hub, office, later, office.rotation(governance=later, **both))
        assert signed_by(await recorded(hub, cast.encounter(MZ)), cast.gateway)
    office.put(ledger, gateway)
    async with running(cast) as hub:
        await hub.is_known(MZ)
        assert signed_by(await recorded(hub, cast.encounter(MZ)), gateway)
        only: dict[str, Any] = {"ledger": [ledger], "gateway": [gateway], "max_delay_s": 30}
        await rotated(hub, office, later, office.rotation(**only))
        await recorded(hub, cast.encounter(MZ))
        late = cast.statement("agency.suspended", *first[:2], agency=MZ)
        answer = await hub.post(late)
        assert (answer.status, answer.body["code"]) == (403, "KEY_NOT_VALID")
        known = await caught_up(hub)
        assert (known.directory.rotations, known.directory.root.max_delay_s) == (2, 30)
        assert set(known.directory.gateway_keys) == {cast.gateway.kid, gateway.kid}
        await audit(hub)  # from the first root.json
        files, newest = await fetched(hub), roots.parse(strict_json.dump(office.root))
        with pytest.raises(Tampered, match=r"first root\.json"):
            Audit(files, newest).run()


async def test_without_an_overlap_the_registry_stops_and_goes_on_with_the_new_key(cast: Cast, office: Office) -> None:
    ledger, gateway = keys(2)
    async with running(cast) as hub:
        await hub.admit_everybody()
        size = (await hub.get("/ledger/checkpoint")).body
        assert (await hub.post(office.rotation(ledger=[ledger], gateway=[gateway]))).status == 202
        async with asyncio.timeout(DEADLINE_S):
            while (ready := await hub.get("/readyz?verbose")).status == 200:
                await asyncio.sleep(0.02)
        assert "its ledger key is not in force; start it with one that is" in str(ready.body)
        assert (await hub.get("/ledger/checkpoint")).body == size
        await caught_up(hub)  # what was published stands
    with pytest.raises(Refused, match=r"not in force.*nothing is lost.*start the registry"):
        async with running(cast):
            pass
    office.put(ledger, gateway)
    async with running(cast) as hub:
        assert signed_by(await recorded(hub, cast.encounter(MZ)), gateway)
        assert (await caught_up(hub)).directory.rotations == 1
        await audit(hub)


async def test_a_gateway_whose_key_is_not_in_force_takes_nothing_in(cast: Cast, office: Office) -> None:
    (gateway,) = keys(1)
    async with running(cast) as hub:
        await hub.admit_everybody()
        await rotated(hub, office, office.governance, office.rotation(gateway=[gateway]))
        async with asyncio.timeout(DEADLINE_S):
            while (answer := await hub.post(cast.encounter(MZ))).status == 202:
                await asyncio.sleep(0.02)
        assert (answer.status, answer.body["code"]) == (503, "GATEWAY_KEY")
        assert "gateway's key is not in force" in str((await hub.get("/readyz?verbose")).body)
    office.put(office.ledger, gateway)
    async with running(cast) as hub:
        assert signed_by(await recorded(hub, cast.encounter(MZ)), gateway)
        await audit(hub)


async def test_a_forged_rotation_is_refused_at_the_gateway_and_a_version_left_out_gets_a_leaf(
    cast: Cast, office: Office
) -> None:
    old, new = cast.governance, keys(3)
    forged = {
        "only the old": (office.rotation(governance=new, by=old[:2]), 403, "SENDER_MISMATCH"),
        "only the new": (office.rotation(governance=new, by=new[:2]), 403, "KEY_UNKNOWN"),
        "the new first": (office.rotation(governance=new, by=[*new[:2], *old[:2]]), 403, "KEY_UNKNOWN"),
        "too few of the old": (office.rotation(governance=new, by=[old[0], *new]), 403, "SENDER_MISMATCH"),
        "too few of the new": (office.rotation(governance=new, by=[*old, new[0]]), 403, "SENDER_MISMATCH"),
        "another origin": (office.rotation(governance=new, origin="elsewhere.example"), 400, "SCHEMA"),
        "other rules": (office.rotation(governance=new, rules=2), 400, "SCHEMA"),
    }
    async with running(cast) as hub:
        await hub.admit_everybody()
        for what, (body, status, code) in forged.items():
            answer = await hub.post(body)
            assert (answer.status, answer.body["code"]) == (status, code), what
        assert (await hub.post(office.rotation(governance=new, version=2))).status == 202
        await recorded(hub, cast.encounter(MZ))
        ledger = await audit(hub)
        assert [leaf.ruling.code for leaf in ledger.leaves][-2:] == ["NOT_ALLOWED_NOW", None]
        assert (await caught_up(hub)).directory.rotations == 0
