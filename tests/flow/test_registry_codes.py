"""What depends on history is ruled by the registry, sealed, and delivered to its sender; and what silence does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cast import Body, Cast, payload_of
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.leaf import Leaf, parse
from hifadhi.referral import clocks, instant
from hifadhi.wiring import Exchange
from hub_client import DEADLINE_S, HubClient
from hub_ledger import audit, digest_of
from time_machine import CastInTime, Clock

AGENCIES = ("TZ-RSD", "MZ-INAR", "ZA-DHA", "ZA-DSD", "UNHCR-RO")
MZ, ZA, TZ = "MZ-INAR", "ZA-DHA", "TZ-RSD"
UNKNOWN = "0192f000-0000-7000-8000-000000000000"


class Asked(NamedTuple):
    """A case of MZ-INAR's, and the referral in it to ZA-DHA."""

    case: str
    referral: str


class Agencies:
    """The agencies at a running exchange, and its clock."""

    def __init__(self, hub: HubClient, clock: Clock) -> None:
        self.hub, self.cast, self.clock = hub, hub.cast, clock

    async def recorded(self, body: Body) -> str:
        """Post it; its id, once it is recorded."""
        ruling = await self.hub.sealed(body)
        assert ruling["ruling"] == "recorded", ruling
        return str(payload_of(body)["id"])

    async def opened(self) -> str:
        return await self.recorded(self.cast.encounter(MZ))

    async def asked(self, **facts: Any) -> Asked:
        case = await self.opened()
        return Asked(case, await self.recorded(self.cast.request(MZ, ZA, case, 1, **facts)))

    def answer(self, kind: str, asked: Asked, sender: str = ZA, to: str = MZ, **facts: Any) -> Body:
        return self.cast.message(kind, sender, case=asked.case, referral=asked.referral, to=[to], **facts)

    async def refused(self, code: str, body: Body) -> None:
        """Post it: it is refused with the code, told to its sender, and to nobody else."""
        sender, message = payload_of(body)["from"], payload_of(body)["id"]
        ruling = await self.hub.sealed(body)
        assert (ruling["ruling"], ruling["code"]) == ("refused", code)
        assert (ruling["digest"], ruling["delivered"]) == (digest_of(body), [])
        await self.told_only(sender, code, body, ruling["index"])
        for other in AGENCIES:
            if other != sender:
                answer = await self.hub.get(f"/v1/messages/{message}", other)
                assert (answer.status, answer.body["code"]) == (404, "NOT_SEALED_YET")

    async def told_only(self, sender: str, code: str, body: Body, index: int) -> None:
        item = await self.item(sender, index)
        assert item["role"] == "sender"
        leaf = parse(b64u.decode(item["leaf"]))
        assert (leaf.ruling.ruling, leaf.ruling.code) == ("refused", code)
        assert jws.read_envelope(leaf.envelope, typ=jws.MESSAGE).digest == digest_of(body)
        assert item["parts"] == body["parts"]
        for other in AGENCIES:
            assert other == sender or index not in [one["index"] for one in await self.page(other, index - 1)]

    async def page(self, agency: str, after: int) -> list[Any]:
        data: list[Any] = (await self.hub.get(f"/v1/inbox?after={after}", agency)).body["data"]
        return data

    async def item(self, agency: str, index: int) -> Any:
        """The item of this index, once it is there."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                answer = await self.hub.get(f"/v1/inbox?after={index - 1}&limit=1&wait=5", agency)
                if answer.body["data"]:
                    assert answer.body["data"][0]["index"] == index
                    return answer.body["data"][0]

    async def lapse(self, agency: str, after: int) -> tuple[int, Leaf]:
        """The first lapse behind this index, once it is sealed."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for one in (await self.hub.get(f"/v1/inbox?after={after}&wait=5", agency)).body["data"]:
                    leaf = parse(b64u.decode(one["leaf"]))
                    if leaf.ruling.ruling == "lapsed":
                        assert (one["role"], one["parts"]) == ("party", {})
                        return one["index"], leaf

    async def size(self) -> int:
        note: bytes = (await self.hub.get("/ledger/checkpoint")).body
        return int(note.split(b"\n")[1])

    async def referral(self, asked: Asked) -> Any:
        case = (await self.hub.get(f"/v1/cases/{asked.case}", MZ)).body
        return next(one for one in case["referrals"] if one["id"] == asked.referral)


@pytest.fixture
async def agencies(tmp_path: Path) -> AsyncIterator[Agencies]:
    clock = Clock()
    cast = CastInTime(tmp_path / "exchange", clock)
    async with Exchange(cast.settings(), clock_ms=clock) as exchange, HubClient(cast, exchange.base_url) as client:
        await client.admit_everybody()
        yield Agencies(client, clock)
        await audit(client)


