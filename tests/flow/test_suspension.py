"""An agency is suspended while it has cases and mail, and comes back; through HTTP, to a verified ledger."""

from typing import Any

from cast import Body, Cast, payload_of
from hifadhi.evidence import b64u
from hifadhi.evidence.leaf import parse
from hub_client import HubClient
from hub_ledger import audit

MZ, ZA = "MZ-INAR", "ZA-DHA"


async def ruled(hub: HubClient, body: Body) -> tuple[str, str | None]:
    ruling = await hub.sealed(body, "UNHCR-RO" if payload_of(body)["from"] == "GOVERNANCE" else None)
    return ruling["ruling"], ruling.get("code")


async def opened(hub: HubClient) -> str:
    body = hub.cast.encounter(MZ)
    assert await ruled(hub, body) == ("recorded", None)
    return str(payload_of(body)["id"])


async def said_by_governance(hub: HubClient, count: int, **facts: Any) -> None:
    """Post it, and wait until the directory has as many statements as then."""
    assert (await hub.post(hub.cast.statement("agency.suspended", agency=MZ, **facts))).status == 202
    await hub.directory_has(count)


async def statements(hub: HubClient) -> int:
    return len((await hub.get("/v1/directory")).body["data"])


async def refused(hub: HubClient, body: Body) -> tuple[int, str, str]:
    answer = await hub.post(body)
    return answer.status, answer.body["code"], answer.body["errors"][0]["pointer"]


async def test_who_is_suspended_reads_on_and_owes_on_and_says_nothing_until_it_is_lifted(
    hub: HubClient, cast: Cast
) -> None:
    case, known = await opened(hub), await statements(hub)
    await said_by_governance(hub, known + 1)
    assert await refused(hub, cast.encounter(MZ)) == (403, "KEY_NOT_VALID", "/header/signatures/0/protected")
    asks = cast.request(ZA, MZ, case, 1)
    assert await refused(hub, asks) == (400, "ADDRESSEE_UNKNOWN", "/header/payload/to/0")
    told = cast.encounter(ZA, case=case, to=[MZ])
    assert await ruled(hub, told) == ("recorded", None)
    inbox = (await hub.get("/v1/inbox?wait=5", MZ)).body["data"]
    assert inbox
    assert (await hub.get(f"/v1/cases/{case}", MZ)).body["responsible"] == MZ
    await said_by_governance(hub, known + 2, lifted=True)
    assert await ruled(hub, cast.encounter(MZ)) == ("recorded", None)
    await audit(hub)


async def test_what_was_posted_before_and_is_ruled_after_gets_a_leaf_with_the_gateways_own_code(
    hub: HubClient, cast: Cast
) -> None:
    before, last = cast.encounter(MZ), (await hub.get("/v1/directory")).body["after"]
    stops = cast.statement("agency.suspended", agency=MZ)
    # One batch: the gateway checks both by the directory as it is, and the registry rules on the first one first.
    assert [line.get("status") for line in (await hub.post_lines([stops, before]))[:-1]] == [202, 202]
    # Nobody is proven to have sent it, so its id stands for nothing; who sent it finds the leaf in the inbox.
    (item,) = (await hub.get(f"/v1/inbox?after={last}&wait=10", MZ)).body["data"]
    assert (item["role"], parse(b64u.decode(item["leaf"])).ruling.code) == ("sender", "KEY_NOT_VALID")
    ledger = await audit(hub)
    assert [leaf.ruling.code for leaf in ledger.leaves][-2:] == [None, "KEY_NOT_VALID"]
    await said_by_governance(hub, await statements(hub) + 1, lifted=True)
    assert await ruled(hub, before) == ("recorded", None)


async def test_suspending_twice_is_refused_with_a_leaf(hub: HubClient, cast: Cast) -> None:
    twice = [cast.statement("agency.suspended", agency=MZ) for _ in range(2)]
    await hub.post_lines([*twice, cast.statement("agency.suspended", agency=ZA, lifted=True)])
    assert await ruled(hub, cast.encounter(ZA)) == ("recorded", None)
    ledger = await audit(hub)
    assert [leaf.ruling.code for leaf in ledger.leaves][-4:] == [None, "NOT_ALLOWED_NOW", "NOT_ALLOWED_NOW", None]
