from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hifadhi.agency.directory import governance
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.directory.renewal import Renewal, rotation
from hifadhi.errors import Tampered
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from unit.agency import said
from unit.agency.conftest import NOW_MS, ClientOf
from unit.agency.small_hub import SmallHub


async def test_a_request_is_opened_by_its_receiver_and_answered_by_itself(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        case = await said.open_case(sender)
        asked = await said.ask(sender, case)
        assert asked.is_recorded
        item = (await receiver.receive_once())[-1]
        assert item.header
        assert (item.header.id, item.problems, set(item.bodies)) == (asked.id, (), {"content", "sensitive"})
        seen = [item.header.type for item in await sender.receive_once() if item.header]
        assert seen == [
            "key.added",
            "key.added",
            "key.added",
            "encounter.reported",
            "referral.requested",
            "referral.received",
        ]


async def test_what_the_registry_refuses_is_told_with_its_code(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender:
        sent = await said.ask(sender, await said.open_case(sender), seen=9)
    assert sent.ruling
    assert (sent.is_recorded, sent.ruling.code) == (False, "STALE_STATE")


async def test_a_reader_admitted_a_moment_ago_is_sealed_to(
    client: ClientOf, hub: SmallHub, office: Governance, tmp_path: Path
) -> None:
    async with client("MZ-INAR") as sender:
        await sender.refresh_directory()
        facts: dict[str, Any] = {"name": "x", "country": "CHE", "roles": ["detection"], "utc_offset": "+01:00"}
        newcomer = new_agency(tmp_path / "new", "IO-NEW", **facts)
        enrolment = Enrolment.parse((newcomer.home / "request.json").read_bytes())
        admitted = governance.admitted(enrolment).sign(number=9, now_ms=NOW_MS, keys=office.signers())
        for line in (admitted.line, *(added.line for added in enrolment.keys)):
            hub.take(line)
        sent = await sender.send("encounter.reported", bodies=said.encounter())
    assert sent.is_recorded
    header = hub.rows[-1][2]
    assert header
    assert (header.sequence, header.part_entries[2].readers) == (1, ("IO-NEW", "IO-WATCH", "MZ-INAR"))


async def test_a_stored_message_is_sent_even_if_its_ruling_cannot_be_had(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        await sender.refresh_directory()
        hub.before = [lambda _: None, *[lambda _: web.Response(status=503)] * 4]
        sent = await sender.send("encounter.reported", bodies=said.encounter())
        assert sent.receipt
        assert sent.ruling is None
        assert (await sender.ruling(sent.id)) is not None


async def test_a_ruling_on_other_bytes_is_tampered_with(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        first = await said.open_case(sender)
        await sender.refresh_directory()
        other = web.json_response(
            {"id": first, "digest": "A" * 43, "state": "sealed", "ruling": "recorded", "index": 1, "delivered": []}
        )
        hub.after = [lambda _, r: r, lambda _, __: other]
        with pytest.raises(Tampered, match="another message"):
            await sender.send("encounter.reported", bodies=said.encounter())


async def test_a_ruling_that_is_not_there_is_waited_for_no_longer_than_asked(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender:
        assert await sender.ruling("019e0000-0000-7000-8000-000000000001", wait_s=0.05) is None


async def test_keys_of_the_hub_that_change_while_a_client_runs_are_learnt_from_the_directory(
    client: ClientOf, hub: SmallHub, office: Governance
) -> None:
    ledger, gateway = PrivateJwk.generate(ED25519), PrivateJwk.generate(ED25519)
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        case = await said.open_case(sender)
        await receiver.receive_once()
        root = hub.fold.directory.root
        dropped = [kid for kid, use in root.uses.items() if use != "governance"]
        following = Renewal({"ledger": [ledger.public], "gateway": [gateway.public]}, dropped).of(root)
        rotated = rotation(following, 1).sign(number=90, now_ms=NOW_MS, keys=office.signers())
        assert hub.take(rotated.line)[0] == 202
        before, hub.ledger, hub.gateway = hub.gateway, ledger, gateway
        assert (await said.ask(sender, case)).is_recorded
        assert (await receiver.receive_once())[-1].problems == ()
        hub.gateway = before  # what a gateway signs whose key was in force stays evidence
        assert (await sender.send("encounter.reported", bodies=said.encounter())).receipt
        hub.gateway = PrivateJwk.generate(ED25519)
        with pytest.raises(Tampered, match="gateway"):
            await sender.send("encounter.reported", bodies=said.encounter())
    async with client("ZA-DHA") as again:  # its checkpoint file is signed by a key that it has to learn anew
        await again.refresh_directory()
        assert again.directory.rotations == 1