async def test_every_code_of_the_registry_comes_back_sealed_to_its_sender_and_to_nobody_else(
    agencies: Agencies,
) -> None:
    cast, refused = agencies.cast, agencies.refused
    await refused("CASE_UNKNOWN", cast.request(MZ, ZA, UNKNOWN, 1))
    await refused("NOT_PARTY", cast.request(ZA, MZ, await agencies.opened(), 1))
    one, other = await agencies.asked(), await agencies.asked()
    await refused("NOT_PARTY", agencies.answer("referral.accepted", one, TZ, seen=1))
    await refused("OTHER_CASE", agencies.answer("referral.accepted", Asked(one.case, other.referral), seen=1))
    await refused("NOT_RESPONSIBLE", cast.request(ZA, TZ, one.case, 2))
    await refused("STALE_STATE", agencies.answer("referral.accepted", one, seen=9))
    await refused("STALE_STATE", cast.request(MZ, TZ, one.case, 1))
    await refused("LIVE_REFERRAL", cast.request(MZ, TZ, one.case, 2))
    await agencies.recorded(agencies.answer("referral.accepted", one, seen=1))
    await refused("NOT_ALLOWED_NOW", agencies.answer("referral.declined", one, seen=2))


async def test_every_code_of_the_rest_of_a_cases_life_comes_back_too(agencies: Agencies) -> None:
    cast, refused = agencies.cast, agencies.refused
    one = await agencies.asked()
    met = await agencies.recorded(cast.encounter(ZA, case=one.case, to=[MZ]))
    about = {"case": one.case, "to": [MZ]}
    await refused("NOT_RESPONSIBLE", cast.message("case.closed", ZA, seen=2, **about))
    await refused("STALE_STATE", cast.message("case.closed", MZ, case=one.case, to=[], seen=1))
    await refused("NOT_ALLOWED_NOW", cast.message("case.reopened", MZ, case=one.case, to=[], seen=2))
    linked = {"case": one.case, "to": [], "seen": 2, "linked_to": UNKNOWN}
    await refused("OTHER_CASE", cast.message("case.closed", MZ, **linked))
    await refused("NOT_ALLOWED_NOW", agencies.answer("transfer.agreed", one, seen=1))
    await refused("OTHER_CASE", agencies.answer("arrival.confirmed", one, transfer=UNKNOWN))
    await refused("NOT_PARTY", agencies.answer("information.requested", one, TZ))
    await refused("OTHER_CASE", agencies.answer("information.provided", one, in_reply_to=met))
    correction = {"case": one.case, "in_reply_to": met, "to": [ZA]}
    await refused("NOT_PARTY", cast.message("data.corrected", MZ, **correction))
    await refused("NOT_ALLOWED_NOW", agencies.answer("dispute.opened", one, seen=1))
    stranger = {"case": one.case, "to": [MZ], "in_reply_to": UNKNOWN}
    await refused("NOT_PARTY", cast.message("observer.advised", "UNHCR-RO", **stranger))


async def test_what_was_finally_declined_is_asked_again_only_with_something_new(agencies: Agencies) -> None:
    asked = await agencies.asked()
    await agencies.recorded(agencies.answer("referral.declined", asked, seen=1))
    agencies.clock.wait(days=22)
    _, lapsed = await agencies.lapse(MZ, -1)
    assert lapsed.ruling.clock == "reexamination"
    version = lapsed.ruling.case_version or 0
    await agencies.refused("NEW_ELEMENT_MISSING", agencies.cast.request(MZ, ZA, asked.case, version))
    await agencies.recorded(agencies.cast.request(MZ, ZA, asked.case, version, new_element=True))


async def test_a_reused_id_is_refused_to_who_reused_it_and_still_stands_for_the_first_payload(
    agencies: Agencies,
) -> None:
    first = agencies.cast.encounter(MZ)
    await agencies.recorded(first)
    thief = agencies.cast.encounter(ZA)
    reused = {**payload_of(thief), "id": payload_of(first)["id"]}
    body = agencies.cast.signed(reused, [agencies.cast.players[ZA].sign], thief["parts"])
    index = await agencies.size()
    assert (await agencies.hub.post(body)).status == 202
    await agencies.told_only(ZA, "ID_REUSED", body, index)
    ruling = await agencies.hub.ruling(payload_of(first)["id"], MZ)
    assert (ruling["ruling"], ruling["digest"]) == ("recorded", digest_of(first))
    assert (await agencies.hub.get(f"/v1/messages/{reused['id']}", ZA)).status == 404


