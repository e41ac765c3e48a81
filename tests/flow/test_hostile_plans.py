"""A plan or a departure that its sender's edge should have stopped is bounced by the receiver's own.

The senders here seal without an edge. The receiver knows of the case what came to it before.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.client import Client
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.composing.message_id import new_id
from hifadhi.demo import adults, papers, people
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, version
from hifadhi.errors import Refused
from hifadhi.referral import edge
from hifadhi.referral.headers import MessageBounced
from ledger_verified import on_stage

MW, ZW = "MW-DOR", "ZW-DSW"
TYPES = ("transfer.proposed", "departure.confirmed")
Bodies = dict[str, Any]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, (MW, ZW)) as opened:
        yield opened


async def bare(sender: Client, kind: str, bodies: Bodies, *, second: bool = False, **facts: Any) -> str:
    """The id of a message whose sender has no edge."""
    draft = Draft.of(kind, {**facts, "to": [ZW]}, bodies)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(edge, "check_body", lambda *_: None)
        sealed = compose.seal(draft, sender=MW, directory=sender.directory)
    await sender.outbox.send(sealed, second=sender.keyring.countersign if second else None)
    ruling = await sender.ruling(sealed.id)
    assert ruling and ruling.ruling == "recorded"
    return sealed.id


async def recorded(client: Client, message_type: str, **said: Any) -> str:
    sent = await client.send(message_type, **said)
    assert sent.is_recorded, sent
    return sent.id


async def accepted(made: Stage, case: str, bodies: Bodies) -> Facts:
    """A request that was accepted: its case and its id."""
    asks: Facts = {"kind": "responsibility", "urgency": "urgent", "case": case, "seen": 1}
    request = await recorded(made.clients[MW], "referral.requested", to=[ZW], bodies=bodies, **asks)
    yes = papers.accepted(ZW, "ZWE", basis="CRC:22")
    await recorded(made.clients[ZW], "referral.accepted", to=[MW], case=case, referral=request, seen=1, bodies=yes)
    return {"case": case, "referral": request}


async def travels_without_an_edge(made: Stage, kind: str, about: Facts) -> str:
    malawi, case, transfer = made.clients[MW], about["case"], new_id()
    plan = papers.plan(case, MW, "MWI", "2026-12-12T08:00")
    plans: Facts = {**about, "transfer": transfer, "arrival_due": "2026-12-12T14:00:00.000Z"}
    proposed = await bare(malawi, TYPES[0], plan, seen=await version(malawi, case, about["referral"]), **plans)
    if kind == TYPES[0]:
        return proposed
    left = papers.departure(case, MW, ("MWI", "ZWE"), "2026-12-12T08:10")  # irregular, for nobody agreed; a fact still
    return await bare(malawi, kind, left, second=True, transfer=transfer, **about)


async def bounced(made: Stage, message_id: str) -> list[str]:
    """The codes with which the receiver bounces the message."""
    while True:
        await made.clients[ZW].receive_once(wait_s=1)
        for item in await made.clients[MW].receive_once(wait_s=1):
            if isinstance(item.header, MessageBounced) and item.header.in_reply_to == message_id:
                assert item.header.reason == "SCHEMA"
                return [error.code for error in getattr(item.bodies["content"], "errors", ())]


def girl() -> tuple[Bodies, Bodies]:
    """Of whom nobody has looked at what is best for her."""
    met = adults.man_met("MWI", "2026-11-18T07:15")
    asks = people.girl_referred(ZW, purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.", assessed=False)
    asks["content"]["contact"]["agency"] = MW
    return met, asks


def woman(*, hidden: bool = False) -> Bodies:
    """A request about a victim of trafficking; `hidden`: it does not say that she is one."""
    bodies = adults.woman_referred("TAKE_CHARGE")
    bodies["content"]["person"]["nationalities"] = ["KEN"]
    if hidden:
        del bodies["sensitive"]["trafficking"]
        bodies["sensitive"]["profiles"] = []
    return bodies


@pytest.mark.parametrize("kind", TYPES)
async def test_a_minor_for_whom_nobody_has_determined_what_is_best(made: Stage, kind: str) -> None:
    met, asks = girl()
    case = await recorded(made.clients[MW], "encounter.reported", bodies=met)
    about = await accepted(made, case, asks)
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["BEST_INTERESTS_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_trafficked_woman_whose_consent_was_withdrawn(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.woman_met())
    about = await accepted(made, case, woman())
    await recorded(malawi, "consent.changed", case=case, to=[ZW], bodies=papers.consent("withdrawn"))
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["CONSENT_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_trafficked_woman_without_a_risk_assessment(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.woman_met())
    again = adults.woman_met()
    again["content"]["person"]["nationalities"] = ["KEN"]
    await recorded(malawi, "encounter.reported", case=case, to=[ZW], bodies=again)  # it says that she is a victim
    about = await accepted(made, case, woman(hidden=True))
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["RISK_ASSESSMENT_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_man_who_is_brought_where_he_fears_to_be(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    met = adults.man_met("MWI", "2026-11-18T07:15")
    case = await recorded(malawi, "encounter.reported", bodies=met)
    about = await accepted(made, case, request_of_malawi())
    afraid: Bodies = {**met, "sensitive": {**met["sensitive"], "feared_countries": ["ZWE"]}}
    assert await bounced(made, await bare(malawi, "encounter.reported", afraid, case=case)) == ["FEARED_COUNTRY"]
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["FEARED_COUNTRY"]


def request_of_malawi() -> Bodies:
    asks = adults.man_referred()
    asks["content"]["contact"]["agency"] = MW
    return asks


async def test_a_country_that_a_man_once_feared_is_told_no_more_of_him_than_it_is_owed(made: Stage) -> None:
    malawi, zimbabwe = made.clients[MW], made.clients[ZW]
    met = adults.man_met("MWI", "2026-11-18T07:15")
    case = await recorded(malawi, "encounter.reported", bodies=met)
    about = await accepted(made, case, request_of_malawi())
    late = adults.man_met("MWI", "2026-11-19T07:15")
    unafraid = await bare(malawi, "encounter.reported", late, case=case)
    afraid: Bodies = {**late, "sensitive": {**late["sensitive"], "feared_countries": ["ZWE"]}}
    fear = await bare(malawi, "encounter.reported", afraid, case=case)
    again = await bare(malawi, "encounter.reported", adults.man_met("MWI", "2026-11-20T07:15"), case=case)
    with pytest.raises(Refused) as refused:
        await malawi.send("outcome.reported", case=case, to=[ZW], bodies=papers.outcome("RECOGNISED", "2026-11-26"))
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("FEARED_COUNTRY", "/content")]
    assert await bounced(made, again) == ["FEARED_COUNTRY"]
    assumed = {"content": {"ground": "OTHER", "text": papers.text("He stays here.")}}
    in_vain = await bare(malawi, "responsibility.assumed", assumed, case=case)  # it has it; told to who never had it
    assert await bounced(made, in_vain) == ["FEARED_COUNTRY"]
    told = {item.header.id: item for item in await zimbabwe.inbox.look(limit=100) if item.header}
    assert told[unafraid].problems == ()  # what came later does not condemn it
    assert told[fear].bounces == told[again].bounces == "SCHEMA"
    ends = papers.withdrawn("OTHER") | {"content": {"reason": "OTHER", "text": papers.text("He is afraid.")}}
    seen = await version(malawi, case, about["referral"])
    await recorded(malawi, "referral.withdrawn", to=[ZW], seen=seen, bodies=ends, **about)


async def test_who_takes_a_man_from_a_state_that_he_fears_tells_it_so_and_is_not_told_off(made: Stage) -> None:
    malawi, zimbabwe = made.clients[MW], made.clients[ZW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.man_met("MWI", "2026-11-18T07:15"))
    here = adults.man_met("ZWE", "2026-11-20T07:15")
    here["sensitive"] |= {"feared_countries": ["MWI"], "asylum_requested": True}
    await recorded(zimbabwe, "encounter.reported", case=case, to=[], bodies=here)
    assumed = {"content": {"ground": "OTHER", "text": papers.text("He asks for protection here.")}}
    await recorded(zimbabwe, "responsibility.assumed", case=case, to=[MW], bodies=assumed)
    with pytest.raises(Refused, match="FEARED_COUNTRY"):
        await zimbabwe.send("outcome.reported", case=case, to=[MW], bodies=papers.outcome("RECOGNISED", "2026-11-26"))
    found = await malawi.receive_once(wait_s=1)
    assert all(item.problems == () for item in found)


async def test_a_plan_by_which_nobody_would_be_missed(made: Stage) -> None:
    malawi = made.clients[MW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.man_met("MWI", "2026-11-18T07:15"))
    about = await accepted(made, case, request_of_malawi())
    plans: Facts = {**about, "transfer": new_id(), "arrival_due": "2099-01-01T00:00:00.000Z"}
    plans["seen"] = await version(malawi, case, about["referral"])
    plan = papers.plan(case, MW, "MWI", "2026-12-12T08:00")
    with pytest.raises(Refused, match="ARRIVAL_DUE"):
        await malawi.send(TYPES[0], to=[ZW], bodies=plan, **plans)
    assert await bounced(made, await bare(malawi, TYPES[0], plan, **plans)) == ["ARRIVAL_DUE"]


async def test_who_asked_is_answered_though_the_man_says_that_he_fears_that_state(made: Stage) -> None:
    malawi, zimbabwe = made.clients[MW], made.clients[ZW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.man_met("MWI", "2026-11-18T07:15"))
    asks: Facts = {"kind": "service", "urgency": "urgent", "case": case, "seen": 1}
    request = await recorded(malawi, "referral.requested", to=[ZW], bodies=request_of_malawi(), **asks)
    here = adults.man_met("ZWE", "2026-11-20T07:15")
    here["sensitive"]["feared_countries"] = ["MWI"]
    await recorded(zimbabwe, "encounter.reported", case=case, to=[], bodies=here)
    about: Facts = {"case": case, "referral": request, "to": [MW]}
    yes = papers.accepted(ZW, "ZWE", basis="CRC:22")
    await recorded(zimbabwe, "referral.accepted", seen=1, bodies=yes, **about)
    await recorded(zimbabwe, "outcome.reported", bodies=papers.outcome("SHELTERED", "2026-11-26"), **about)
    assert all(item.problems == () for item in await malawi.receive_once(wait_s=1))


async def test_of_whom_the_agencies_had_not_heard_that_it_owes_the_man_protection(tmp_path: Path) -> None:
    async with on_stage(tmp_path, (MW, ZW, "ZM-COR", "KE-DRS")) as stage:
        malawi, zimbabwe, zambia, kenya = (stage.clients[name] for name in (MW, ZW, "ZM-COR", "KE-DRS"))
        case = await recorded(malawi, "encounter.reported", bodies=adults.man_met("MWI", "2026-11-18T07:15"))
        here = adults.man_met("ZWE", "2026-11-20T07:15")
        here["sensitive"]["feared_countries"] = ["MWI", "ZMB"]
        await recorded(zimbabwe, "encounter.reported", case=case, to=["KE-DRS"], bodies=here)
        assumed = {"content": {"ground": "OTHER", "text": papers.text("He asks for protection here.")}}
        await recorded(zambia, "responsibility.assumed", case=case, to=[MW], bodies=assumed)
        with pytest.raises(Refused, match="FEARED_COUNTRY"):
            await zimbabwe.send("responsibility.assumed", case=case, to=["KE-DRS", MW], bodies=assumed)
        await recorded(zimbabwe, "responsibility.assumed", case=case, to=["KE-DRS", "ZM-COR"], bodies=assumed)
        for reader in (kenya, zambia):
            assert all(item.problems == () for item in await reader.receive_once(wait_s=1))
        assert (await zimbabwe.case(case))["responsible"] == ZW