async def test_a_repeat_gets_a_fresh_receipt_and_no_leaf(agencies: Agencies) -> None:
    refused, recorded = agencies.cast.request(MZ, ZA, UNKNOWN, 1), agencies.cast.encounter(MZ)
    for body in (refused, recorded):
        await agencies.hub.sealed(body)
    index = await agencies.size()
    again = [await agencies.hub.post(body) for body in (refused, recorded, refused, recorded)]
    receipts = [receipt(agencies.cast, answer.body["receipt"]) for answer in again]
    assert [one["digest"] for one in receipts] == [digest_of(refused), digest_of(recorded)] * 2
    positions = [one["position"] for one in receipts]
    assert positions == sorted(set(positions))
    last = await agencies.hub.sealed(agencies.cast.encounter(MZ))
    assert last["index"] == index


async def test_a_reused_id_posted_again_is_a_repeat_like_any_other(agencies: Agencies) -> None:
    first, other = agencies.cast.encounter(MZ), agencies.cast.encounter(MZ)
    reused = {**payload_of(other), "id": await agencies.recorded(first)}
    body = agencies.cast.signed(reused, [agencies.cast.players[MZ].sign], other["parts"])
    index = await agencies.size()
    for _ in range(3):
        assert (await agencies.hub.post(body)).status == 202
    last = await agencies.hub.sealed(agencies.cast.encounter(MZ))
    assert last["index"] == index + 1


async def test_a_note_out_of_place_is_recorded_as_irregular_and_moves_nothing(agencies: Agencies) -> None:
    asked = await agencies.asked()
    await agencies.recorded(agencies.answer("referral.accepted", asked, seen=1))
    before = await agencies.referral(asked)
    late = agencies.answer("referral.received", asked)
    ruling = await agencies.hub.sealed(late)
    assert (ruling["ruling"], ruling["irregular"]) == ("recorded", True)
    leaf = parse(b64u.decode((await agencies.item(MZ, ruling["index"]))["leaf"]))
    assert (leaf.ruling.ruling, leaf.ruling.irregular) == ("recorded", True)
    assert await agencies.referral(asked) == before


async def test_silence_is_sealed_as_it_falls_due_and_a_late_acceptance_still_counts(agencies: Agencies) -> None:
    """Never fetched; the reply clock starts after 24 hours anyway; escalated; accepted two days late (S6)."""
    asked = await agencies.asked()
    stored_at = instant.parse((await requested(agencies, asked)).ruling.stored_at)
    agencies.clock.wait(hours=25)
    index, receipt_lapse = await agencies.lapse(MZ, -1)
    received = stored_at + 24 * 3_600_000
    assert (receipt_lapse.ruling.clock, receipt_lapse.ruling.due) == ("receipt", instant.write(received))
    assert (await agencies.item(ZA, index))["role"] == "party"
    assert (await agencies.referral(asked))["state"] == "SENT"

    agencies.clock.wait(days=9)
    sealed = await agencies.hub.sealed(agencies.cast.encounter(MZ))  # stamped later, so sealed later
    index, reply_lapse = await agencies.lapse(MZ, index)
    assert index < sealed["index"]
    due = clocks.due("reply", "urgent", received, "+02:00")
    assert (reply_lapse.ruling.clock, reply_lapse.ruling.due) == ("reply", instant.write(due))
    case = (await agencies.hub.get(f"/v1/cases/{asked.case}", ZA)).body
    assert (case["responsible"], case["referrals"][0]["state"]) == (MZ, "ESCALATED")
    assert [clock["clock"] for clock in case["clocks"]] == ["stalled"]

    met = await agencies.recorded(agencies.cast.encounter(ZA, case=asked.case, to=[MZ]))
    version = (await agencies.referral(asked))["version"]
    await agencies.recorded(agencies.answer("referral.accepted", asked, seen=version, encounter=met))
    case = (await agencies.hub.get(f"/v1/cases/{asked.case}", ZA)).body
    assert (case["responsible"], case["referrals"][0]["state"]) == (ZA, "ARRIVED")


async def requested(agencies: Agencies, asked: Asked) -> Leaf:
    ruling = await agencies.hub.ruling(asked.referral, MZ)
    return parse(b64u.decode((await agencies.item(MZ, ruling["index"]))["leaf"]))


def receipt(cast: Cast, token: str) -> Any:
    key = cast.gateway.public
    return strict_json.parse(jws.verify_compact(token, typ=jws.RECEIPT, keys={key.kid: key})[1])
